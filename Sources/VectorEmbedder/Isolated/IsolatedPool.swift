/// The children of this program for one plan: as many as are busy at once, up to a limit, each started when it is
/// needed and used again until it faults.
actor IsolatedPool {
  nonisolated let plan: IsolatedPlan
  nonisolated let processesMax: Int
  private let program: IsolatedProgram
  private let timeLimit: Duration
  /// Processes that are not asked anything; only as many exist as were busy at once.
  private var idle: [IsolatedProcess] = []
  private var freePlaces: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []
  /// What `ready` said; 0 before the first process is open.
  private(set) var dimension = 0
  /// How many were started.
  private(set) var startCount = 0

  /// - Parameter timeLimit: for one request, and for opening a model.
  init(
    _ plan: IsolatedPlan, processesMax: Int, timeLimit: Duration, program: IsolatedProgram = .this
  ) {
    precondition(processesMax > 0)
    self.plan = plan
    self.processesMax = processesMax
    freePlaces = processesMax
    self.timeLimit = timeLimit
    self.program = program
  }

  /// Opens the first process.
  ///
  /// - Returns: the vectors' dimension, 0 where the plan has none.
  func open() async throws(StageError) -> Int {
    try await borrow(.settings) { _ throws(IsolatedFault) in }
    return dimension
  }

  /// Asks a free process, or a new one, or waits for one.
  ///
  /// A process that answered before and dies with this request may have been ill already, so a fresh one is asked
  /// too before the request gets the blame.
  ///
  /// - Parameter timeLimit: for this request, without waiting for a process; nil takes the pool's.
  /// - Throws: an error of this stage, with the end of the standard error of a process that ended.
  func ask(
    _ request: IsolatedRequest, numbers: [Float] = [], stage: Stage, timeLimit: Duration? = nil
  ) async throws(StageError) -> IsolatedMessage<IsolatedAnswer> {
    let timeLimit = timeLimit ?? self.timeLimit
    let answer = try await borrow(stage) { (process) throws(IsolatedFault) in
      try await Self.ask(process, request, numbers, timeLimit)
    }
    if case .refused(let reason) = answer.head { throw StageError(stage, reason) }
    return answer
  }

  /// The vectors of an answer.
  ///
  /// - Throws: where they are not `count` of the dimension.
  nonisolated func vectors(
    _ answer: IsolatedMessage<IsolatedAnswer>, count: Int, dimension: Int, stage: Stage
  ) throws(StageError) -> [[Float]] {
    guard answer.head == .vectors(count: count), answer.numbers.count == count * dimension else {
      throw StageError(
        stage, "the model gave \(answer.numbers.count) numbers for \(count) vectors of \(dimension)")
    }
    return (0..<count).map { Array(answer.numbers[($0 * dimension)..<(($0 + 1) * dimension)]) }
  }

  private func borrow<Value: Sendable>(
    _ stage: Stage, _ body: @Sendable (IsolatedProcess) async throws(IsolatedFault) -> Value
  ) async throws(StageError) -> Value {
    if freePlaces > 0 {
      freePlaces -= 1
    } else {
      // Whoever is done hands its place over.
      await withCheckedContinuation { waiting.append($0) }
    }
    defer { if waiting.isEmpty { freePlaces += 1 } else { waiting.removeFirst().resume() } }
    var used = idle.popLast()
    while true {
      let process: IsolatedProcess
      if let used { process = used } else { process = try await opened(stage) }
      do {
        let value = try await body(process)
        idle.append(process)
        return value
      } catch {
        if used != nil, !error.isTimeout, !Task.isCancelled {
          used = nil
          continue
        }
        throw StageError(stage, error.reason, standardErrorTail: error.standardErrorTail)
      }
    }
  }

  private func opened(_ stage: Stage) async throws(StageError) -> IsolatedProcess {
    startCount += 1
    let process = IsolatedProcess(program)
    do throws(IsolatedFault) {
      let answer = try await Self.ask(process, .open(plan), [], timeLimit)
      switch answer.head {
      case .ready(let dimension): self.dimension = dimension
      case .refused(let reason): throw IsolatedFault(reason)
      default: throw IsolatedFault("the process of this model gave another answer than asked for")
      }
    } catch {
      throw StageError(stage, error.reason, standardErrorTail: error.standardErrorTail)
    }
    return process
  }

  private static func ask(
    _ process: IsolatedProcess, _ request: IsolatedRequest, _ numbers: [Float], _ timeLimit: Duration
  ) async throws(IsolatedFault) -> IsolatedMessage<IsolatedAnswer> {
    let body = try IsolatedMessage(request, numbers: numbers).body()
    return try IsolatedMessage(body: try await process.ask(body, timeLimit: timeLimit))
  }
}
