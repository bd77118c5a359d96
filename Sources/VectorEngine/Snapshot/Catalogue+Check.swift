import VectorModel
import VectorStorage

extension Catalogue {
  /// What a catalogue's files tell; changes nothing on disk.
  /// - Throws: naming the damage.
  static func history(in directory: DataDirectory) throws(StorageError) -> CatalogueHistory {
    var history = CatalogueHistory()
    let path = directory.cataloguePath
    let log = try LogCheck(directory.fileSystem, directory: path, identity: identity)
    while let record = try log.next() {
      do throws(RequestError) { history.apply(try CatalogueState.Change(decoding: record.body)) } catch {
        throw .damaged(file: path, offset: nil, what: "operation \(record.sequence): \(error.message)")
      }
    }
    try history.requireComplete(directory)
    return history
  }

  /// The names in a catalogue that nobody has open; changes nothing on disk.
  /// - Throws: naming the damage.
  static func state(in directory: DataDirectory) throws(RequestError) -> CatalogueState {
    try StorageError.mapped { () throws(StorageError) in try history(in: directory).state }
  }

  /// Reads the catalogue's files again, while nothing changes them.
  func defects() -> [Defect] {
    withFilesAtRest { directory in
      do throws(RequestError) {
        if isUncertain { return [] }
        if try Self.state(in: directory) == current { return [] }
        return [.catalogue("\(directory.cataloguePath) does not give the names that the server has")]
      } catch {
        return [.catalogue(error.reason)]
      }
    }
  }
}
