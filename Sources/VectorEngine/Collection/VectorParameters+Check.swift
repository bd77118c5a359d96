import VectorModel

extension VectorParameters {
  /// `values` as it is stored and compared: of the right dimension, finite, of unit length for cosine but for bytes,
  /// and numbers that the element has.
  /// - Parameter owner: what the vector belongs to, for the message.
  /// - Throws: `wrongInput` naming the first number that does not fit, and the limit.
  func checked(_ values: [Float], _ owner: String) throws(RequestError) -> [Float] {
    guard values.count == dimension else {
      throw .wrongInput("Vector dimension error: expected dim: \(dimension), got \(values.count) (\(owner))")
    }
    switch element {
    case .float32: return try normalised(values, owner)
    case .float16:
      let values = try normalised(values, owner)
      try require(values, owner, "float16 has numbers up to 65504") {
        $0.magnitude < VectorElement.halfOverflow
      }
      return values.map { VectorElement.float(half: VectorElement.half($0)) }
    case .uint8:
      try require(values, owner, "uint8 has 0 to 255") { $0 >= 0 && $0 <= 255 }
      return values.map { $0.rounded(.towardZero) }
    case .bit:
      try require(values, owner, "\(distance.word) compares 0 and 1") { $0 == 0 || $0 == 1 }
      return values
    }
  }

  private func normalised(_ values: [Float], _ owner: String) throws(RequestError) -> [Float] {
    var squares = 0.0
    for value in values { squares += Double(value) * Double(value) }
    guard squares.isFinite, squares <= Double(Float.greatestFiniteMagnitude) else {
      try require(values, owner, "only finite numbers fit") { $0.isFinite }
      throw .wrongInput("the vector of \(owner) has a length of \(squares.squareRoot()), limit 1.8e19")
    }
    guard distance == .cosine, squares > 0, (squares - 1).magnitude > 1e-6 else { return values }
    let scale = 1 / squares.squareRoot()
    return values.map { Float(Double($0) * scale) }
  }

  private func require(
    _ values: [Float], _ owner: String, _ limit: String, fits: (Float) -> Bool
  ) throws(RequestError) {
    guard let index = values.firstIndex(where: { !fits($0) }) else { return }
    throw .wrongInput("the vector of \(owner) has \(values[index]) at index \(index), \(limit)")
  }
}
