import Testing

@testable import VectorServer

@Suite("A server without keys and web pages")
struct LoopbackGuardTests {
  @Test(arguments: [
    "localhost", "localhost:6333", "LOCALHOST:1", "127.0.0.1:6333", "127.1.2.3", "[::1]:6333", "db.localhost",
  ])
  func thisMachineIsAnswered(host: String) {
    #expect(LoopbackGuard.refusal(host: host, origin: nil) == nil)
    #expect(LoopbackGuard.refusal(host: host, origin: "http://\(host)") == nil)
  }

  @Test(arguments: [
    "evil.example", "evil.example:6333", "127.0.0.1.evil.example", "localhost.evil.example", "notlocalhost",
    "127.0.0.256", "192.168.0.1", "",
  ])
  func pagesFromElsewhereAreNot(name: String) {
    #expect(LoopbackGuard.refusal(host: name, origin: nil) != nil)
    #expect(LoopbackGuard.refusal(host: "127.0.0.1:6333", origin: "https://\(name)") != nil)
  }

  @Test func anOriginWithoutNameIsRefused() {
    #expect(LoopbackGuard.refusal(host: "localhost", origin: "null") != nil)
  }

  @Test func noHostIsNoPage() {
    #expect(LoopbackGuard.refusal(host: nil, origin: nil) == nil)
  }

  @Test func theFrontAsksIt() throws {
    let harness = try FrontHarness(guardsLoopback: true)
    #expect(try harness.send(get("/healthz")).hasPrefix("HTTP/1.1 403"))
    let local = "GET /healthz HTTP/1.1\r\nhost: localhost:6333\r\n"
    #expect(try harness.send(local + "\r\n").hasPrefix("HTTP/1.1 200"))
    let answer = try harness.send(local + "origin: https://evil.example\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 403") && answer.contains("evil.example"))
  }
}

@Suite("The Date header")
struct HTTPDateTests {
  @Test(arguments: [
    (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
    (1_709_210_096, "Thu, 29 Feb 2024 12:34:56 GMT"),
  ])
  func datesAreThoseOfTheStandard(second: Int64, expected: String) {
    let date = HTTPDate()
    #expect(date.text(at: second) == expected)
    #expect(date.text(at: second) == expected, "kept")
    #expect(date.text(at: second + 1) != expected)
  }

  @Test func everyAnswerHasOne() throws {
    #expect(try FrontHarness().send(get("/healthz")).contains("\r\ndate: "))
  }
}
