/// What makes one vector of a video's picture.
package enum VideoEmbedder: Sendable {
  /// From the frames of the one decoding pass.
  case frames(any FrameEmbedder)
  /// By a program that gets the file.
  case command(CommandVideoEmbedder)

  package var identity: ModelIdentity {
    switch self {
    case .frames(let embedder): embedder.identity
    case .command(let embedder): embedder.identity
    }
  }
}

/// Starts one accumulation of frames for each video.
package protocol FrameEmbedder: Sendable {
  var identity: ModelIdentity { get }
  /// How many frames a second it wants.
  var framesPerSecond: Int { get }

  /// - Parameter durationSeconds: how much of the video is decoded, where that is known.
  func accumulator(durationSeconds: Double?) -> any FrameAccumulator
}

/// Takes the frames of one video in order and makes a vector of them.
package protocol FrameAccumulator: Sendable {
  mutating func add(_ frame: Frame)
  /// Of length 1; nil where there was nothing to look at.
  func vector() async throws(StageError) -> [Float]?
}

/// The descriptor that needs no model.
package struct ClassicalEmbedder: FrameEmbedder {
  package init() {}

  package var identity: ModelIdentity { ClassicalDescriptor.identity }
  package var framesPerSecond: Int { ClassicalDescriptor.framesPerSecond }

  package func accumulator(durationSeconds: Double?) -> any FrameAccumulator { ClassicalDescriptor() }
}

extension ClassicalDescriptor: FrameAccumulator {}
