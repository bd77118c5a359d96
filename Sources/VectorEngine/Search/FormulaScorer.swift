import VectorIndex
import VectorModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Scores candidates by a formula over prefetches' scores and payloads.
struct FormulaScorer {
  private let formula: Formula
  private let view: View
  /// By prefetch: the score of each point that it found.
  private let scores: [[UInt32: Float]]
  private var conditions: [Filter: FilterEvaluator] = [:]
  private let readsPayload: Bool

  /// - Parameter lists: what the prefetches found.
  init(_ formula: Formula, lists: [[RankedSlot]], view: View) {
    self.formula = formula
    self.view = view
    scores = lists.map { list in
      Dictionary(list.map { ($0.slot, $0.score) }, uniquingKeysWith: { first, _ in first })
    }
    var conditions: [Filter: FilterEvaluator] = [:]
    var readsPayload = false
    formula.expression.forEach { part in
      switch part {
      case .payload, .geoDistance, .datetime: readsPayload = true
      case .condition(let filter):
        let evaluator = FilterEvaluator(filter)
        if evaluator.needsPayload { readsPayload = true }
        conditions[filter] = evaluator
      default: break
      }
    }
    self.conditions = conditions
    self.readsPayload = readsPayload
  }

  /// One candidate, with its payload read once.
  private struct Candidate {
    let slot: UInt32
    let id: PointID
    let bytes: [UInt8]
    let payload: JSONValue
  }

  /// - Throws: `badRequest` for a value that is missing or does not fit, and for a result that is not finite.
  mutating func score(_ slot: UInt32) throws(RequestError) -> Float {
    let bytes = try readsPayload ? view.payload(of: slot) : []
    let candidate = Candidate(
      slot: slot, id: view.state.points.id(of: slot), bytes: bytes,
      payload: bytes.isEmpty ? .object([]) : try JSONValue(parsing: bytes))
    let result = Float(try value(formula.expression, candidate))
    guard result.isFinite else { throw notFinite("the result", candidate) }
    return result
  }

  private mutating func value(
    _ expression: Formula.Expression, _ candidate: Candidate
  ) throws(RequestError) -> Double {
    switch expression {
    case .constant(let number): return number
    case .score(let place):
      if place < scores.count, let score = scores[place][candidate.slot] { return Double(score) }
      return formula.scoreDefaults[place] ?? 0
    case .payload(let path): return try number(path, candidate)
    case .condition(let filter):
      let view = view
      let holds = try conditions[filter]?.matches(payload: candidate.bytes, id: candidate.id) { name in
        view.state.vectors[name]?.row(of: candidate.slot) != nil
      }
      return holds == true ? 1 : 0
    case .geoDistance(let origin, let path): return origin.meters(to: try place(path, candidate))
    case .datetime(let path): return try seconds(path, candidate)
    case .sum(let parts):
      var sum = 0.0
      for part in parts { sum += try value(part, candidate) }
      return sum
    case .product(let parts):
      var product = 1.0
      for part in parts { product *= try value(part, candidate) }
      return product
    case .quotient(let left, let right, let byZero):
      let divisor = try value(right, candidate)
      if divisor == 0, let byZero { return byZero }
      return try finite(try value(left, candidate) / divisor, "`div`", candidate)
    case .power(let base, let exponent):
      return try finite(pow(try value(base, candidate), try value(exponent, candidate)), "`pow`", candidate)
    case .function(let function, let argument):
      return try finite(
        function.value(of: try value(argument, candidate)), "`\(function.rawValue)`", candidate)
    case .decay(let decay):
      let distance = abs(try value(decay.x, candidate) - (try value(decay.target, candidate)))
      return decay.value(at: distance)
    }
  }

  // MARK: - Payload values

  private func number(_ path: PayloadPath, _ candidate: Candidate) throws(RequestError) -> Double {
    if let number = candidate.payload.only(at: path)?.numericValue { return number }
    guard let number = formula.defaults[path]?.numericValue else {
      throw missing("number", path, candidate)
    }
    return number
  }

  private func place(_ path: PayloadPath, _ candidate: Candidate) throws(RequestError) -> GeoPoint {
    if let point = GeoPoint(candidate.payload.only(at: path)) { return point }
    guard let point = GeoPoint(formula.defaults[path]) else { throw missing("geo point", path, candidate) }
    return point
  }

  private func seconds(_ path: PayloadPath, _ candidate: Candidate) throws(RequestError) -> Double {
    for value in [candidate.payload.only(at: path), formula.defaults[path]] {
      if case .string(let text)? = value, let instant = Datetime.microseconds(parsing: text) {
        return Double(instant) / 1e6
      }
    }
    throw missing("datetime", path, candidate)
  }

  private func missing(_ kind: String, _ path: PayloadPath, _ candidate: Candidate) -> RequestError {
    .badRequest("`formula`: point \(candidate.id) has no \(kind) at `\(path)`, and `defaults` has none")
  }

  private func finite(
    _ value: Double, _ what: String, _ candidate: Candidate
  ) throws(RequestError) -> Double {
    guard value.isFinite else { throw notFinite(what, candidate) }
    return value
  }

  private func notFinite(_ what: String, _ candidate: Candidate) -> RequestError {
    .badRequest("`formula`: \(what) of point \(candidate.id) is not a finite number")
  }
}

extension Formula.Function {
  fileprivate func value(of x: Double) -> Double {
    switch self {
    case .negative: -x
    case .absolute: abs(x)
    case .squareRoot: x.squareRoot()
    case .exponential: exp(x)
    case .commonLogarithm: log10(x)
    case .naturalLogarithm: log(x)
    }
  }
}

extension Formula.Decay {
  fileprivate func value(at distance: Double) -> Double {
    switch shape {
    case .linear: max(0, 1 - (1 - midpoint) / scale * distance)
    case .exponential: exp(log(midpoint) / scale * distance)
    case .gaussian: exp(log(midpoint) / (scale * scale) * distance * distance)
    }
  }
}

extension JSONValue {
  /// The one value at a path, or the one element of the array there; nil where there are none or several.
  fileprivate func only(at path: PayloadPath) -> JSONValue? {
    var found = [self]
    for segment in path.segments {
      found = found.flatMap { value -> [JSONValue] in
        switch (segment, value) {
        case (.key(let name), .object(let members)):
          members.first { $0.key.hasSameBytes(as: name) }.map { [$0.value] } ?? []
        case (.index(let place), .array(let elements)): place < elements.count ? [elements[place]] : []
        case (.all, .array(let elements)): elements
        default: []
        }
      }
    }
    if found.count == 1, case .array(let elements) = found[0] { found = elements }
    return found.count == 1 ? found[0] : nil
  }
}
