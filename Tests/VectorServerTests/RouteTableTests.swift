import NIOCore
import NIOHTTP1
import Testing
import VectorModel

@testable import VectorServer

@Suite("The table of routes")
struct RouteTableTests {
  private func match(_ method: HTTPMethod, _ path: String) -> RouteTable.Match {
    RouteTable.all.match(method, path: Array(path.utf8)[...])
  }

  private func name(_ method: HTTPMethod, _ path: String) -> String? {
    if case .route(let index, _) = match(method, path) { RouteTable.all.routes[index].name } else { nil }
  }

  @Test func everyOperationOfTheSchemaHasItsRoute() {
    for operation in SchemaOperations.all {
      let path = operation[1].split(separator: "/").map { $0.hasPrefix("{") ? "x" : "\($0)" }
        .reduce("") { $0 + "/" + $1 }.ifEmpty("/")
      #expect(name(HTTPMethod(rawValue: operation[0]), path) == operation[2], "\(operation)")
    }
    #expect(SchemaOperations.all.count == RouteTable.all.routes.count)
  }

  @Test func aRoutesAccessIsThatOfItsRequest() throws {
    let bodies = [
      "create_collection": #"{"vectors":{"size":2,"distance":"Dot"}}"#, "update_collection": "{}",
      "create_vector_name": #"{"dense":{"size":2,"distance":"Dot"}}"#, "update_aliases": #"{"actions":[]}"#,
      "create_field_index": #"{"field_name":"a","field_schema":"keyword"}"#,
      "get_points": #"{"ids":[1]}"#, "upsert_points": #"{"points":[{"id":1,"vector":[1,2]}]}"#,
      "delete_points": #"{"points":[1]}"#, "update_vectors": #"{"points":[{"id":1,"vector":[1,2]}]}"#,
      "delete_vectors": #"{"points":[1],"vector":[""]}"#, "set_payload": #"{"payload":{},"points":[1]}"#,
      "overwrite_payload": #"{"payload":{},"points":[1]}"#, "delete_payload": #"{"keys":["a"],"points":[1]}"#,
      "clear_payload": #"{"points":[1]}"#, "batch_update": #"{"operations":[{"delete":{"points":[1]}}]}"#,
      "facet": #"{"key":"a"}"#, "search_points": #"{"vector":[1,2],"limit":1}"#,
      "recommend_points": #"{"positive":[1],"limit":1}"#, "query_batch_points": #"{"searches":[]}"#,
      "search_batch_points": #"{"searches":[]}"#, "recommend_batch_points": #"{"searches":[]}"#,
      "discover_points": #"{"target":1,"limit":1}"#, "discover_batch_points": #"{"searches":[]}"#,
      "query_points_groups": #"{"query":1,"group_by":"a"}"#,
      "search_point_groups": #"{"vector":[1,2],"limit":1,"group_by":"a","group_size":1}"#,
      "recommend_point_groups": #"{"positive":[1],"limit":1,"group_by":"a","group_size":1}"#,
    ]
    var built = 0
    for route in RouteTable.all.routes {
      guard case .request(let make, _) = route.meaning else { continue }
      let arguments = route.template.split(separator: "/").filter { $0.hasPrefix("{") }.map { _ in "1" }
      let input = try RequestInput(
        operation: route.name, arguments: arguments, query: "wait=true&timeout=5", idempotencyKey: nil,
        body: ByteBuffer(string: bodies[route.name] ?? "{}"))
      let request = try make(input)
      let isRead = if case .read = route.access { true } else { false }
      #expect(request.isReadOnly == isRead, "\(route.name)")
      built += 1
    }
    #expect(built == 40)
  }

  @Test func literalsGoBeforeArgumentsUnlessTheyLackTheMethod() {
    #expect(match(.GET, "/collections/snow") == .route(index("get_collection"), arguments: ["snow"]))
    #expect(name(.POST, "/collections/aliases") == "update_aliases")
    #expect(match(.GET, "/collections/aliases") == .route(index("get_collection"), arguments: ["aliases"]))
    #expect(
      match(.GET, "/collections/c/points/scroll") == .route(index("get_point"), arguments: ["c", "scroll"]))
    #expect(name(.PUT, "/collections/c/snapshots/recover") == "recover_from_snapshot")
    #expect(name(.GET, "/collections/c/snapshots/recover") == "get_snapshot")
  }

  @Test func whatIsNoPathIsUnknown() {
    for path in [
      "", "collections", "/collections/c/x", "//", "/collections//points", "/Collections",
      "/collections/c/points/1/2",
    ] {
      #expect(match(.GET, path) == .unknown, "\(path)")
    }
    #expect(name(.GET, "/collections/") == "get_collections", "a slash at the end does not count")
    #expect(name(.GET, "/") == "root")
  }

  @Test func aKnownPathNamesItsMethods() {
    #expect(match(.POST, "/healthz") == .otherMethods([.GET]))
    guard case .otherMethods(let methods) = match(.OPTIONS, "/collections/c") else {
      Issue.record("not known")
      return
    }
    #expect(methods.map(\.rawValue).sorted() == ["DELETE", "GET", "PATCH", "PUT"])
  }

  private func index(_ name: String) -> Int {
    RouteTable.all.routes.firstIndex { $0.name == name } ?? -1
  }
}

@Suite("What a route reads of path, query and headers")
struct RequestInputTests {
  private func request(_ line: String, body: String = "{}", headers: String = "") throws -> (String, Request?)
  {
    let harness = try FrontHarness()
    let text = "\(line) HTTP/1.1\r\nhost: x\r\ncontent-length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
    return (try harness.send(text), harness.handler.requests.first)
  }

