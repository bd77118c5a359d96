import VectorIndex
import VectorModel

/// The points of the filter that one thread evaluated last on one view: queries of a batch and prefetches often share it.
final class FilterMemo {
  private var last: (filter: Filter, slots: Bitset)?

  func slots(
    of filter: Filter, _ evaluate: () throws(RequestError) -> Bitset
  ) throws(RequestError) -> Bitset {
    if let last, last.filter == filter { return last.slots }
    let slots = try evaluate()
    last = (filter, slots)
    return slots
  }
}
