import NIOCore
import Testing
import VectorModel

@testable import VectorServer

@Suite("The HTTP front on one connection")
struct HTTPFrontTests {
  @Test func anAnswerStandsInTheEnvelope() throws {
    let harness = try FrontHarness(FakeHandler { _ in .success(Response(.count(42))) })
    let answer = try harness.send(post("/collections/c/points/count", "{}"))
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(answer.contains("content-type: application/json\r\n"))
    #expect(answer.contains(#"{"result":{"count":42},"status":"ok","time":0.0"#))
    #expect(answer.hasSuffix(#","usage":null}"#))
    guard case .count("c", _) = harness.handler.requests.first else {
      Issue.record("\(harness.handler.requests)")
      return
    }
  }

  @Test func whatTheServerAppliedIsShown() throws {
    let harness = try FrontHarness(
      FakeHandler { _ in .success(Response(.count(1), applied: .init(languages: ["de", "fr"]))) })
    let answer = try harness.send(post("/collections/c/points/count", "{}"))
    #expect(answer.contains(#""applied":{"language":["de","fr"]}"#))
  }

  @Test func errorsKeepTheirStatusAndMessage() throws {
    let errors: [(RequestError, String)] = [
      (.notFound("Collection `c` doesn't exist!"), "404 Not Found"), (.validation("[limit: 0]"), "422"),
      (.timeout("search"), "408"), (.alreadyExists("x"), "409"), (.internalError("x"), "500"),
      (.notImplemented("x"), "501"), (RequestError(.insufficientStorage, "x"), "507"),
      (RequestError(.tooManyRequests, "x"), "429"),
    ]
    for (error, status) in errors {
      let harness = try FrontHarness(FakeHandler { _ in .failure(error) })
      let answer = try harness.send(get("/collections/c"))
      #expect(answer.hasPrefix("HTTP/1.1 \(status)"))
      #expect(answer.contains(#"{"status":{"error":""# + error.message))
      #expect(answer.contains("retry-after: 1\r\n") == (error.code == .tooManyRequests))
      harness.finish()
    }
  }

  @Test func malformedJSONIsAnsweredWithItsPosition() throws {
    let harness = try FrontHarness()
    let answer = try harness.send(post("/collections/c/points/count", "{\n  \"exact\": tru }"))
    #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request"))
    #expect(answer.contains("Format error in JSON body"))
    #expect(answer.contains("at line 2 column"))
    #expect(harness.handler.requests.isEmpty)
  }

  @Test(arguments: ["[", "nul", "\u{1}", "{}{}", "{\"a\":\"\\ud800\"}", "[[[[[[[[[["])
  func brokenBodiesAre400(body: String) throws {
    let harness = try FrontHarness()
    for path in ["points/query", "points/scroll", "points", "points/payload", "index"] {
      let method = path == "index" ? "PUT" : "POST"
      let request = post("/collections/c/\(path)", body).replacingPrefix("POST", method)
      #expect(try harness.send(request).hasPrefix("HTTP/1.1 400 Bad Request"), "\(path) \(body)")
    }
  }

