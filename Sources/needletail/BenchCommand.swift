import ArgumentParser
import VectorModel

/// `needletail bench`: loads real data into a running server and measures what its searches find.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Load a dataset into a running server, search it, and print recall@10 and latency.",
    discussion: """
      The directory holds base.npy, payload.jsonl, queries.npy, gt.npy, filters.json and fgt_<name>.npy. Recall \
      is counted against the exact neighbours given there, without a filter and with each of filters.json. \
      Requests follow each other on one connection.
      """)

  @Argument(help: "The dataset's directory.") var directory: String
  @Option(help: "The collection to make; it must not exist.") var collection = "bench"
  @Option(help: "Points in one request.") var batch = 500
  @Option(help: "Widths of search (hnsw_ef) to try beside the server's own.") var ef: [Int] = [128]
  @Flag(help: "Keep the collection.") var keep = false
  @OptionGroup var client: ClientOptions

  func validate() throws {
    if !(1...100_000).contains(batch) { throw ValidationError("--batch \(batch) must be from 1 to 100000.") }
  }

  func run() async throws {
    let dataset = try BenchDataset(directory: directory)
    try await client.withServer { connection in
      let server = connection.rest
      let bench = BenchRun(dataset: dataset, client: server, collection: collection)
      let load = try await bench.load(batch: batch) { count in
        if count % (batch * 20) == 0 { StandardError.line("\(count) of \(dataset.base.rowCount) points") }
      }
      if !client.json {
        let rate = Double(dataset.base.rowCount) / load.loadSeconds
        StandardOutput.line(
          "\(dataset.base.rowCount) points of \(dataset.base.columnCount) dimensions loaded in \(fixed(load.loadSeconds, 1)) s (\(fixed(rate, 0)) a second), indexed \(fixed(load.indexSeconds, 1)) s later"
        )
      }
      var rows: [BenchRun.Row] = []
      for ef in [nil] + ef.map(Optional.some) {
        for filter in dataset.filters { rows.append(try await bench.search(filter, ef: ef)) }
      }
      if !keep { try await bench.drop() }
      StandardOutput.line(client.json ? Self.json(load, rows) : Self.table(rows))
    }
  }

  private static func table(_ rows: [BenchRun.Row]) -> String {
    var table = TextTable(
      ["filter", "share %", "ef", "queries", "recall@10", "mean ms", "p50 ms", "p99 ms"],
      rightColumns: [1, 2, 3, 4, 5, 6, 7])
    for row in rows {
      table.add([
        row.filter, fixed(row.share * 100, 2), row.ef.map { "\($0)" } ?? "own", "\(row.queries)",
        fixed(row.recall, 4), fixed(row.meanMilliseconds, 3), fixed(row.p50Milliseconds, 3),
        fixed(row.p99Milliseconds, 3),
      ])
    }
    return table.text
  }

  private static func json(_ load: BenchRun.Load, _ rows: [BenchRun.Row]) -> String {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("load_seconds", load.loadSeconds)
      writer.member("index_seconds", load.indexSeconds)
      writer.key("searches")
      writer.array(rows) { writer, row in
        writer.object { writer in
          writer.member("filter", row.filter)
          writer.member("share", row.share)
          if let ef = row.ef { writer.member("hnsw_ef", ef) }
          writer.member("queries", row.queries)
          writer.member("recall_at_10", row.recall)
          writer.member("mean_milliseconds", row.meanMilliseconds)
          writer.member("p50_milliseconds", row.p50Milliseconds)
          writer.member("p99_milliseconds", row.p99Milliseconds)
        }
      }
    }
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
