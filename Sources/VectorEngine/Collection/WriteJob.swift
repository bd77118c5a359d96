import VectorModel
import VectorStorage

/// What a collection's writer does, in the order of arrival.
enum WriteJob: Sendable {
  /// Operations resolved and applied one after the other; the first that does not fit ends the job.
  case write([WriteOperation], UpdateParameters, Completion<[UInt64]>)
  /// A change of the configuration, derived from the one before.
  case configure(
    @Sendable (CollectionConfiguration) throws(RequestError) -> CollectionConfiguration, Completion<UInt64>)
  /// What is due by time: commits, sealing, cutting the log.
  case tick
  /// Keeps the log from the store's last operation on, for a snapshot.
  case pin(Completion<LogPin>)
  /// A commit of the store that ran beside the writer has ended.
  case committed
  /// The end of a pin.
  case unpin(LogPin)
  /// No more writes are taken until a restart.
  case refuse(RequestError)
  /// A finished build takes the place of what it was built from.
  case install(BuildOutcome)
  /// The store was written anew, or that failed.
  case compacted(Result<Void, StorageError>)
  /// The store takes over everything and all is closed.
  case close(Completion<Void>)
}

/// Called exactly once, from any thread.
typealias Completion<Value> = @Sendable (Result<Value, RequestError>) -> Void
