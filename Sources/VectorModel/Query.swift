/// A search: candidates come from `prefetch` or from the collection, `query` ranks them.
package struct QueryRequest: Hashable, Sendable {
  package var prefetch: [Prefetch] = []
  /// Absent: points in the order of their ids.
  package var query: Query?
  /// The named vector to search; `""` is the unnamed one.
  package var using = ""
  package var filter: Filter?
  package var parameters = SearchParameters()
  package var scoreThreshold: Float?
  package var limit = 10
  package var offset = 0
  package var withPayload = PayloadSelection.none
  package var withVector = VectorSelection.none
  package var lookupFrom: LookupLocation?
  /// The largest time for this request, in milliseconds; absent is the server's.
  package var timeoutMilliseconds: Int?
  /// Groups instead of points, where given.
  package var grouping: Grouping?

  package init() {}

  package static let prefetchDepthMax = 64
  package static let limitMax = 1_000_000
  package static let examplesMax = 4096
  package static let batchMax = 4096
}

package struct Prefetch: Hashable, Sendable {
  package var prefetch: [Prefetch] = []
  package var query: Query?
  package var using = ""
  package var filter: Filter?
  package var parameters = SearchParameters()
  package var scoreThreshold: Float?
  package var limit = 10
  package var lookupFrom: LookupLocation?

  package init() {}
}

/// How candidates are ranked.
package enum Query: Hashable, Sendable {
  case nearest(VectorInput, mmr: MMR?)
  case recommend(RecommendQuery)
  case discover(target: VectorInput, context: [ContextPair])
  case context([ContextPair])
  case orderBy(OrderBy)
  case sampleRandom
  case fusion(Fusion)
  case formula(JSONValue, defaults: JSONValue?)
}

/// A vector, or the id of a point whose vector is meant.
package enum VectorInput: Hashable, Sendable {
  case vector(VectorValue)
  case id(PointID)
}

/// Maximal marginal relevance (Carbonell and Goldstein 1998): diversity 0…1, and the number of candidates.
package struct MMR: Hashable, Sendable {
  package var diversity: Float
  package var candidatesLimit: Int?

  package init(diversity: Float = 0.5, candidatesLimit: Int? = nil) {
    self.diversity = diversity
    self.candidatesLimit = candidatesLimit
  }

  package static let candidatesMax = 16_384
}

package struct RecommendQuery: Hashable, Sendable {
  package enum Strategy: Hashable, Sendable { case averageVector, bestScore, sumScores }

  package var positive: [VectorInput]
  package var negative: [VectorInput]
  package var strategy: Strategy

  package init(positive: [VectorInput], negative: [VectorInput] = [], strategy: Strategy = .averageVector) {
    self.positive = positive
    self.negative = negative
    self.strategy = strategy
  }
}

package struct ContextPair: Hashable, Sendable {
  package var positive: VectorInput
  package var negative: VectorInput

  package init(positive: VectorInput, negative: VectorInput) {
    self.positive = positive
    self.negative = negative
  }
}

package struct OrderBy: Hashable, Sendable {
  package var key: PayloadPath
  package var isDescending = false
  package var startFrom: OrderValue?

  package init(key: PayloadPath) { self.key = key }
}

/// A payload value that points are ordered by.
package enum OrderValue: Hashable, Sendable {
  case integer(Int64)
  case float(Double)
  /// Microseconds since 1970-01-01T00:00:00Z.
  case datetime(Int64)
}

package enum Fusion: Hashable, Sendable {
  /// Reciprocal rank fusion: 1 / ((position + 1) / weight + k − 1), summed.
  case reciprocalRank(k: Int, weights: [Float]?)
  /// Distribution-based score fusion: mean ± 3σ mapped to 0…1, summed.
  case distributionBased
}

package struct SearchParameters: Hashable, Sendable {
  /// Absent: the collection's efConstruction, at least the limit.
  package var ef: Int?
  package var isExact = false
  package var indexedOnly = false
  package var ignoreQuantization = false
  package var rescore: Bool?
  /// At least 1.
  package var oversampling: Double?
  /// Whether to filter by the examples' language where the collection declares one; `.any` turns it off.
  package var language = LanguageChoice.ofExamples
  /// Whether the answer carries the plan.
  package var explain = false

  package init() {}
}

/// Which languages a recommendation may come from.
package enum LanguageChoice: Hashable, Sendable {
  case ofExamples
  case any
  case these([String])
}

package struct LookupLocation: Hashable, Sendable {
  package var collection: String
  package var vector: String

  package init(collection: String, vector: String = "") {
    self.collection = collection
    self.vector = vector
  }
}

package struct Grouping: Hashable, Sendable {
  package var groupBy: PayloadPath
  package var groupSize = 3
  package var lookupCollection: String?
  package var lookupPayload = PayloadSelection.all
  package var lookupVector = VectorSelection.none

  package init(groupBy: PayloadPath) { self.groupBy = groupBy }
}

/// Which parts of the payload an answer carries.
package enum PayloadSelection: Hashable, Sendable {
  case none
  case all
  case include([PayloadPath])
  case exclude([PayloadPath])
}

/// Which vectors an answer carries.
package enum VectorSelection: Hashable, Sendable {
  case none
  case all
  case named([String])
}
