import Testing
import VectorModel

@testable import VectorServer

@Suite("Keys")
struct AccessTests {
  static let keys = AccessKeys(full: "secret", readOnly: "looking")
  static let write = "PUT /collections/c/points HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n"

  @Test func keysOpenWhatTheyOpen() {
    #expect(AccessKeys().access(with: nil) == .full)
    #expect(AccessKeys().access(with: "anything") == .full)
    #expect(Self.keys.access(with: nil) == .missing)
    #expect(Self.keys.access(with: "secret") == .full)
    #expect(Self.keys.access(with: "looking") == .readOnly)
    for wrong in ["", "secre", "secrets", "secretsecret", "Secret", "lookinglooking"] {
      #expect(Self.keys.access(with: wrong) == .invalid)
    }
    #expect(AccessKeys(readOnly: "looking").access(with: "") == .invalid)
  }

  @Test func everyRouteButFourDemandsAKey() throws {
    for route in RouteTable.all.routes {
      let harness = try FrontHarness(keys: Self.keys)
      let answer = try harness.send("\(route.method.rawValue) \(path(route)) HTTP/1.1\r\nhost: x\r\n\r\n")
      let isOpen = ["/", "/healthz", "/livez", "/readyz"].contains(route.template)
      #expect(answer.hasPrefix("HTTP/1.1 401 Unauthorized") == !isOpen, "\(route.method) \(route.template)")
      if !isOpen { #expect(answer.hasSuffix("Must provide an API key or an Authorization bearer token")) }
      #expect(harness.handler.requests.isEmpty)
    }
  }

  @Test func unknownPathsTellStrangersNothing() throws {
    let harness = try FrontHarness(keys: Self.keys)
    #expect(try harness.send(get("/nothing")).hasPrefix("HTTP/1.1 401"))
    #expect(try harness.send(get("/nothing", headers: "api-key: wrong\r\n")).hasPrefix("HTTP/1.1 401"))
    #expect(try harness.send(get("/nothing", headers: "api-key: looking\r\n")).hasPrefix("HTTP/1.1 404"))
  }

  @Test func bothHeadersAreUnderstood() throws {
    let harness = try FrontHarness(keys: Self.keys)
    for header in [
      "api-key: secret", "Api-Key: secret", "Authorization: Bearer secret", "authorization: bearer secret",
    ] {
      #expect(try harness.send(get("/collections/c", headers: header + "\r\n")).hasPrefix("HTTP/1.1 200"))
    }
    for header in [
      "api-key: x", "Authorization: Bearer x", "Authorization: Basic secret", "Authorization: Bearer ",
    ] {
      #expect(try harness.send(get("/collections/c", headers: header + "\r\n")).hasPrefix("HTTP/1.1 401"))
    }
  }

  @Test func theReadingKeyReadsOnly() throws {
    for route in RouteTable.all.routes {
      let harness = try FrontHarness(keys: Self.keys)
      let head = "\(route.method.rawValue) \(path(route)) HTTP/1.1\r\nhost: x\r\napi-key: looking\r\n\r\n"
      let answer = try harness.send(head)
      let isWrite = if case .write = route.access { true } else { false }
      #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden") == isWrite, "\(route.name): \(answer)")
      if isWrite { #expect(answer.contains("text/plain") && answer.contains(route.name)) }
    }
  }

  @Test func aKeyIsDemandedBeforeTheBodyIsRead() throws {
    let harness = try FrontHarness(keys: Self.keys)
    let answer = try harness.send(Self.write + "\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 401"))
    #expect(answer.contains("connection: close\r\n"))

    let reader = try FrontHarness(keys: Self.keys)
    #expect(try reader.send(Self.write + "api-key: looking\r\n\r\n").hasPrefix("HTTP/1.1 403"))
    #expect(reader.handler.requests.isEmpty)
  }

  @Test func whoeverAwaitsContinueIsRefusedWithoutIt() throws {
    let harness = try FrontHarness(keys: Self.keys)
    #expect(try harness.send(Self.write + "expect: 100-continue\r\n\r\n").hasPrefix("HTTP/1.1 401"))
  }

  @Test func aSmallRefusedBodyKeepsTheConnection() throws {
    let harness = try FrontHarness(keys: Self.keys)
    #expect(try harness.send(post("/collections/c/points/count", "{}")).hasPrefix("HTTP/1.1 401"))
    let answer = try harness.send(post("/collections/c/points/count", "{}", headers: "api-key: secret\r\n"))
    #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
  }

  private func path(_ route: Route) -> String {
    route.template.split(separator: "/").map { $0.hasPrefix("{") ? "1" : "\($0)" }
      .reduce("") { $0 + "/" + $1 }.ifEmpty("/")
  }
}

extension String {
  func ifEmpty(_ other: String) -> String { isEmpty ? other : self }
}
