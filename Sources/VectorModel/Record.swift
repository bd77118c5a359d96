/// The resolved effect of one operation, as the log keeps it: filters have become ids, vectors are normalised
/// and checked. Applying a record reads no clock and no randomness and cannot fail.
package struct Record: Hashable, Sendable {
  package var effect: Effect
  /// Who sent it, for recognising a retry.
  package var producer: ProducerStamp?

  package init(_ effect: Effect, producer: ProducerStamp? = nil) {
    self.effect = effect
    self.producer = producer
  }

  package enum Effect: Hashable, Sendable {
    /// Puts whole points, replacing those with the same ids. Ids may repeat: the last one stays.
    case putPoints([Point])
    /// Ids ascending and distinct, here and below; ids that do not exist are passed over.
    case deletePoints([PointID])
    case changePayload(PayloadChange, [PointID])
    /// Puts the given vectors and leaves the others alone.
    case putVectors([PointVectors])
    case deleteVectors(names: [String], [PointID])
    /// The whole configuration.
    case configure(CollectionConfiguration)
    /// Nothing changed, but the operation has a sequence.
    case nothing
  }
}

/// What happens to a payload.
package enum PayloadChange: Hashable, Sendable {
  /// Lays the object's keys over the payload, or over the object at the path.
  case merge([UInt8], at: PayloadPath?)
  case replace([UInt8])
  case deleteKeys([PayloadPath])
  case clear
}
