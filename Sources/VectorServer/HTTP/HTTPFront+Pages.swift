import VectorModel

extension HTTPFront {
  /// A page of the server itself.
  func answer(_ page: ServerPage) -> HTTPReply {
    switch page {
    case .root: root()
    case .healthz, .livez: .text(200, "healthz check passed")
    case .readyz: readyz()
    case .metrics: HTTPReply(status: 200, contentType: .metrics, bytes: metricsText())
    case .telemetry: telemetry()
    case .issues:
      result {
        $0.object {
          $0.key("issues"); $0.array { _ in }
        }
      }
    case .clearIssues: result { $0.bool(true) }
    case .cluster:
      result {
        $0.object {
          $0.key("status"); $0.string("disabled")
        }
      }
    }
  }

  private func result(_ write: (inout JSONWriter) -> Void) -> HTTPReply {
    Envelope.success(elapsedNanoseconds: 0, result: write)
  }

  /// Not in an envelope: clients read `version` here and compare it with their own.
  private func root() -> HTTPReply {
    var writer = JSONWriter()
    writer.object { writer in
      for (key, value) in identity.members {
        writer.key(key)
        writer.string(value)
      }
    }
    return HTTPReply(status: 200, contentType: .json, bytes: writer.bytes)
  }

  private func readyz() -> HTTPReply {
    switch readiness.phase {
    case .ready: .text(200, "all shards are ready")
    case .starting: .text(503, "the server is starting")
    case .stopping: .text(503, "the server is stopping")
    }
  }

  private func metricsText() -> [UInt8] {
    var text = MetricsText()
    text.write(
      MetricFamily(
        name: "app_info", help: "name and version of the server", kind: .gauge,
        samples: [
          .init(1, labels: [("name", ServerIdentity.name), ("version", ServerIdentity.version)])
        ]))
    metrics.write(to: &text)
    for family in ProcessUsage.current().metrics { text.write(family) }
    for source in sources {
      for family in source.metrics() { text.write(family) }
    }
    return text.bytes
  }

  /// What is known without asking the engine: the server, and its requests by route and status.
  private func telemetry() -> HTTPReply {
    result { writer in
      writer.object { writer in
        writer.key("app")
        writer.object { writer in
          writer.key("name")
          writer.string(ServerIdentity.name)
          writer.key("version")
          writer.string(ServerIdentity.version)
        }
        writer.key("requests")
        writer.object { writer in
          writer.key("rest")
          writer.object { writer in
            writer.key("responses")
            metrics.writeTelemetry(to: &writer)
          }
        }
      }
    }
  }
}
