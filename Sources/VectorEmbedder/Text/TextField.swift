extension Substring {
  /// Takes off what stands before the first separator, and that; nil at the end of the text.
  ///
  /// Where no separator comes within `countMax` scalars, takes off as many. So a text of any length is gone through in
  /// pieces of bounded size, without an array of all of them. A carriage return and a line feed are one separator.
  ///
  /// - Complexity: O(length of the field).
  mutating func popField(
    countMax: Int, until isSeparator: (Unicode.Scalar) -> Bool
  ) -> Substring? {
    guard !isEmpty else { return nil }
    var end = startIndex
    var count = 0
    while end < endIndex, count < countMax {
      let scalar = unicodeScalars[end]
      let next = unicodeScalars.index(after: end)
      if isSeparator(scalar) {
        let field = self[..<end]
        let isPair = scalar == "\r" && next < endIndex && unicodeScalars[next] == "\n"
        self = self[(isPair ? unicodeScalars.index(after: next) : next)...]
        return field
      }
      end = next
      count += 1
    }
    let field = self[..<end]
    self = self[end...]
    return field
  }
}

extension Unicode.Scalar {
  /// Whether a line ends with it.
  var isLineEnd: Bool {
    switch value {
    case 0x0A...0x0D, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}
