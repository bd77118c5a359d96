/// Something on disk that is not as it must be, and what to do about it.
package struct Defect: Hashable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
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

  static func format(_ what: String) -> Defect {
    Defect(
      .damage, collection: nil, what: what,
      advice:
        "keep a copy; where only FORMAT is damaged or gone, copy that of another data directory of the same version "
        + "into its place, and verify again")
  }

  static func catalogue(_ what: String) -> Defect {
    Defect(
      .damage, collection: nil, what: what,
      advice:
        "keep a copy of the data directory, then restore the newest snapshot of the storage into a new one: "
        + "needletail restore SNAPSHOT --data-dir NEW")
  }

  static func snapshot(_ collection: String?, _ what: String) -> Defect {
    Defect(
      .damage, collection: collection, what: what,
      advice: "delete the snapshot and make a new one while the collection is sound")
  }

  /// - Parameter reason: what is wrong with the base.
  static func base(_ collection: String?, _ path: String, _ base: String, _ reason: String) -> Defect {
    Defect(
      .damage, collection: collection, what: "\(path) adds to the snapshot \(base), which \(reason)",
      advice: "put the base back beside it, or delete the snapshot and make a full one")
  }

  static func rebuilt(_ collection: String, _ what: String) -> Defect {
    Defect(
      .cache, collection: collection, what: what,
      advice: "nothing: the server rebuilds it in the background, and searches exactly meanwhile")
  }
}
