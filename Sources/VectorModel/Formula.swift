/// How the query `formula` scores a candidate.
package struct Formula: Hashable, Sendable {
  package indirect enum Expression: Hashable, Sendable {
    case constant(Double)
    /// The score that the prefetch at this place gave.
    case score(Int)
    /// A number of the payload.
    case payload(PayloadPath)
    /// 1 where the filter holds, otherwise 0.
    case condition(Filter)
    /// Metres along a great circle to a place of the payload.
    case geoDistance(origin: GeoPoint, to: PayloadPath)
    /// Seconds since 1970 of a payload's instant.
    case datetime(PayloadPath)
    case sum([Expression])
    case product([Expression])
    case quotient(Expression, Expression, byZero: Double?)
    case power(Expression, exponent: Expression)
    case function(Function, Expression)
    case decay(Decay)
  }

  package enum Function: String, Hashable, Sendable, CaseIterable {
    case negative = "neg"
    case absolute = "abs"
    case squareRoot = "sqrt"
    case exponential = "exp"
    case commonLogarithm = "log10"
    case naturalLogarithm = "ln"
  }

  /// 1 at the target, and `midpoint` at a distance of `scale` from it.
  package struct Decay: Hashable, Sendable {
    package enum Shape: String, Hashable, Sendable, CaseIterable {
      case linear = "lin_decay"
      case exponential = "exp_decay"
      case gaussian = "gauss_decay"
    }

    package var shape: Shape
    package var x: Expression
    package var target: Expression
    /// Above 0.
    package var scale: Double
    /// Between 0 and 1.
    package var midpoint: Double

    package init(
      shape: Shape, x: Expression, target: Expression = .constant(0), scale: Double = 1,
      midpoint: Double = 0.5
    ) {
      self.shape = shape
      self.x = x
      self.target = target
      self.scale = scale
      self.midpoint = midpoint
    }
  }

  package var expression: Expression
  /// Values of paths where a payload has none that fits.
  package var defaults: [PayloadPath: JSONValue] = [:]
  /// Scores of points that a prefetch did not find, by its place; 0 where none is given.
  package var scoreDefaults: [Int: Double] = [:]

  /// How many expressions one formula may have.
  package static let expressionsMax = 4096
}

extension Formula.Expression {
  /// Calls `body` with this expression and each one in it.
  package func forEach(_ body: (Formula.Expression) -> Void) {
    body(self)
    switch self {
    case .constant, .score, .payload, .condition, .geoDistance, .datetime: break
    case .sum(let parts), .product(let parts): for part in parts { part.forEach(body) }
    case .quotient(let left, let right, byZero: _):
      left.forEach(body)
      right.forEach(body)
    case .power(let base, let exponent):
      base.forEach(body)
      exponent.forEach(body)
    case .function(_, let argument): argument.forEach(body)
    case .decay(let decay):
      decay.x.forEach(body)
      decay.target.forEach(body)
    }
  }
}
