import ArgumentParser
import VectorEngine
import VectorModel

/// `needletail verify`: reads everything in a data directory that no server has open.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a data directory: catalogue, stores, logs, parts and snapshots.",
    discussion: """
      The server must be stopped. Exit codes: 0 all is sound; 3 only what the server rebuilds by itself is \
      damaged; 4 data is damaged; 1 the check could not be made.
      """)

  @Option(help: "The data directory.") var dataDir = "./needletail-data"
  @Flag(help: "Print JSON instead of text.") var json = false

  func run() async throws {
    let isQuiet = json
    var check = try DataDirectoryCheck(dataDir) { what, done, total in
      if !isQuiet { StandardError.line("\(what) (\(done + 1) of \(total))") }
    }
    let report = try check.run()
    StandardOutput.line(json ? Self.json(report) : Self.text(report))
    if report.defects.contains(where: { $0.kind == .damage }) { throw ExitCode(4) }
    if !report.defects.isEmpty { throw ExitCode(3) }
  }

  private static func text(_ report: DataDirectoryCheck.Report) -> String {
    var lines = report.defects.map { defect in
      "\(defect.kind == .damage ? "DAMAGED" : "to be rebuilt")"
        + (defect.collection.map { " (collection \($0))" } ?? "")
        + ": \(defect.what)\n  what to do: \(defect.advice)"
    }
    for name in report.unnamed {
      lines.append(
        "not in the catalogue: collections/\(name)\n  what to do: nothing, the next start removes it")
    }
    for (collection, snapshot) in report.restorable {
      lines.append(
        "collection \(collection) can be restored to its operations \(snapshot.earliestSequence) to "
          + "\(snapshot.latestSequence ?? snapshot.sequence) from \(snapshot.name)")
    }
    lines.append(
      "\(report.defects.count) defects in \(report.collectionCount) collections with \(report.pointCount) points, "
        + "\(report.snapshotCount) snapshots, \(report.byteCount) bytes read")
    return lines.joined(separator: "\n")
  }

  private static func json(_ report: DataDirectoryCheck.Report) -> String {
    var writer = JSONWriter()
    writer.object { writer in
      writer.key("defects")
      writer.array(report.defects) { writer, defect in
        writer.object { writer in
          writer.member("kind", defect.kind.rawValue)
          writer.member("collection", defect.collection)
          writer.member("what", defect.what)
          writer.member("advice", defect.advice)
        }
      }
      writer.key("unnamed")
      writer.array(report.unnamed) { $0.string($1) }
      writer.key("restorable")
      writer.array(report.restorable) { writer, entry in
        writer.object { writer in
          writer.member("collection", entry.collection)
          writer.key("snapshot")
          entry.snapshot.write(to: &writer)
        }
      }
      writer.member("collections", report.collectionCount)
      writer.member("points", report.pointCount)
      writer.member("snapshots", report.snapshotCount)
      writer.member("bytes", report.byteCount)
    }
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
