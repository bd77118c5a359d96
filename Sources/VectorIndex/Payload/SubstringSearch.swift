/// A text that is looked for inside others, byte by byte (Knuth, Morris and Pratt 1977, section 2).
struct SubstringSearch: Sendable {
  private let pattern: [UInt8]
  /// The length of the longest proper border of each prefix.
  private let borders: [Int]

  init(_ text: String) {
    let pattern = Array(text.utf8)
    var borders = [Int](repeating: 0, count: pattern.count)
    var length = 0
    for index in pattern.indices.dropFirst() {
      while length > 0, pattern[index] != pattern[length] { length = borders[length - 1] }
      if pattern[index] == pattern[length] { length += 1 }
      borders[index] = length
    }
    self.pattern = pattern
    self.borders = borders
  }

  /// Whether the pattern stands anywhere in `text`; an empty one stands everywhere.
  /// - Complexity: O(length of the text).
  func isFound(in text: String) -> Bool {
    if pattern.isEmpty { return true }
    if text.utf8.count < pattern.count { return false }
    var length = 0
    for byte in text.utf8 {
      while length > 0, byte != pattern[length] { length = borders[length - 1] }
      if byte == pattern[length] { length += 1 }
      if length == pattern.count { return true }
    }
    return false
  }
}
