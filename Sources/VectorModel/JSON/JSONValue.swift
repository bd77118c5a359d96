/// Any JSON value, with numbers as exact as the text had them.
///
/// Integers that fit 64 bits stay integers; everything else with digits is a double. `1` and `1.0` differ, and
/// so do objects whose members stand in another order.
package enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// Only values above `Int64.max`; smaller ones are `integer`.
  case unsigned(UInt64)
  /// Always finite.
  case double(Double)
  case string(String)
  case array([JSONValue])
  /// In the order of the text, each key once.
  case object([Member])

  /// One key of an object and its value.
  package struct Member: Hashable, Sendable {
    package var key: String
    package var value: JSONValue

    package init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }
}

extension JSONValue {
  /// The number as a double, as ranges and formulas compare it; nil for anything else.
  package var numericValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  /// Objects up to this size are searched for repeated keys member by member.
  private static let fewMembers = 16

  /// An object of `members`; a repeated key keeps its first place and takes its last value.
  ///
  /// Keys are the same when their UTF-8 is; Unicode's canonical equivalence does not count.
  ///
  /// - Complexity: linear in the number of members.
  package init(members: [Member]) {
    var unique: [Member] = []
    unique.reserveCapacity(members.count)
    if members.count <= Self.fewMembers {
      for member in members {
        if let place = unique.firstIndex(where: { $0.key.utf8.elementsEqual(member.key.utf8) }) {
          unique[place].value = member.value
        } else {
          unique.append(member)
        }
      }
    } else {
      var places: [[UInt8]: Int] = [:]
      for member in members {
        let key = Array(member.key.utf8)
        if let place = places[key] {
          unique[place].value = member.value
        } else {
          places[key] = unique.count
          unique.append(member)
        }
      }
    }
    self = .object(unique)
  }

  /// Reads one complete JSON text.
  ///
  /// - Throws: status 400 with the place of what is wrong.
  package init(parsing bytes: [UInt8]) throws(RequestError) {
    self = try JSONReader.read(bytes) { (reader) throws(RequestError) in try reader.readValue() }
  }

  /// The value of an object's member; nil when it is missing or when this is no object.
  ///
  /// - Complexity: linear in the number of members.
  package subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }
}
