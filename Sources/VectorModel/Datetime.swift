/// Instants as payloads write them: RFC 3339, and the naive forms down to `YYYY-MM-DD`, which are read as UTC.
package enum Datetime {
  /// Microseconds since 1970-01-01T00:00:00Z, or nil where the text is no instant.
  ///
  /// Accepted: a date; `T` or a space; `HH:MM[:SS[.fraction]]`; then `Z`, `±HH:MM`, `±HHMM`, `±HH` or nothing.
  /// Digits of the fraction beyond the sixth are cut off.
  /// - Complexity: O(length of the text).
  package static func microseconds(parsing text: String) -> Int64? {
    var scanner = Scanner(text: Array(text.utf8))
    guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2), scanner.take("-"),
      let day = scanner.digits(2), (1...12).contains(month), (1...daysInMonth(year, month)).contains(day)
    else { return nil }
    let days = daysSinceEpoch(year, month, day)
    if scanner.isAtEnd { return days * 86_400_000_000 }
    guard scanner.take("T") || scanner.take("t") || scanner.take(" "),
      let hour = scanner.digits(2), scanner.take(":"), let minute = scanner.digits(2), hour < 24, minute < 60
    else { return nil }
    var second = 0
    var microsecond = 0
    if scanner.take(":") {
      guard let value = scanner.digits(2), value <= 60 else { return nil }
      second = value
      if scanner.take(".") {
        guard let fraction = scanner.fraction() else { return nil }
        microsecond = fraction
      }
    }
    guard let offset = scanner.offsetSeconds(), scanner.isAtEnd else { return nil }
    let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset)
    return seconds * 1_000_000 + Int64(microsecond)
  }

  /// The instant as `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`.
  package static func text(microseconds: Int64) -> String {
    let day = floorDivide(microseconds, 86_400_000_000)
    let rest = Int(microseconds - day * 86_400_000_000)
    let (year, month, date) = civil(day)
    let second = rest / 1_000_000
    var text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(date, 2))"
    text += "T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    if rest % 1_000_000 != 0 { text += ".\(padded(rest % 1_000_000, 6))" }
    return text + "Z"
  }

  private static func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let quotient = value / divisor
    return value % divisor < 0 ? quotient - 1 : quotient
  }

  private static func daysInMonth(_ year: Int, _ month: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days of the proleptic Gregorian calendar; years count from March so that leap days come last.
  private static func daysSinceEpoch(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = Int(floorDivide(Int64(shifted), 400))
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return Int64(era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468)
  }

  private static func civil(_ days: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = Int(shifted - era * 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    let year = Int(era) * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
  }

  private struct Scanner {
    let text: [UInt8]
    var position = 0

    init(text: [UInt8]) { self.text = text }

    var isAtEnd: Bool { position == text.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func digits(_ count: Int) -> Int? {
      guard position + count <= text.count else { return nil }
      var value = 0
      for byte in text[position..<(position + count)] {
        guard (48...57).contains(byte) else { return nil }
        value = value * 10 + Int(byte - 48)
      }
      position += count
      return value
    }

    mutating func fraction() -> Int? {
      var value = 0
      var count = 0
      while position < text.count, (48...57).contains(text[position]) {
        if count < 6 { value = value * 10 + Int(text[position] - 48) }
        count += 1
        position += 1
      }
      guard count > 0 else { return nil }
      for _ in min(count, 6)..<6 { value *= 10 }
      return value
    }

    /// Seconds east of UTC; 0 where nothing stands.
    mutating func offsetSeconds() -> Int? {
      if isAtEnd || take("Z") || take("z") { return 0 }
      let isNegative = take("-")
      guard isNegative || take("+"), let hours = digits(2), hours < 24 else { return nil }
      var minutes = 0
      if !isAtEnd {
        _ = take(":")
        guard let value = digits(2), value < 60 else { return nil }
        minutes = value
      }
      return (isNegative ? -1 : 1) * (hours * 3600 + minutes * 60)
    }
  }
}
