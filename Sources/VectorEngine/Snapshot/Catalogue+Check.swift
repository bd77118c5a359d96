import VectorModel
import VectorStorage

extension Catalogue {
  /// The names in a catalogue that nobody has open; changes nothing on disk.
  /// - Throws: naming the damage.
  static func state(in directory: DataDirectory) throws(RequestError) -> CatalogueState {
    var history = CatalogueHistory()
    do throws(StorageError) {
      let path = directory.cataloguePath
      let log = try LogCheck(directory.fileSystem, directory: path, identity: identity)
      while let record = try log.next() {
        do throws(RequestError) { history.apply(try CatalogueState.Change(decoding: record.body)) } catch {
          throw StorageError.damaged(
            file: path, offset: nil, what: "operation \(record.sequence): \(error.message)")
        }
      }
      try history.requireComplete(directory)
    } catch {
      throw error.requestError
    }
    return history.state
  }

  /// Reads the catalogue's files again, while nothing changes them.
  func defects() -> [Defect] {
    withFilesAtRest { directory in
      do throws(RequestError) {
        if isUncertain { return [] }
        if try Self.state(in: directory) == current { return [] }
        return [.catalogue("\(directory.cataloguePath) does not give the names that the server has")]
      } catch {
        return [.catalogue(error.message)]
      }
    }
  }
}
