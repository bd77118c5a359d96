/// Something on disk that is not as it must be, and what to do about it.
package struct Defect: Hashable, Sendable {
  package enum Kind: String, Sendable {
    /// Data that nothing on this disk can give back.
    case damage
    /// Something that the server makes anew by itself.
    case cache
  }

  package var kind: Kind
  /// The collection's name, or nil where it is none's.
  package var collection: String?
  /// What is wrong, naming the file.
  package var what: String
  package var advice: String

  package init(_ kind: Kind, collection: String?, what: String, advice: String) {
    self.kind = kind
    self.collection = collection
    self.what = what
    self.advice = advice
  }

  static func lost(_ collection: String, _ what: String) -> Defect {
    Defect(
      .damage, collection: collection, what: what,
      advice: "keep a copy of the collection's directory, then restore it from its newest snapshot: "
        + "needletail restore SNAPSHOT --collection \(collection)")
  }

  static func rebuilt(_ collection: String, _ what: String) -> Defect {
    Defect(
      .cache, collection: collection, what: what,
      advice: "nothing: the server rebuilds it in the background, and searches exactly meanwhile")
  }
}