  @Test func segmentsArePercentDecoded() throws {
    let (_, request) = try request("POST /collections/a%20b%2Fc%C3%BC+/points/count")
    guard case .count("a b/cü+", _) = request else {
      Issue.record("\(String(describing: request))")
      return
    }
  }

  @Test(arguments: ["%", "%4", "%zz", "a%G0", "%ff", "%C3"])
  func brokenEscapesAre400(segment: String) throws {
    let (answer, request) = try request("POST /collections/\(segment)/points/count")
    #expect(answer.hasPrefix("HTTP/1.1 400"))
    #expect(answer.contains("path segment"))
    #expect(request == nil)
  }

  @Test func updateParametersAreRead() throws {
    let body = #"{"points":[1]}"#
    let (_, request) = try request(
      "POST /collections/c/points/delete?wait=true&ordering=strong&timeout=7&unknown=1", body: body)
    guard case .write("c", .delete(.ids([.number(1)])), let update) = request else {
      Issue.record("\(String(describing: request))")
      return
    }
    #expect(update.wait)
    #expect(update.timeoutMilliseconds == 7000)
    #expect(update.producer == nil)
  }

  @Test(arguments: [
    "wait=yes", "wait=", "wait=TRUE", "ordering=total", "timeout=0", "timeout=-1", "timeout=1.5",
    "timeout=99999999999999999999", "wait=%zz",
  ])
  func wrongUpdateParametersAre400AndNamed(query: String) throws {
    let (answer, request) = try request(
      "POST /collections/c/points/delete?\(query)", body: #"{"points":[1]}"#)
    #expect(answer.hasPrefix("HTTP/1.1 400"))
    #expect(answer.contains("query parameter \(query.prefix { $0 != "=" })"))
    #expect(request == nil)
  }

  @Test func readParametersAreRead() throws {
    let (_, request) = try request("POST /collections/c/points/scroll?consistency=majority&timeout=3")
    guard case .scroll("c", let scroll) = request else {
      Issue.record("\(String(describing: request))")
      return
    }
    #expect(scroll.timeoutMilliseconds == 3000)
    for consistency in ["quorum", "all", "2"] {
      #expect(
        try self.request("POST /collections/c/points/scroll?consistency=\(consistency)").0.contains("200 OK"))
    }
    for consistency in ["0", "none", ""] {
      let answer = try self.request("POST /collections/c/points/scroll?consistency=\(consistency)").0
      #expect(answer.hasPrefix("HTTP/1.1 400") && answer.contains("consistency"))
    }
  }

  @Test func aPointIsNamedByNumberOrUUID() throws {
    let uuid = "550e8400-e29b-41d4-a716-446655440000"
    for text in [uuid, uuid.split(separator: "-").joined(), "urn:uuid:\(uuid)"] {
      guard
        case .getPoint("c", .uuid(let found)) = try request("GET /collections/c/points/\(text)", body: "").1
      else {
        Issue.record("\(text)")
        continue
      }
      #expect(found.description == uuid)
    }
    guard
      case .getPoint("c", .number(.max)) = try request("GET /collections/c/points/\(UInt64.max)", body: "").1
    else {
      Issue.record("not the largest number")
      return
    }
    for text in ["-1", "1.0", "18446744073709551616", "abc"] {
      let answer = try request("GET /collections/c/points/\(text)", body: "").0
      #expect(answer.hasPrefix("HTTP/1.1 400") && answer.contains(text))
    }
  }

  @Test func groupsAreMeantByTheirOwnRoutesOnly() throws {
    let (_, request) = try request(
      "POST /collections/c/points/query", body: #"{"query":1,"group_by":"a","group_size":2}"#)
    guard case .query("c", let query, .points) = request else {
      Issue.record("\(String(describing: request))")
      return
    }
    #expect(query.grouping == nil)
  }

  @Test func anIdempotencyKeyNamesAProducer() throws {
    let uuid = "550e8400-e29b-41d4-a716-446655440000"
    let named = try ProducerStamp(idempotencyKey: "\(uuid):42", operation: "upsert_points")
    #expect(named == ProducerStamp(producer: try #require(UUID128(uuid)), sequence: 42))

    let hashed = try ProducerStamp(idempotencyKey: "order-17", operation: "upsert_points")
    #expect(hashed.sequence == 0)
    #expect(try hashed == ProducerStamp(idempotencyKey: "order-17", operation: "upsert_points"))
    #expect(try hashed != ProducerStamp(idempotencyKey: "order-18", operation: "upsert_points"))
    #expect(try hashed != ProducerStamp(idempotencyKey: "order-17", operation: "delete_points"))
    #expect(try ProducerStamp(idempotencyKey: "\(uuid):x", operation: "upsert_points").sequence == 0)

    let (_, request) = try request(
      "POST /collections/c/points/delete", body: #"{"points":[1]}"#, headers: "Idempotency-Key: \(uuid):7\r\n"
    )
    guard case .write(_, _, let update) = request else {
      Issue.record("\(String(describing: request))")
      return
    }
    #expect(update.producer?.sequence == 7)
  }

  /// The published value of FNV-1a with 128 bits for the one byte "a", behind the separator of an empty operation.
  @Test func theHashOfAKeyNeverChanges() throws {
    let stamp = try ProducerStamp(idempotencyKey: "a", operation: "")
    var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    let prime = (UInt128(1) << 88) + 0x13b
    for byte in [UInt128(0), UInt128(0x61)] { hash = (hash ^ byte) &* prime }
    #expect(UInt128(stamp.producer.high) << 64 | UInt128(stamp.producer.low) == hash)
  }

  @Test(arguments: ["", " ", "a b", "ü", String(repeating: "x", count: 256)])
  func badIdempotencyKeysAre400(key: String) {
    #expect(throws: RequestError.self) { try ProducerStamp(idempotencyKey: key, operation: "upsert_points") }
  }
}
