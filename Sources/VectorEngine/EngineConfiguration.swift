import VectorIndex
import VectorStorage

/// What an engine is told at its start; every limit of the engine has its place here.
package struct EngineConfiguration: Sendable {
  package var dataDirectory: String
  /// Threads that search; also how many searches run at once.
  package var searchThreads = 2
  /// Searches that wait for a thread; beyond it they are refused with 429.
  package var searchQueueMax = 4096
  /// Threads that write, each for one collection at a time; as many commit to the stores beside them.
  package var writerThreads = 4
  /// Threads of one background build.
  package var builderThreads = 2
  /// Writes that wait for one collection; beyond it they are refused with 429.
  package var writeQueueMax = 4096
  /// Collections held open at once; the least recently used idle ones are closed beyond it.
  package var openCollectionsMax = 256
  package var collectionsMax = 100_000
  /// The time of a request that names none.
  package var timeoutMilliseconds = 60_000
  /// Points whose values the store does not have yet before a commit.
  package var commitPointsMax = 1000
  package var commitMillisecondsMax = 200
  /// Points that one transaction takes out of the store.
  package var commitRemovalsMax = 16_384
  /// Bytes that the store does not have yet; above it writes wait for a commit.
  package var pendingBytesMax = 64 << 20
  package var logSegmentBytes = 32 << 20
  /// Bytes of log that only memory's tiers cover; above it the delta is sealed.
  package var logTailBytesMax = 256 << 20
  /// Rows that no part holds, or a twentieth of all where that is more, above which writes are answered later.
  package var unindexedRowsMax = 32_768
  /// The same for rows without links where somebody searches, but for bursts of two seconds.
  package var steadyUnindexedRowsMax = 4096
  /// Bytes of vectors that no part holds above which they are where nobody searches, if that is more.
  package var unsearchedBytesMax = 256 << 20
  /// How long after a search writes go on to be held to what searches can scan.
  package var searchedMilliseconds = 10_000
  /// One query in so many is searched again exactly, to measure recall; 0 none.
  package var recallInterval = 1000
  /// Whether rows get links where they lie while somebody searches; otherwise they get parts of their own.
  package var linksRows = true
  /// Rows without links that get some, in tiers of at least so many rows.
  package var linkedRowsMin = 512
  package var linkedTierRowsMin = 2048
  /// Rows behind the generation at which a part is built of those that have neither.
  package var frozenRowsMin = 16_384
  /// Parts of about one size behind the generation that are put together.
  package var frozenFanout = 4
  /// Rows behind the generation at which a new one is built at the latest, or this share of it where that is more.
  package var deltaRowsMax = 32_768
  package var deltaShareMax = 0.2
  /// The share while nobody searches.
  package var unsearchedDeltaShareMax = 1.0
  /// The share that is enough once no write has come for a while, of rows behind the generation or of dead ones.
  package var settledDeltaShareMax = 0.05
  package var settledDeadShareMax = 0.05
  package var settledMilliseconds = 5_000
  /// Rows of payload changes above sealed points and delta at which new index parts are built.
  package var overlayRowsMax = 131_072
  /// Log that is kept for restoring to a point in time, beyond what a restart needs; 0 keeps none.
  package var logRetentionBytes = 0
  package var logRetentionHours = 0
  /// Snapshots that are kept of each collection and of the storage; older ones go. 0 keeps all.
  package var snapshotsCountMax = 0
  package var snapshotsAgeHoursMax = 0
  package var snapshotURLs = SnapshotURLs.none
  /// When a store is written anew without its free pages.
  package var compaction = CompactionPolicy()
  /// How often everything is read and compared with its checksums; 0 never.
  package var scrubHours = 168
  /// The address space that a collection's store starts with.
  package var storeMapBytesMin = 64 << 20

  package init(dataDirectory: String) { self.dataDirectory = dataDirectory }
}

extension EngineConfiguration {
  var logOptions: SegmentedLog.Options {
    var options = SegmentedLog.Options()
    options.segmentBytes = UInt64(logSegmentBytes)
    return options
  }

  var storeOptions: PointStore.Options {
    var options = PointStore.Options()
    options.mapByteCountMin = storeMapBytesMin
    options.readersMax = searchThreads + writerThreads + 64
    return options
  }
}
