import Synchronization
import VectorModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The value of the `Date` header (RFC 9110, section 5.6.7), made once a second.
final class HTTPDate: Sendable {
  private struct Made: Sendable {
    var second: Int64 = .min
    var text = ""
  }

  private let made = Mutex(Made())

  /// The header's value for now.
  var now: String { text(at: Int64(time(nil))) }

  /// The header's value for a moment in seconds since 1970-01-01T00:00:00Z.
  func text(at second: Int64) -> String {
    made.withLock { made in
      if made.second != second { made = Made(second: second, text: Self.text(second)) }
      return made.text
    }
  }

  private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// `Sun, 06 Nov 1994 08:49:37 GMT`; 1970-01-01 was a Thursday.
  private static func text(_ second: Int64) -> String {
    let fields = Datetime.text(microseconds: second * 1_000_000).split { "-T:Z.".contains($0) }
    guard fields.count >= 6, second >= 0, let month = Int(fields[1]) else { return "" }
    let weekday = weekdays[Int(second / 86_400 % 7)]
    return
      "\(weekday), \(fields[2]) \(months[month - 1]) \(fields[0]) \(fields[3]):\(fields[4]):\(fields[5]) GMT"
  }
}
