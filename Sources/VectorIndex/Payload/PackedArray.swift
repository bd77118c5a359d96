package import VectorModel

/// Numbers of a fixed width, little end first, in a slice of any alignment.
package struct PackedArray<Element: FixedWidthInteger & BitwiseCopyable & Sendable>: Sendable {
  let slice: MemorySlice
  package let count: Int

  /// All of `slice`; nil where its length is no multiple of the element's.
  package init?(_ slice: MemorySlice) {
    guard slice.count % MemoryLayout<Element>.size == 0 else { return nil }
    self.slice = slice
    count = slice.count / MemoryLayout<Element>.size
  }

  package init(_ elements: [Element]) {
    slice = MemorySlice(MemoryRegion(copying: Self.bytes(of: elements)))
    count = elements.count
  }

  package subscript(index: Int) -> Element {
    precondition(index >= 0 && index < count)
    return unsafe Element(
      littleEndian: slice.bytes.loadUnaligned(
        fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self))
  }

  /// Calls `body` with the elements of `range`, in order.
  @inline(__always) func forEach(in range: Range<Int>, _ body: (Element) -> Void) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    guard let base = unsafe slice.bytes.baseAddress else { return }
    var address = unsafe base + range.lowerBound * MemoryLayout<Element>.size
    for _ in range {
      unsafe body(Element(littleEndian: address.loadUnaligned(as: Element.self)))
      unsafe address += MemoryLayout<Element>.size
    }
  }

  /// A copy of the elements of `range`.
  func elements(in range: Range<Int>) -> [Element] {
    var elements: [Element] = []
    elements.reserveCapacity(range.count)
    forEach(in: range) { elements.append($0) }
    return elements
  }

  /// The first index from which on `isBelow` is false; it must be true for a prefix only.
  /// - Complexity: O(log count).
  func partition(_ isBelow: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isBelow(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Whether each element is greater than the one before it.
  var isStrictlyAscending: Bool {
    var last: Element?
    var isAscending = true
    forEach(in: 0..<count) { element in
      if let last, !(last < element) { isAscending = false }
      last = element
    }
    return isAscending
  }

  /// Whether these are offsets into `length` things: ascending from 0 to `length`, one more than there are spans.
  func areOffsets(of length: Int, spans: Int) -> Bool {
    guard count == spans + 1, Int(exactly: self[0]) == 0, Int(exactly: self[count - 1]) == length else {
      return false
    }
    var last: Element = 0
    var isAscending = true
    forEach(in: 0..<count) { element in
      if element < last { isAscending = false }
      last = element
    }
    return isAscending
  }

  static func bytes(of elements: [Element]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(elements.count * MemoryLayout<Element>.size)
    for element in elements { bytes.append(element) }
    return bytes
  }
}

extension [UInt8] {
  /// Appends a number, little end first.
  mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    var rest = number
    for _ in 0..<MemoryLayout<Number>.size {
      append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }
}
