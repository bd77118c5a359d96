/// One vector of one point, as the client means it.
package enum VectorValue: Hashable, Sendable {
  /// `[dimension]` float32.
  case dense([Float])
  /// A dense vector whose numbers are kept as another element than float32; never one of float32.
  case packed(PackedVector)
  /// Distinct indices in ascending order and as many values.
  case sparse(indices: [UInt32], values: [Float])
  /// `[count × dimension]` float32, row-major.
  case multi(dimension: Int, values: [Float])

  /// The tag that stands before the vector in records and on the wire; of dense vectors the element's.
  package enum Tag: UInt8, Sendable {
    case denseFloat32 = 1
    case denseFloat16 = 2
    case denseUInt8 = 3
    case denseBit = 4
    case sparse = 5
    case multi = 6
  }
}

/// The vectors of one point by name; the unnamed vector's name is `""`. Names are distinct.
package struct NamedVectors: Hashable, Sendable {
  package var entries: [Entry]

  package struct Entry: Hashable, Sendable {
    package var name: String
    package var value: VectorValue

    package init(name: String, value: VectorValue) {
      self.name = name
      self.value = value
    }
  }

  package init(_ entries: [Entry] = []) { self.entries = entries }

  /// The unnamed vector alone.
  package init(unnamed value: VectorValue) { entries = [Entry(name: "", value: value)] }

  package subscript(name: String) -> VectorValue? {
    get { entries.first { $0.name == name }?.value }
    set {
      if let index = entries.firstIndex(where: { $0.name == name }) {
        if let newValue { entries[index].value = newValue } else { entries.remove(at: index) }
      } else if let newValue {
        entries.append(Entry(name: name, value: newValue))
      }
    }
  }
}

/// One point as a client writes it: a whole, replacing whatever had its id.
package struct Point: Hashable, Sendable {
  package var id: PointID
  package var vectors: NamedVectors
  /// A JSON object as received, or empty when there is none.
  package var payload: [UInt8]

  package init(id: PointID, vectors: NamedVectors, payload: [UInt8] = []) {
    self.id = id
    self.vectors = vectors
    self.payload = payload
  }
}
