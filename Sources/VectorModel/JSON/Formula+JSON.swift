extension Formula {
  /// Reads what a query's `formula` and `defaults` say.
  /// - Throws: status 400 for what is no expression, 422 for values out of bounds and too many expressions.
  package init(_ formula: JSONValue, defaults: JSONValue?) throws(RequestError) {
    var writer = JSONWriter()
    formula.write(to: &writer)
    var budget = Self.expressionsMax
    expression = try JSONReader.read(writer.bytes) { (reader) throws(RequestError) in
      try Expression(json: &reader, budget: &budget)
    }
    guard case .object(let members)? = defaults else { return }
    for member in members {
      if let place = try Expression.score(member.key) {
        guard let number = member.value.numericValue else {
          throw .badRequest(
            "the default of \(member.key) in `formula` is a number, not \(member.value.kindName)")
        }
        scoreDefaults[place] = number
      } else {
        self.defaults[try PayloadPath(member.key)] = member.value
      }
    }
  }
}

extension Formula.Expression {
  fileprivate init(json reader: inout JSONReader, budget: inout Int) throws(RequestError) {
    budget -= 1
    guard budget >= 0 else {
      throw .validation("[formula: more than \(Formula.expressionsMax) expressions]")
    }
    switch try reader.peek() {
    case .number: self = .constant(try reader.readDouble())
    case .string:
      let name = try reader.readString()
      if let place = try Self.score(name) {
        self = .score(place)
      } else {
        self = .payload(try PayloadPath(name))
      }
    case .object:
      let name = try reader.lookAhead { (reader) throws(RequestError) in
        try reader.openObject()
        return try reader.nextKey() ?? ""
      }
      if let operation = try Self.operation(name, json: &reader, budget: &budget) {
        self = operation
      } else {
        var conditions = FilterBudget()
        self = .condition(Filter(must: [try Condition(json: &reader, budget: &conditions)]))
      }
    default:
      throw reader.typeError(expected: "an expression: a number, a variable, an operation or a condition")
    }
  }

  /// The place of the prefetch that `$score` or `$score[i]` means; nil for other names.
  /// - Throws: for `$score` with anything else behind it.
  fileprivate static func score(_ name: String) throws(RequestError) -> Int? {
    guard name.hasPrefix("$score") else { return nil }
    let index = name.dropFirst("$score".count)
    if index.isEmpty { return 0 }
    guard index.first == "[", index.last == "]", let place = Int(index.dropFirst().dropLast()), place >= 0
    else {
      throw .badRequest("\"\(name.prefix(64))\" in `formula` is neither $score nor $score[i]")
    }
    return place
  }

  /// Reads an object whose one member names an operation; nil, with nothing read, for any other.
  private static func operation(
    _ name: String, json reader: inout JSONReader, budget: inout Int
  ) throws(RequestError) -> Self? {
    if let function = Formula.Function(rawValue: name) {
      return .function(function, try only(json: &reader, &budget, Self.init(json:budget:)))
    }
    if let shape = Formula.Decay.Shape(rawValue: name) {
      return .decay(
        try only(json: &reader, &budget) { (reader, budget) throws(RequestError) in
          try Formula.Decay(shape, json: &reader, budget: &budget)
        })
    }
    switch name {
    case "sum": return .sum(try only(json: &reader, &budget, list))
    case "mult": return .product(try only(json: &reader, &budget, list))
    case "div": return try only(json: &reader, &budget, quotient)
    case "pow": return try only(json: &reader, &budget, power)
    case "geo_distance": return try only(json: &reader, &budget, geoDistance)
    case "datetime":
      return .constant(
        try only(json: &reader, &budget) { (reader, _) throws(RequestError) in
          Double(try reader.readDatetime()) / 1e6
        })
    case "datetime_key":
      return .datetime(
        try only(json: &reader, &budget) { (reader, _) throws(RequestError) in try reader.readPath() })
    default: return nil
    }
  }

  private static func only<Value>(
    json reader: inout JSONReader, _ budget: inout Int,
    _ value: (inout JSONReader, inout Int) throws(RequestError) -> Value
  ) throws(RequestError) -> Value {
    try reader.openObject()
    guard let first = try reader.nextKey() else { throw reader.expectedValue() }
    let result = try value(&reader, &budget)
    if let key = try reader.nextKey() {
      throw reader.unknownKey(key, in: "expression", expected: "only `\(first)`")
    }
    return result
  }

  private static func list(json reader: inout JSONReader, budget: inout Int) throws(RequestError) -> [Self] {
    var list: [Self] = []
    try reader.openArray()
    while try reader.nextElement() { list.append(try Self(json: &reader, budget: &budget)) }
    return list
  }

  private static func quotient(json reader: inout JSONReader, budget: inout Int) throws(RequestError) -> Self
  {
    var (left, right, byZero): (Self?, Self?, Double?) = (nil, nil, nil)
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "left": left = try Self(json: &reader, budget: &budget)
      case "right": right = try Self(json: &reader, budget: &budget)
      case "by_zero_default": byZero = try reader.readDouble()
      default: throw reader.unknownKey(key, in: "div", expected: "`left`, `right`, `by_zero_default`")
      }
    }
    return .quotient(
      try reader.required("left", left), try reader.required("right", right), byZero: byZero)
  }

  private static func power(json reader: inout JSONReader, budget: inout Int) throws(RequestError) -> Self {
    var (base, exponent): (Self?, Self?) = (nil, nil)
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "base": base = try Self(json: &reader, budget: &budget)
      case "exponent": exponent = try Self(json: &reader, budget: &budget)
      default: throw reader.unknownKey(key, in: "pow", expected: "`base`, `exponent`")
      }
    }
    return .power(try reader.required("base", base), exponent: try reader.required("exponent", exponent))
  }

  private static func geoDistance(
    json reader: inout JSONReader, budget: inout Int
  ) throws(RequestError) -> Self {
    var (origin, path): (GeoPoint?, PayloadPath?) = (nil, nil)
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "origin": origin = try GeoPoint(json: &reader)
      case "to": path = try reader.readPath()
      default: throw reader.unknownKey(key, in: "geo_distance", expected: "`origin`, `to`")
      }
    }
    return .geoDistance(
      origin: try reader.required("origin", origin), to: try reader.required("to", path))
  }
}

extension Formula.Decay {
  fileprivate init(
    _ shape: Shape, json reader: inout JSONReader, budget: inout Int
  ) throws(RequestError) {
    var x: Formula.Expression?
    var (target, scale, midpoint) = (Formula.Expression.constant(0), 1.0, 0.5)
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "x": x = try Formula.Expression(json: &reader, budget: &budget)
      case "target": target = try Formula.Expression(json: &reader, budget: &budget)
      case "scale": scale = try reader.readDouble()
      case "midpoint": midpoint = try reader.readDouble()
      default:
        throw reader.unknownKey(key, in: shape.rawValue, expected: "`x`, `target`, `scale`, `midpoint`")
      }
    }
    guard scale > 0 else { throw .validation("[\(shape.rawValue).scale: value \(scale) must be above 0]") }
    guard midpoint > 0, midpoint < 1 else {
      throw .validation("[\(shape.rawValue).midpoint: value \(midpoint) must be between 0 and 1]")
    }
    self.init(
      shape: shape, x: try reader.required("x", x), target: target, scale: scale, midpoint: midpoint)
  }
}

extension JSONValue {
  fileprivate var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer, .unsigned, .double: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
