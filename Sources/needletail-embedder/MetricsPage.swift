import NIOCore
import NIOPosix
import VectorEmbedder

/// Prometheus' page: every request gets the counts, then the connection is closed.
final class MetricsPage: Sendable {
  private let channel: any Channel

  private init(channel: any Channel) { self.channel = channel }

  /// Listens on loopback where `metrics_port` says so.
  static func serve(_ values: SettingValues, progress: RunProgress) async throws -> MetricsPage? {
    guard let port = values.metricsPort else { return nil }
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Answer(progress: progress))
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    return MetricsPage(channel: channel)
  }

  func close() async throws { try await channel.close() }

  private final class Answer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let progress: RunProgress
    private var hasAnswered = false

    init(progress: RunProgress) { self.progress = progress }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard !hasAnswered else { return }
      hasAnswered = true
      let channel = context.channel
      let progress = progress
      Task {
        let body = await progress.metrics
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: "
        let text = head + "\(body.utf8.count)\r\nConnection: close\r\n\r\n" + body
        try? await channel.writeAndFlush(ByteBuffer(string: text))
        try? await channel.close()
      }
    }
  }
}