  @Test func unknownPathsAre404AndWrongMethods405() throws {
    let harness = try FrontHarness()
    #expect(try harness.send(get("/nothing")).hasPrefix("HTTP/1.1 404 Not Found"))
    #expect(try harness.send(get("/collections//points")).hasPrefix("HTTP/1.1 404 Not Found"))
    let answer = try harness.send("DELETE /collections/c/points HTTP/1.1\r\nhost: x\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 405 Method Not Allowed"))
    #expect(answer.contains("allow: "))
    #expect(harness.handler.requests.isEmpty)
  }

  @Test func operationsToComeAre501AndNamed() throws {
    let harness = try FrontHarness()
    let answer = try harness.send(get("/quotas"))
    #expect(answer.hasPrefix("HTTP/1.1 501 Not Implemented"))
    #expect(answer.contains("Not implemented: get_quotas is not supported yet"))
    #expect(try harness.send(post("/cluster/recover", "")).hasPrefix("HTTP/1.1 405"))
  }

  @Test func theServersOwnPagesNeedNoEngine() throws {
    let harness = try FrontHarness(isReady: false)
    #expect(try harness.send(get("/")).contains(#""version":"1.19.0""#))
    #expect(try harness.send(get("/healthz")).hasPrefix("HTTP/1.1 200 OK"))
    #expect(try harness.send(get("/livez")).hasPrefix("HTTP/1.1 200 OK"))
    #expect(try harness.send(get("/readyz")).hasPrefix("HTTP/1.1 503"))
    #expect(try harness.send(get("/collections")).hasPrefix("HTTP/1.1 503"))
    harness.front.readiness.start(harness.handler)
    #expect(try harness.send(get("/readyz")).hasPrefix("HTTP/1.1 200 OK"))
    #expect(try harness.send(get("/cluster")).contains(#"{"status":"disabled"}"#))
    harness.front.readiness.stop()
    #expect(try harness.send(get("/readyz")).hasPrefix("HTTP/1.1 503"))
  }

  @Test func metricsCountByRouteAndStatus() throws {
    let harness = try FrontHarness()
    try harness.send(get("/collections/a"))
    try harness.send(get("/collections/b"))
    try harness.send(get("/nothing"))
    let answer = try harness.send(get("/metrics"))
    #expect(answer.contains("content-type: text/plain; version=0.0.4"))
    let line = #"rest_responses_total{method="GET",endpoint="/collections/{collection_name}",status="200"} 2"#
    #expect(answer.contains(line + "\n"))
    #expect(answer.contains(#"rest_responses_total{method="",endpoint="",status="404"} 1"#))
    #expect(answer.contains("process_resident_memory_bytes "))
    #expect(answer.contains("process_open_fds "))
  }

  @Test func headHasTheHeadersOfGetAndNoBody() throws {
    let harness = try FrontHarness()
    let answer = try harness.send("HEAD /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
    #expect(answer.contains("content-length: 20\r\n"))
    #expect(answer.hasSuffix("\r\n\r\n"))
    #expect(try harness.send(get("/healthz")).hasSuffix("healthz check passed"), "the connection is kept")
  }

  @Test func optionsNamesTheMethods() throws {
    let harness = try FrontHarness()
    let answer = try harness.send("OPTIONS /collections/c HTTP/1.1\r\nhost: x\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 204 No Content"))
    for method in ["GET", "PUT", "PATCH", "DELETE", "HEAD"] { #expect(answer.contains(method)) }
  }

  @Test func aKeepAliveConnectionAnswersInOrder() throws {
    let harness = try FrontHarness(FakeHandler { _ in nil })
    let three = (1...3).map { get("/collections/c\($0)") }.joined()
    #expect(try harness.send(three) == "")
    #expect(harness.handler.requests.count == 1, "the second waits for the first's answer")
    for name in ["c1", "c2", "c3"] {
      harness.handler.release(.failure(.notFound(name)))
      #expect(try harness.received().contains("Not found: \(name)"))
    }
    #expect(harness.channel.isActive)
  }

  @Test func manyPipelinedRequestsNeedNoStack() throws {
    let harness = try FrontHarness()
    let count = 20_000
    let answers = try harness.send(String(repeating: get("/livez"), count: count))
    #expect(answers.split(separator: "healthz check passed").count == count)
  }

  @Test func bodiesMayBeChunked() throws {
    let harness = try FrontHarness()
    let head = "POST /collections/c/points/count HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    #expect(try harness.send(head + "1\r\n{\r\n") == "")
    #expect(try harness.send("1\r\n}\r\n0\r\n\r\n").hasPrefix("HTTP/1.1 200 OK"))
  }

  @Test func thoseWhoAwaitContinueGetIt() throws {
    let harness = try FrontHarness()
    let head =
      "POST /collections/c/points/count HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n"
    #expect(try harness.send(head) == "HTTP/1.1 100 Continue\r\n\r\n")
    #expect(try harness.send("{}").hasPrefix("HTTP/1.1 200 OK"))
  }

  @Test func connectionCloseIsHonoured() throws {
    let harness = try FrontHarness()
    #expect(
      try harness.send(get("/healthz", headers: "connection: close\r\n")).contains("connection: close\r\n"))
    #expect(!harness.channel.isActive)
    let old = try FrontHarness()
    #expect(try old.send("GET /healthz HTTP/1.0\r\n\r\n").contains("connection: close\r\n"))
    #expect(!old.channel.isActive)
    let kept = try FrontHarness()
    #expect(
      try kept.send("GET /healthz HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").contains(
        "connection: keep-alive"))
    #expect(kept.channel.isActive)
  }

  @Test func whatIsNoHTTPIs400() throws {
    let harness = try FrontHarness()
    let answer = try harness.send("\u{16}\u{3}\u{1} nonsense\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request"))
    #expect(answer.contains("connection: close\r\n"))
  }

  @Test func headersOverTheLimitAre431() throws {
    let harness = try FrontHarness()
    let answer = try harness.send(get("/", headers: "x: \(String(repeating: "y", count: 20_000))\r\n"))
    #expect(answer.hasPrefix("HTTP/1.1 431"))
  }

  @Test func anOverlongTargetIs414() throws {
    let harness = try FrontHarness()
    let answer = try harness.send(get("/collections/c?x=" + String(repeating: "y", count: 9000)))
    #expect(answer.hasPrefix("HTTP/1.1 414"))
    #expect(answer.contains("8192"))
  }

  @Test func aRequestWithoutHostIs400() throws {
    #expect(try FrontHarness().send("GET /healthz HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 400"))
  }

  @Test func encodedBodiesAre415() throws {
    let harness = try FrontHarness()
    let answer = try harness.send(
      post("/collections/c/points/count", "{}", headers: "content-encoding: gzip\r\n"))
    #expect(answer.hasPrefix("HTTP/1.1 415"))
    #expect(answer.contains("gzip"))
  }

  @Test func slowPeersAreCutOff() throws {
    let silent = try FrontHarness()
    silent.channel.embeddedEventLoop.advanceTime(by: .seconds(119))
    #expect(silent.channel.isActive)
    silent.channel.embeddedEventLoop.advanceTime(by: .seconds(4))
    #expect(!silent.channel.isActive)

    let trickling = try FrontHarness()
    try trickling.send("GET / HT")
    trickling.channel.embeddedEventLoop.advanceTime(by: .seconds(9))
    try trickling.send("TP/1.1\r\n")
    trickling.channel.embeddedEventLoop.advanceTime(by: .seconds(4))
    #expect(!trickling.channel.isActive)

    let stalled = try FrontHarness()
    try stalled.send("POST /collections/c/points/count HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n{")
    stalled.channel.embeddedEventLoop.advanceTime(by: .seconds(63))
    #expect(try stalled.received().hasPrefix("HTTP/1.1 408"))
  }
}

extension String {
  func replacingPrefix(_ prefix: String, _ replacement: String) -> String {
    hasPrefix(prefix) ? replacement + dropFirst(prefix.count) : self
  }
}
