package import Logging
package import NIOCore
import NIOHTTP1
package import NIOPosix
import Synchronization
import VectorModel

/// What all HTTP connections share: routes, keys, limits, counts, and who answers.
package final class HTTPFront: Sendable {
  package let routes: RouteTable
  package let keys: AccessKeys
  package let limits: HTTPLimits
  package let metrics: RequestMetrics
  package let bodies: BodyBudget
  let date = HTTPDate()
  package let identity: ServerIdentity
  package let readiness: Readiness
  package let log: Logger
  /// Whether web pages must be kept away, because no key does it.
  private let guardsLoopback: Bool
  /// Where large bodies are decoded, so that they hold up no other connection of their event loop.
  let decoders: NIOThreadPool
  private let metricsSources = Mutex<[any MetricsSource]>([])

  package init(
    identity: ServerIdentity = ServerIdentity(), keys: AccessKeys = AccessKeys(),
    limits: HTTPLimits = HTTPLimits(), readiness: Readiness, decoders: NIOThreadPool,
    guardsLoopback: Bool = false, log: Logger
  ) {
    routes = RouteTable.all
    metrics = RequestMetrics(routes: routes.routes)
    bodies = BodyBudget(bytesMax: limits.bodiesBytesMax)
    self.identity = identity
    self.keys = keys
    self.limits = limits
    self.readiness = readiness
    self.decoders = decoders
    self.guardsLoopback = guardsLoopback
    self.log = log
  }

  /// From now on `/metrics` shows the figures of `source` too.
  package func addMetricsSource(_ source: any MetricsSource) {
    metricsSources.withLock { $0.append(source) }
  }

  var sources: [any MetricsSource] { metricsSources.withLock { $0 } }

  // MARK: Before the body

  package enum Admission: Sendable {
    case accept(HTTPCall)
    case refuse(HTTPReply)
  }

  /// Decides by the head alone whether a request is let in: first the key, then the path, then the method.
  func admit(_ head: HTTPRequestHead, _ facts: HTTPHeadFacts) -> Admission {
    let target = Array(head.uri.utf8)
    let path = target.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    let method = head.method == .HEAD ? HTTPMethod.GET : head.method
    let match = routes.match(method, path: path)
    let index: Int? = if case .route(let index, _) = match { index } else { nil }
    if let refusal = refuseAccess(facts, route: index) { return refuse(refusal, route: index) }
    guard target.count <= HTTPLimits.targetBytesMax else {
      let message =
        "the request's target has \(target.count) bytes, the limit is \(HTTPLimits.targetBytesMax)"
      return refuse(Envelope.failure(status: 414, message: "Bad request: \(message)"), route: index)
    }
    guard facts.host != nil || head.version.minor == 0 else {
      return refuse(Envelope.failure(.badRequest("the Host header is missing")), route: index)
    }
    switch match {
    case .unknown:
      return refuse(Envelope.failure(.notFound("no such path: \(head.uri)")))
    case .otherMethods(let methods):
      return refuse(refuseMethod(head, allowed: methods))
    case .route(let index, let arguments):
      return admit(route: index, arguments: arguments, query: target[path.endIndex...].dropFirst(), facts)
    }
  }

  private func admit(
    route index: Int, arguments: [String], query: ArraySlice<UInt8>, _ facts: HTTPHeadFacts
  ) -> Admission {
    let route = routes.routes[index]
    switch route.meaning {
    case .page, .request, .snapshots, .upload: break
    case .unbuilt:
      return refuse(Envelope.failure(.notImplemented(route.name)), route: index)
    case .clusterOnly:
      let message = "\(route.name) belongs to a cluster, and this server stands alone"
      return refuse(
        Envelope.failure(RequestError(.methodNotAllowed, message)), route: index)
    }
    if let encoding = facts.contentEncoding, encoding != "identity" {
      let message =
        "Bad request: Content-Encoding \"\(encoding.prefix(64))\" is not supported, send the body as it is"
      return refuse(Envelope.failure(status: 415, message: message), route: index)
    }
    return .accept(
      HTTPCall(
        route: index, arguments: arguments, query: String(decoding: query, as: UTF8.self),
        idempotencyKey: facts.idempotencyKey, contentType: facts.contentType))
  }

  /// The answer to a request that lacks the key for its route; a path without one needs the reading key.
  private func refuseAccess(_ facts: HTTPHeadFacts, route index: Int?) -> HTTPReply? {
    if guardsLoopback, let reason = LoopbackGuard.refusal(host: facts.host, origin: facts.origin) {
      return .text(403, reason)
    }
    let access = index.map { routes.routes[$0].access } ?? .read
    if case .open = access { return nil }
    switch keys.access(with: facts.key) {
    case .full: return nil
    case .readOnly:
      guard case .write = access, let index else { return nil }
      return .text(403, "Forbidden: the read-only key does not permit \(routes.routes[index].name)")
    case .missing: return .text(401, "Must provide an API key or an Authorization bearer token")
    case .invalid: return .text(401, "Invalid API key")
    }
  }

  private func refuseMethod(_ head: HTTPRequestHead, allowed: [HTTPMethod]) -> HTTPReply {
    var methods = allowed
    if methods.contains(.GET) { methods.append(.HEAD) }
    methods.append(.OPTIONS)
    var reply: HTTPReply
    if head.method == .OPTIONS {
      reply = HTTPReply(status: 204, contentType: .text, bytes: [])
    } else {
      let message = "\(head.method.rawValue) is not allowed on \(head.uri)"
      reply = Envelope.failure(RequestError(.methodNotAllowed, message))
    }
    reply.allowedMethods = methods
    return reply
  }

  private func refuse(_ reply: HTTPReply, route: Int? = nil) -> Admission {
    metrics.record(route: route, status: reply.status, elapsedNanoseconds: 0)
    return .refuse(reply)
  }

  // MARK: Refusals of the connection's own

  package enum Refusal {
    case bodyTooLarge
    case bodiesOverLimit
    case headTooLarge
    case malformed(String)
  }

  package func refusal(_ refusal: Refusal) -> HTTPReply {
    var reply =
      switch refusal {
      case .bodyTooLarge:
        Envelope.failure(
          RequestError(
            .payloadTooLarge,
            "Bad request: the body is larger than the limit of \(limits.bodyBytesMax) bytes (body_megabytes_max)"
          ))
      case .bodiesOverLimit:
        Envelope.failure(
          RequestError(
            .unavailable,
            "Service unavailable: all request bodies together would exceed \(limits.bodiesBytesMax) bytes (bodies_megabytes_max)"
          ))
      case .headTooLarge:
        Envelope.failure(status: 431, message: "Bad request: the request's headers are too large")
      case .malformed(let reason):
        Envelope.failure(.badRequest("this is not HTTP/1: \(reason)"))
      }
    if case .headTooLarge = refusal { reply.closesConnection = true }
    if case .malformed = refusal { reply.closesConnection = true }
    metrics.record(route: nil, status: reply.status, elapsedNanoseconds: 0)
    return reply
  }

  // MARK: The whole request

  /// Answers a request that was let in, once, on whatever thread has the answer.
  package func answer(
    _ call: HTTPCall, body: ByteBuffer, share: BodyBudget.Share? = nil,
    reply: @escaping @Sendable (HTTPReply) -> Void
  ) {
    let start = NIODeadline.now()
    let finish: @Sendable (HTTPReply, Int64) -> Void = { [metrics] answer, elapsedNanoseconds in
      metrics.record(route: call.route, status: answer.status, elapsedNanoseconds: elapsedNanoseconds)
      reply(answer)
    }
    switch routes.routes[call.route].meaning {
    case .page(let page):
      finish(answer(page), (.now() - start).nanoseconds)
    case .unbuilt, .clusterOnly:
      preconditionFailure("refused before the body")
    case .upload:
      // Its body was thrown away, since there was nobody to take it.
      finish(Envelope.failure(readiness.error), 0)
    case .snapshots(let make):
      answerSnapshots(call, since: start, finish) { [self] () throws(RequestError) in
        try make(try input(call, body))
      }
    case .request(let make, let writeResult):
      guard case .ready(let handler) = readiness.phase else {
        return finish(Envelope.failure(readiness.error), 0)
      }
      let isSmall = body.readableBytes <= HTTPLimits.inlineDecodeBytesMax
      let work: @Sendable () -> Void = { [self] in
        let request = Result { () throws(RequestError) in
          let request = try make(try input(call, body))
          guard request.isReadOnly || routes.routes[call.route].access == .write else {
            throw RequestError(.forbidden, "Forbidden: \(routes.routes[call.route].name) would write")
          }
          return request
        }
        _ = share
        switch request {
        case .failure(let error):
          let elapsed = (.now() - start).nanoseconds
          finish(Envelope.failure(error, elapsedNanoseconds: elapsed), elapsed)
        case .success(let request):
          handler.handle(request, mayUseThisThread: isSmall) { response in
            Self.encode(response, since: start, writeResult, finish)
          }
        }
      }
      if isSmall {
        work()
      } else {
        decoders.submit { _ in work() }
      }
    }
  }

  func input(_ call: HTTPCall, _ body: ByteBuffer) throws(RequestError) -> RequestInput {
    try RequestInput(
      operation: routes.routes[call.route].name, arguments: call.arguments, query: call.query,
      idempotencyKey: call.idempotencyKey, body: body)
  }

  private static func encode(
    _ response: Result<Response, RequestError>, since start: NIODeadline,
    _ writeResult: (@Sendable (Response, inout JSONWriter) -> Void)?,
    _ finish: (HTTPReply, Int64) -> Void
  ) {
    let elapsed = (NIODeadline.now() - start).nanoseconds
    let reply =
      switch response {
      case .failure(let error):
        Envelope.failure(error, elapsedNanoseconds: elapsed)
      case .success(let response):
        Envelope.success(
          elapsedNanoseconds: elapsed, applied: response.applied, explanation: response.explanation
        ) { writer in
          if let writeResult { writeResult(response, &writer) } else { response.result.write(to: &writer) }
        }
      }
    finish(reply, elapsed)
  }
}

/// A request that was let in by its head: which route it takes, and what the head says of it.
package struct HTTPCall: Sendable {
  package var route: Int
  /// The path's arguments, still encoded.
  package var arguments: [String]
  package var query: String
  package var idempotencyKey: String?
  package var contentType: String?
}
