import Foundation
import Logging
import NIOPosix
import Testing
import VectorClient
import VectorEngine
import VectorModel

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

@testable import VectorServer

/// Each request goes to one engine over HTTP and to another over the binary protocol, step by step; both answers must
/// be the same.
@Suite("Both fronts", .timeLimit(.minutes(10)))
struct BothFrontsTests {
  @Test func bothFrontsGiveTheSameAnswers() async throws {
    try await PairOfFronts.run { fronts in
      for step in RequestScript.steps { try await fronts.compare(step) }
    }
  }

  /// The script says everything that a request can be, so that no route is forgotten.
  @Test func theScriptTakesEveryRouteOfTheEngine() throws {
    let taken = Set(
      RequestScript.steps.compactMap { step -> Int? in
        guard
          case .route(let index, _) = RouteTable.all.match(.init(rawValue: step.method), path: step.pathBytes)
        else { return nil }
        return index
      })
    for (index, route) in RouteTable.all.routes.enumerated() {
      if case .request = route.meaning {
        #expect(taken.contains(index), "\(route.method.rawValue) \(route.template)")
      }
    }
  }
}

/// Two engines, one behind each front.
private struct PairOfFronts {
  let httpPort: Int
  let client: VectorClient

  static func run(_ body: (PairOfFronts) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "needletail-fronts-\(UUID())")
    defer { try? FileManager.default.removeItem(at: directory) }
    let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let engines = try ["http", "binary"].map {
      let path = directory.appendingPathComponent($0).path
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      return try Engine.open(EngineConfiguration(dataDirectory: path), logger: log)
    }
    let front = HTTPFront(readiness: Readiness(), decoders: .singleton, log: log)
    front.readiness.start(engines[0])
    let http = try await HTTPListener.bind(
      front: front, connections: ConnectionRegistry(connectionsMax: 10), host: "127.0.0.1", port: 0,
      group: .singletonMultiThreadedEventLoopGroup)
    let server = try await TestServer.start { engines[1].handle($0, completion: $1) }
    let client = try VectorClient(ClientConfiguration(port: server.port))
    do {
      try await body(PairOfFronts(httpPort: http.port, client: client))
    } catch {
      Issue.record(error)
    }
    await client.shutdown()
    await server.stop()
    _ = await http.stop(timeout: .zero)
    for engine in engines { try engine.shutdown() }
  }

  func compare(_ step: RequestScript.Step) async throws {
    let http = try await overHTTP(step)
    let binary = try await overBinary(step)
    #expect(http == binary, "\(step.method) \(step.path) \(step.body)")
    if let succeeds = step.succeeds {
      #expect((http.status == 200) == succeeds, "\(step.method) \(step.path) \(step.body): \(http)")
    }
  }

  /// What both fronts say: the status and the result, or the message.
  struct Answer: Equatable {
    var status: Int
    var content: JSONValue?
    var languages: JSONValue?
    /// Without its times.
    var explanation: JSONValue?
  }

  private func overHTTP(_ step: RequestScript.Step) async throws -> Answer {
    let url = try #require(URL(string: "http://127.0.0.1:\(httpPort)\(step.path)"))
    var request = URLRequest(url: url)
    request.httpMethod = step.method
    if !step.body.isEmpty { request.httpBody = Data(step.body.utf8) }
    let (data, response) = try await URLSession.shared.data(for: request)
    let status = try #require(response as? HTTPURLResponse).statusCode
    let body = try JSONValue(parsing: Array(data))
    let content = status == 200 ? body["result"] : body["status"]?["error"]
    return Answer(
      status: status, content: content, languages: body["applied"]?["language"],
      explanation: body["explain"]?.withoutTimes)
  }

  /// The same request that the route makes, sent in a frame, and its answer as the route would write it.
  private func overBinary(_ step: RequestScript.Step) async throws -> Answer {
    let match = RouteTable.all.match(.init(rawValue: step.method), path: step.pathBytes)
    guard case .route(let index, let arguments) = match,
      case .request(let make, let writeResult) = RouteTable.all.routes[index].meaning
    else { throw RequestError.notFound("\(step.path) is no route of the engine") }
    let input = try RequestInput(
      operation: RouteTable.all.routes[index].name, arguments: arguments, query: step.query,
      idempotencyKey: nil,
      body: .init(string: step.body))
    do throws(RequestError) {
      let request = try make(input)
      var response = try await client.send(request)
      response.result = response.result.inForm(of: request)
      var writer = JSONWriter()
      if let writeResult { writeResult(response, &writer) } else { response.result.write(to: &writer) }
      let languages = response.applied.map { JSONValue.array($0.languages.map { .string($0) }) }
      return Answer(
        status: 200, content: try JSONValue(parsing: writer.bytes), languages: languages,
        explanation: response.explanation?.withoutTimes)
    } catch {
      return Answer(status: error.httpStatus, content: .string(error.message), languages: nil)
    }
  }
}

extension JSONValue {
  /// An explanation, or a list of them, without what differs from run to run.
  fileprivate var withoutTimes: JSONValue {
    switch self {
    case .object(let members): .object(members.filter { $0.key != "microseconds" })
    case .array(let elements): .array(elements.map(\.withoutTimes))
    default: self
    }
  }
}

extension Response.Result {
  /// The older routes answer bare lists; frames know one form.
  fileprivate func inForm(of request: Request) -> Response.Result {
    switch (self, request) {
    case (.points(let points, _), .query(_, _, let form)): .points(points, form)
    case (.pointBatches(let batches, _), .queryBatch(_, _, let form)): .pointBatches(batches, form)
    default: self
    }
  }
}
