import VectorModel
import VectorStorage

extension SnapshotLibrary {
  /// Reads every snapshot whole, and compares it with what was noted when it was made.
  func defects(proceed: () -> Bool) -> [Defect] {
    var defects: [Defect] = []
    let names: [String]
    do throws(StorageError) {
      names = try fileSystem.list(path(of: "")).filter { $0.hasSuffix(Self.suffix) }.sorted()
    } catch {
      return [.snapshot(nil, error.description)]
    }
    for name in names where proceed() {
      let known = try? entry(named: name)
      do throws(RequestError) {
        let found = try Entry(examining: path(of: name), name: name, fileSystem)
        if let known, known.description.checksum != found.description.checksum {
          defects.append(
            .snapshot(known.collectionName, "\(path(of: name)) is not the file that was made under its name"))
        }
        if let base = found.description.base, !names.contains(base) {
          defects.append(.missingBase(found.collectionName, path(of: name), base))
        }
      } catch {
        // One that was deleted meanwhile is no defect.
        guard (try? fileSystem.kind(of: path(of: name))) == .file else { continue }
        defects.append(.snapshot(known?.collectionName, error.message))
      }
    }
    return defects
  }
}
