import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import VectorModel

/// One request whose body, or whose answer, is a file of any size, on a connection of its own.
struct RESTTransfer: Sendable {
  private static let pieceBytes = 256 << 10
  /// The largest answer beside a file.
  private static let answerBytesMax = 1 << 20

  let endpoint: RESTEndpoint
  let key: String?

  /// Fetches `path` into a file, which the caller finishes.
  /// - Throws: the server's own message when it refuses, or why the transfer failed.
  func download(_ path: String, to file: LocalFile, title: String, isQuiet: Bool) async throws(RequestError) {
    let answer = try await transfer(.GET, path, body: nil, into: file, title: title, isQuiet: isQuiet)
    guard answer.status == 200 else { throw Self.refusal(answer, path) }
  }

  /// Sends a file as the body of `POST path` and returns the answer's `result`.
  func upload(
    _ file: LocalFile, to path: String, title: String, isQuiet: Bool
  ) async throws(RequestError) -> JSONValue {
    let answer = try await transfer(.POST, path, body: file, into: nil, title: title, isQuiet: isQuiet)
    guard answer.status == 200 else { throw Self.refusal(answer, path) }
    return try JSONValue(parsing: answer.body)["result"] ?? .null
  }

  private struct Answer: Sendable {
    var status: Int
    var body: [UInt8]
  }

  private func transfer(
    _ method: HTTPMethod, _ path: String, body: LocalFile?, into target: LocalFile?, title: String,
    isQuiet: Bool
  ) async throws(RequestError) -> Answer {
    do {
      let channel = try await connect()
      defer { channel.channel.close(promise: nil) }
      return try await channel.executeThenClose { inbound, outbound in
        var headers = HTTPHeaders([("host", "\(endpoint.host):\(endpoint.port)"), ("connection", "close")])
        if let key { headers.add(name: "api-key", value: key) }
        if let body {
          headers.add(name: "content-type", value: "application/octet-stream")
          headers.add(name: "content-length", value: String(body.byteCount))
        }
        // A server that refuses a body answers and closes before it has come: that says more than the failed sending.
        var sendFailure: (any Error)?
        do {
          try await outbound.write(
            .head(HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: headers)))
          if let body { try await send(body, outbound, title, isQuiet) }
          try await outbound.write(.end(nil))
        } catch let error as RequestError {
          throw error
        } catch {
          sendFailure = error
        }
        do { return try await receive(inbound, into: target, title, isQuiet) } catch {
          throw sendFailure ?? error
        }
      }
    } catch let error as RequestError {
      throw error
    } catch {
      throw RequestError(.unavailable, "\(method.rawValue) \(path) failed: \(error)")
    }
  }

  private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

  private func connect() async throws -> Connection {
    let tls = endpoint.usesTLS ? try NIOSSLContext(configuration: .makeClientConfiguration()) : nil
    let endpoint = endpoint
    return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connect(host: endpoint.host, port: endpoint.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let tls {
            let isAddress = (try? SocketAddress(ipAddress: endpoint.host, port: 0)) != nil
            try pipeline.addHandler(
              NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : endpoint.host))
          }
          try pipeline.addHTTPClientHandlers()
          return try Connection(wrappingChannelSynchronously: channel)
        }
      }
  }

  private func send(
    _ file: LocalFile, _ outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>, _ title: String,
    _ isQuiet: Bool
  ) async throws {
    var progress = Progress(title, isQuiet: isQuiet)
    var sent = 0
    while true {
      let piece = try file.read(Self.pieceBytes)
      if piece.isEmpty { return }
      try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: piece))))
      sent += piece.count
      progress.show(sent, of: file.byteCount)
    }
  }

  private func receive(
    _ inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>, into file: LocalFile?, _ title: String,
    _ isQuiet: Bool
  ) async throws -> Answer {
    var progress = Progress(title, isQuiet: isQuiet)
    var answer = Answer(status: 0, body: [])
    var (received, expected) = (0, 0)
    for try await part in inbound {
      switch part {
      case .head(let head):
        answer.status = Int(head.status.code)
        expected = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
      case .body(let bytes):
        received += bytes.readableBytes
        if answer.status == 200, let file {
          try file.write(Array(bytes.readableBytesView))
          progress.show(received, of: expected)
        } else if answer.body.count < Self.answerBytesMax {
          answer.body += Array(bytes.readableBytesView)
        }
      case .end:
        guard received == expected || expected == 0 else { break }
        return answer
      }
    }
    throw RequestError(.unavailable, "the connection ended after \(received) of \(expected) bytes")
  }

  private static func refusal(_ answer: Answer, _ path: String) -> RequestError {
    var message = String(decoding: answer.body.prefix(1000), as: UTF8.self)
    if case .string(let text)? = (try? JSONValue(parsing: answer.body))?["status"]?["error"] {
      message = text
    }
    let code =
      RequestError.Code.allCases.first { RequestError($0, "").httpStatus == answer.status } ?? .internalError
    return RequestError(code, "\(path) was answered \(answer.status): \(message)")
  }
}
