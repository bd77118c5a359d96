/// Gathers the texts of several videos into one call of the model.
///
/// A call takes what is there. While one computes, the texts of other videos gather for the next, so nobody waits on
/// purpose and calls grow with the load.
package actor TextBatcher {
  package nonisolated let embedder: any TextEmbedder
  private let budget: CoreBudget
  private let callLimit: Duration
  private let videoLimit: Duration
  private let now: StageDeadline.Clock
  private var waiting: [Waiting] = []
  /// Calls of the model that are under way.
  private(set) var callCount = 0
  /// What was embedded so far, in how many calls.
  package private(set) var textCount = 0
  package private(set) var batchCount = 0

  /// Texts that no call has taken yet.
  var waitingCount: Int { waiting.reduce(0) { $0 + $1.texts.count } }

  /// Texts in one call, unless one video alone has more at once.
  package static let textsMax = 32

  private struct Waiting {
    var texts: [String]
    /// What the video's texts took before.
    var spent: Duration
    var continuation: CheckedContinuation<Result<Answer, StageError>, Never>
  }

  package struct Answer: Sendable {
    package var vectors: [[Float]]
    /// The part of the call's time that these texts were.
    package var share: Duration
  }

  /// - Parameters:
  ///   - callLimit: the time for one call of the model.
  ///   - videoLimit: the time for all texts of one video.
  package init(
    _ embedder: any TextEmbedder, budget: CoreBudget, callLimit: Duration, videoLimit: Duration,
    now: @escaping StageDeadline.Clock = { ContinuousClock.now }
  ) {
    self.embedder = embedder
    self.budget = budget
    self.callLimit = callLimit
    self.videoLimit = videoLimit
    self.now = now
  }

  /// One vector for each text.
  ///
  /// - Parameter spent: what the video's texts took before; waiting for other videos is not counted.
  /// - Throws: what the model says about these texts alone: a fault that others brought is not theirs.
  package func embed(_ texts: [String], spent: Duration = .zero) async throws(StageError) -> Answer {
    try deadline(afterSpending: spent).check()
    let result = await withCheckedContinuation { continuation in
      waiting.append(Waiting(texts: texts, spent: spent, continuation: continuation))
      // One call gathers; another is worth its core only when a full one waits.
      let callsMax = min(budget.cores, embedder.callsMax)
      if callCount == 0 || (callCount < callsMax && waitingCount >= Self.textsMax) {
        callCount += 1
        Task { await self.embedAll() }
      }
    }
    return try result.get()
  }

  /// For one video's texts, beginning now.
  private nonisolated func deadline(afterSpending spent: Duration) -> StageDeadline {
    StageDeadline(.text, videoLimit, spent: spent, now: now)
  }

  private func embedAll() async {
    while !waiting.isEmpty {
      await budget.take(isUrgent: true)
      await embedNext()
      await budget.giveBack()
    }
    callCount -= 1
  }

  private func embedNext() async {
    var batch: [Waiting] = []
    var count = 0
    while let next = waiting.first, batch.isEmpty || count + next.texts.count <= Self.textsMax {
      batch.append(waiting.removeFirst())
      count += next.texts.count
    }
    if batch.isEmpty { return }
    batchCount += 1
    textCount += count
    do {
      let answers = try await answers(to: batch)
      for (entry, answer) in zip(batch, answers) { entry.continuation.resume(returning: .success(answer)) }
    } catch {
      guard batch.count > 1 else {
        for entry in batch { entry.continuation.resume(returning: .failure(error)) }
        return
      }
      for entry in batch {
        do throws(StageError) {
          let answer = try await answers(to: [entry])[0]
          entry.continuation.resume(returning: .success(answer))
        } catch {
          entry.continuation.resume(returning: .failure(error))
        }
      }
    }
  }

  private func answers(to batch: [Waiting]) async throws(StageError) -> [Answer] {
    let texts = batch.flatMap(\.texts)
    // The one that is over first; whoever has more time left is asked for again alone.
    var deadline = StageDeadline(.text, callLimit, now: now)
    let call = deadline
    for entry in batch {
      let own = self.deadline(afterSpending: entry.spent)
      if own.remaining < deadline.remaining { deadline = own }
    }
    let vectors = try await embedder.embed(texts, as: .passage, by: deadline)
    guard vectors.count == texts.count else {
      throw StageError(.text, "the model gave \(vectors.count) vectors for \(texts.count) texts")
    }
    let one = call.spent / texts.count
    var rest = vectors[...]
    return batch.map { entry in
      defer { rest = rest.dropFirst(entry.texts.count) }
      return Answer(vectors: Array(rest.prefix(entry.texts.count)), share: one * entry.texts.count)
    }
  }
}
