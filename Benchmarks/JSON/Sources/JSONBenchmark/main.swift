import CSimdjson
import Foundation
import VectorModel

// Reads and writes one upsert body of 1,000 × 768 with Needletail, simdjson and Foundation, in turns, and prints the
// fastest round of each in MB/s of CPU time: the machine may be busy, and the fastest round is the least disturbed one.
//
// usage: swift run -c release JSONBenchmark [rounds]

let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 15

/// CPU time of this thread, in seconds: other work on the machine counts only by what it takes from the caches.
func cpuSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Runs the contestants in turns; the fastest time of each, in seconds.
func fastest(_ contestants: [(name: String, rounds: Int, run: () throws -> Void)]) throws -> [String: Double]
{
  var best: [String: Double] = [:]
  for round in 0..<rounds {
    for contestant in contestants where round < contestant.rounds {
      let start = cpuSeconds()
      try contestant.run()
      let seconds = cpuSeconds() - start
      best[contestant.name] = min(best[contestant.name] ?? .infinity, seconds)
    }
  }
  return best
}

func row(_ name: String, _ seconds: Double, _ byteCount: Int, _ reference: Double?) {
  let rate = String(format: "%8.0f MB/s %9.2f ms", Double(byteCount) / seconds / 1e6, seconds * 1e3)
  let ratio = reference.map { String(format: "   %5.2f x simdjson", $0 / seconds) } ?? ""
  print("  \(name.padding(toLength: 34, withPad: " ", startingAt: 0))\(rate)\(ratio)")
}

for digits in UpsertBody.Digits.allCases {
  let body = UpsertBody(count: 1000, dimension: 768, digits: digits)
  let data = Data(body.bytes)
  let simdjson = body.bytes.withUnsafeBytes { text in
    csimdjson_reader_create(text.bindMemory(to: CChar.self).baseAddress, text.count)
  }
  defer { csimdjson_reader_destroy(simdjson) }
  var decoded = UpsertOperation(points: [])
  var totals = csimdjson_totals()
  var mismatches = 0

  print("read \(body.bytes.count) bytes (\(digits.rawValue))")
  let reading = try fastest([
    (
      "Needletail", rounds,
      {
        decoded = try JSONReader.read(body.bytes) { (reader) throws(RequestError) in
          try UpsertOperation(json: &reader)
        }
      }
    ),
    (
      "Needletail, validating only", rounds,
      {
        try JSONReader.read(body.bytes) { (reader) throws(RequestError) in try reader.skipValue() }
      }
    ),
    (
      "simdjson On-Demand", rounds,
      {
        guard csimdjson_read_upsert(simdjson, &totals) == 0 else {
          preconditionFailure("simdjson refused the body")
        }
      }
    ),
    (
      "Foundation JSONDecoder", 3,
      {
        let foundation = try JSONDecoder().decode(FoundationBody.self, from: data)
        guard foundation.points.count == 1000 else { preconditionFailure("Foundation lost points") }
      }
    ),
  ])
  for (point, original) in zip(decoded.points, body.points) where point != original { mismatches += 1 }
  guard decoded.points.count == 1000, totals.float_count == 768_000, mismatches == 0 else {
    preconditionFailure("\(mismatches) points differ from what was written")
  }
  for name in ["Needletail", "Needletail, validating only", "simdjson On-Demand", "Foundation JSONDecoder"] {
    row(name, reading[name] ?? .nan, body.bytes.count, reading["simdjson On-Demand"])
  }
}

let body = UpsertBody(count: 1000, dimension: 768, digits: .float32)
let points = body.points.map {
  ScoredPoint(
    record: PointRecord(id: $0.id, payload: $0.payload, vectors: $0.vectors), version: 1, score: 0.5)
}
let foundation = try JSONDecoder().decode(FoundationBody.self, from: Data(body.bytes))
var written = 0
print("write 1000 points")
let writing = try fastest([
  (
    "Needletail, with vectors", rounds,
    {
      var writer = JSONWriter()
      Response.Result.points(points, .points).write(to: &writer)
      written = writer.bytes.count
    }
  ),
  ("Foundation JSONEncoder, with vectors", 3, { _ = try JSONEncoder().encode(foundation) }),
])
for name in ["Needletail, with vectors", "Foundation JSONEncoder, with vectors"] {
  row(name, writing[name] ?? .nan, written, nil)
}
