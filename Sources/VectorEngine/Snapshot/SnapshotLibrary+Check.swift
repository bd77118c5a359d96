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
    var sound: [Entry] = []
    for name in names where proceed() {
      let known = try? entry(named: name)
      do throws(RequestError) {
        let found = try Entry(examining: path(of: name), name: name, fileSystem)
        if let known, known.description.checksum != found.description.checksum {
          defects.append(
            .snapshot(known.collectionName, "\(path(of: name)) is not the file that was made under its name"))
        }
        sound.append(found)
      } catch {
        // One that was deleted meanwhile is no defect.
        guard (try? fileSystem.kind(of: path(of: name))) == .file else { continue }
        defects.append(.snapshot(known?.collectionName, error.reason))
      }
    }
    guard proceed() else { return defects }
    return defects + Self.brokenChains(sound, names, in: path(of: "")).values.sorted { $0.what < $1.what }
  }

  /// What keeps sound snapshots from being restored: a base that is missing, damaged or another one than that which
  /// they were made on, however far down.
  /// - Parameters:
  ///   - sound: files that were read whole.
  ///   - names: all snapshots of the directory.
  /// - Returns: a defect for each that cannot be restored, by its name.
  static func brokenChains(_ sound: [Entry], _ names: [String], in directory: String) -> [String: Defect] {
    let entries = Dictionary(uniqueKeysWithValues: sound.map { ($0.description.name, $0) })
    var broken: [String: Defect] = [:]
    func note(_ entry: Entry, _ base: String, _ reason: String) {
      let name = entry.description.name
      broken[name] = .base(entry.collectionName, directory + name, base, reason)
    }
    for entry in sound {
      guard let name = entry.description.base else { continue }
      if let base = entries[name] {
        if base.collection != entry.collection || base.description.sequence != entry.baseSequence {
          note(entry, name, "is not the one that it was made on")
        }
      } else {
        note(entry, name, names.contains(name) ? "is damaged" : "is missing")
      }
    }
    // What adds to a broken one is broken; each round finds some more.
    var count: Int
    repeat {
      count = broken.count
      for entry in sound where broken[entry.description.name] == nil {
        if let base = entry.description.base, broken[base] != nil { note(entry, base, "cannot be restored") }
      }
    } while broken.count > count
    return broken
  }
}
