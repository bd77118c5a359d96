import Logging
import VectorIndex
import VectorModel
import VectorStorage

/// One open collection: its newest view for readers, and a serial queue for its writer.
final class Collection: Sendable {
  let id: UUID128
  let published: PublishedView
  private let queue: SerialQueue<WriteJob>
  private let writer: CollectionWriter

  /// Recovers the collection's files in `directory`.
  /// - Throws: naming the file that is damaged or missing.
  /// - Complexity: O(points not in a generation + log above the store).
  init(
    id: UUID128, directory: DataDirectory, environment: EngineEnvironment
  ) throws(RequestError) {
    self.id = id
    let shard = directory.shard(of: id)
    let damage = DamageNote(id: id, logger: environment.logger)
    published = PublishedView(damage: damage)
    let writer = CollectionWriter(
      id: id, shard: shard, environment: environment, published: published,
      recovered: try CollectionRecovery(
        shard, id: id, environment: environment, damage: damage, directory))
    self.writer = writer
    queue = SerialQueue(pool: environment.writers, countMax: environment.configuration.writeQueueMax) {
      jobs in
      writer.run(jobs)
    }
    writer.submitOutcome = { [weak queue] outcome in _ = queue?.submit(.install(outcome)) }
    // Where the queue is full or closed a later job finds the commit's end.
    writer.submitCommitted = { [weak queue] in _ = queue?.submit(.committed) }
    writer.submitCompaction = { [weak queue] outcome in _ = queue?.submit(.compacted(outcome)) }
    _ = queue.submit(.tick)
  }

  var view: View { published.load() }

  /// Hands a job to the writer; a job that is refused is answered at once.
  func submit(_ job: WriteJob) {
    switch queue.submit(job) {
    case .accepted: return
    case .full:
      job.fail(
        RequestError(.tooManyRequests, "Too many requests: the collection's queue of writes is full"))
    case .closed:
      job.fail(RequestError(.unavailable, "Service unavailable: the collection is being closed"))
    }
  }

  /// Ends the collection's work after everything that was submitted.
  func close(_ completion: @escaping Completion<Void>) {
    queue.close(after: .close(completion))
  }

  /// The operations, to read what is kept of them.
  var log: any OperationLog { writer.log }

  /// What is known to be damaged.
  var damage: DamageNote { published.damage }

  /// What `GET /collections/{name}` shows of the work in the background.
  var buildStatus: BuildStatus { writer.buildStatus }
}

extension WriteJob {
  fileprivate func fail(_ error: RequestError) {
    switch self {
    case .write(_, _, let completion): completion(.failure(error))
    case .configure(_, let completion): completion(.failure(error))
    case .close(let completion): completion(.failure(error))
    case .pin(let completion): completion(.failure(error))
    case .tick, .committed, .install, .compacted, .unpin, .refuse: break
    }
  }
}
