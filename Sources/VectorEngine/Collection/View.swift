import CScheduling
import Synchronization
import VectorIndex
import VectorModel
import VectorStorage

/// One published state of a collection, with the store for what is not in memory. Immutable: a request loads
/// it once and searches without a lock.
final class View: Sendable {
  let state: CollectionState
  let store: PointStore
  /// Where the newest view is found, to tell a point that has gone since from one that the store has lost. It
  /// holds the newest view, so a view does not hold it.
  private weak let published: PublishedView?

  init(state: CollectionState, store: PointStore, published: PublishedView?) {
    self.state = state
    self.store = store
    self.published = published
  }

  /// The slots of the living points that match.
  /// - Throws: `timeout` from `checkDeadline`; `internalError` when the store is damaged.
  func slots(
    matching filter: Filter, checkDeadline: () throws(RequestError) -> Void = {}
  ) throws(RequestError) -> Bitset {
    try state.payloads.resolve(filter, filterContext, checkDeadline: checkDeadline)
  }

  /// Whether both are views of one collection, perhaps of different moments.
  func isOfSameCollection(as other: View) -> Bool { published != nil && published === other.published }

  /// How a filter asks about this view's points.
  var filterContext: FilterContext {
    FilterContext(
      alive: state.points.alive,
      id: { [state] in state.points.id(of: $0) },
      slot: { [state] in state.points.slot(of: $0) },
      vectors: { [state] in state.vectors[$0]?.present },
      payload: { [self] slot throws(RequestError) in try payload(of: slot) })
  }

  /// The payload of a slot that lives in this view; empty where the point has none.
  func payload(of slot: UInt32) throws(RequestError) -> [UInt8] {
    try state.payload(of: slot, self)
  }
}

extension View: PayloadSource {
  func payload(number: UInt64, id: PointID) throws(RequestError) -> [UInt8] {
    do throws(StorageError) {
      let point = try store.read { (reader) throws(StorageError) in try reader.point(number) }
      if let point { return point.payload }
    } catch {
      if error.isDamage { published?.damage.note(error.description) }
      throw error.requestError
    }
    try checkGone(number: number, id: id)
    return []
  }

  /// Returns when the newest view no longer has the point under this number.
  private func checkGone(number: UInt64, id: PointID) throws(RequestError) {
    let newest = published?.load().state ?? state
    guard let slot = newest.points.slot(of: id), newest.points[slot].number == number else { return }
    let what = "point \(id) (number \(number)) is missing in \(store.path)"
    published?.damage.note(what)
    throw .internalError(what)
  }
}

/// The place of a collection's newest view, and of what readers found damaged.
final class PublishedView: Sendable {
  private let view: Mutex<View?> = Mutex(nil)
  /// Milliseconds since 1970 at the last search; 0 before the first.
  private let lastSearch = Atomic<UInt64>(0)
  let damage: DamageNote

  init(damage: DamageNote) { self.damage = damage }

  func noteSearch() {
    lastSearch.store(currentMilliseconds(), ordering: .relaxed)
    scheduling_note_search()
  }

  /// Whether a search has come within so many milliseconds.
  func isSearched(withinMilliseconds milliseconds: Int) -> Bool {
    let (end, overflow) = lastSearch.load(ordering: .relaxed).addingReportingOverflow(UInt64(milliseconds))
    return overflow || end >= currentMilliseconds()
  }

  func store(_ new: View) {
    // Whoever holds the old view last frees it, which is not to happen while searches wait for the lock.
    let old = view.withLock { view in
      defer { view = new }
      return view
    }
    withExtendedLifetime(old) {}
  }

  /// - Precondition: a view was stored.
  func load() -> View {
    guard let view = view.withLock({ $0 }) else { preconditionFailure("no view was published") }
    return view
  }
}
