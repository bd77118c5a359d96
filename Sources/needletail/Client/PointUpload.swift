import VectorClient
import VectorModel

/// Puts batches of points into a collection: a request each, or all over a stream of the binary protocol.
final class PointUpload {
  private enum Way {
    case requests(RESTClient, path: String)
    case stream(IngestStream, of: VectorClient)
  }

  private let way: Way
  /// The file that the points come from.
  private let source: String
  /// How many points there are before the first batch and up to the end of each.
  private var counts = [0]

  /// - Parameter binaryPort: where the server speaks the binary protocol; absent are requests.
  init(
    of source: String, _ connection: ServerConnection, collection: String, binaryPort: Int?
  ) throws(RequestError) {
    self.source = source
    guard let binaryPort else {
      way = .requests(connection.rest, path: "/collections/\(pathSegment(collection))/points?wait=true")
      return
    }
    let endpoint = connection.transfer.endpoint
    var configuration = ClientConfiguration(
      host: endpoint.host, port: binaryPort, apiKey: connection.transfer.key)
    configuration.tls = endpoint.usesTLS ? ClientConfiguration.TLS() : nil
    let client = try VectorClient(configuration)
    way = .stream(client.ingest(into: collection), of: client)
  }

  /// Sends the next batch, each point as its JSON; a stream may still be writing it.
  ///
  /// - Throws: what the server says, and of which points; those before them are in.
  func put(_ points: [[UInt8]]) async throws(RequestError) {
    counts.append(counts[counts.count - 1] + points.count)
    var body = JSONWriter(reservingCapacity: 1 << 20)
    body.object { writer in
      writer.key("points")
      writer.array(points) { $0.raw($1) }
    }
    do throws(RequestError) {
      switch way {
      case .requests(let server, let path): _ = try await server.result(.PUT, path, body.bytes)
      case .stream(let stream, _):
        let upsert = try JSONReader.read(body.bytes) { (reader) throws(RequestError) in
          try UpsertOperation(json: &reader)
        }
        try await stream.send(.upsert(upsert))
      }
    } catch {
      throw await failure(error)
    }
  }

  /// Waits until all points are in.
  func finish() async throws(RequestError) {
    guard case .stream(let stream, let client) = way else { return }
    do throws(RequestError) { try await stream.close() } catch { throw await failure(error) }
    await client.shutdown()
  }

  /// Adds which points an error is about: those of the first batch that is not in.
  private func failure(_ error: RequestError) async -> RequestError {
    var (error, doneCount) = (error, counts.count - 2)
    if case .stream(let stream, _) = way {
      // A batch before may have failed, and says more.
      do throws(RequestError) { try await stream.flush() } catch let earlier { error = earlier }
      doneCount = Int(await stream.acknowledgedSequence)
    }
    guard doneCount + 1 < counts.count else { return error }
    return RequestError(
      error.code, "points \(counts[doneCount] + 1) to \(counts[doneCount + 1]) of \(source): \(error.message)"
    )
  }
}
