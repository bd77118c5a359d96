import VectorModel

/// One stream of writes of a connection, on its event loop: carries out the steps of its state.
final class BinaryStream {
  let id: UInt32
  private var state: IngestState
  private let front: BinaryFront
  /// The window's bytes, reserved while the stream lives.
  private let share: BodyBudget.Share?
  /// Brings what another thread has found out back to the loop.
  private let onLoop: @Sendable (_ id: UInt32, _ body: @escaping @Sendable (BinaryStream) -> Void) -> Void
  private let output: (BinaryStream, Output) -> Void
  private var isRunning = false

  /// What the connection is to tell the client.
  enum Output {
    case acknowledge(Acknowledgement)
    case fail(RequestError)
    case finish
  }

  init(
    id: UInt32, _ opening: StreamOpening, front: BinaryFront, share: BodyBudget.Share?,
    onLoop: @escaping @Sendable (UInt32, @escaping @Sendable (BinaryStream) -> Void) -> Void,
    output: @escaping (BinaryStream, Output) -> Void
  ) {
    self.id = id
    state = IngestState(opening)
    self.front = front
    self.share = share
    self.onLoop = onLoop
    self.output = output
  }

  func receive(_ body: [UInt8], frameBytes: Int) {
    state.received(body, frameBytes: frameBytes)
    run()
  }

  func close() {
    state.close()
    run()
  }

  func stop(_ error: RequestError) {
    state.stop(error)
    run()
  }

  /// Takes steps until one must be waited for. A step that ends at once comes back here, and is let go on below.
  private func run() {
    guard !isRunning else { return }
    isRunning = true
    while let step = state.next() { take(step) }
    isRunning = false
  }

  private func take(_ step: IngestState.Step) {
    let (id, onLoop) = (id, onLoop)
    switch step {
    case .decode(_, let body):
      front.decode(body) { result in
        onLoop(id) { stream in
          stream.state.decoded(result)
          stream.run()
        }
      }
    case .write(let operation, let stamp):
      front.write(operation, stamp, to: state.collection) { result in
        onLoop(id) { stream in
          stream.state.written(result)
          stream.run()
        }
      }
    case .acknowledge(let acknowledgement): output(self, .acknowledge(acknowledgement))
    case .fail(let error): output(self, .fail(error))
    case .finish: output(self, .finish)
    }
  }
}
