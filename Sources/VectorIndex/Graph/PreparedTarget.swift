import CKernels
import VectorModel

/// A target laid out in a scratch's memory: each example as float32, as a row, and its codes where a part has some.
///
/// Valid until the scratch prepares another one.
@unsafe struct PreparedTarget {
  private let examplesCount: Int
  private let positivesCount: Int
  private let rule: ExampleRule?
  private let scratch: SearchScratch
  /// Each example as a row; of float32 rows the examples themselves.
  private let rows: UnsafeRawPointer
  private let rowStride: Int
  private let codeScorers: UnsafeMutablePointer<CodeScorer>
  private let vectorScorers: UnsafeMutablePointer<VectorScorer>

  /// - Parameter target: checked against `dimension`
  init(
    _ target: SearchTarget, dimension: Int, element: VectorElement, codes: CodeTable?, scratch: SearchScratch
  ) {
    let examples = target.examples
    unsafe self.scratch = scratch
    unsafe examplesCount = examples.count
    unsafe positivesCount = target.positivesCount
    unsafe rule = target.rule
    let floatBytes = unsafe Self.lines(dimension * 4)
    let packedBytes = unsafe element == .float32 ? 0 : Self.lines(element.byteCount(dimension: dimension))
    let codeBytes = codes?.queryByteCount ?? 0
    let scorerBytes = unsafe Self.lines(
      max(MemoryLayout<CodeScorer>.stride, MemoryLayout<VectorScorer>.stride))
    let memory = unsafe scratch.queryMemory(
      byteCount: examples.count * (floatBytes + packedBytes + codeBytes + 2 * scorerBytes))
    let packed = unsafe memory + examples.count * floatBytes
    let codeQueries = unsafe packed + examples.count * packedBytes
    let scorers = unsafe codeQueries + examples.count * codeBytes
    unsafe rows = UnsafeRawPointer(element == .float32 ? memory : packed)
    unsafe rowStride = element == .float32 ? floatBytes : packedBytes
    unsafe codeScorers = scorers.assumingMemoryBound(to: CodeScorer.self)
    unsafe vectorScorers = (scorers + examples.count * scorerBytes)
      .assumingMemoryBound(to: VectorScorer.self)
    for (index, example) in examples.enumerated() {
      let place = unsafe (memory + index * floatBytes).assumingMemoryBound(to: Float.self)
      for (element, value) in example.enumerated() { unsafe place[element] = value }
      if element != .float32 {
        unsafe element.encode(place, count: dimension, into: packed + index * packedBytes)
      }
      guard let codes else { continue }
      let memory = unsafe codeQueries + index * codeBytes
      unsafe (codeScorers + index).initialize(to: codes.scorer(query: place, memory: memory))
    }
  }

  /// - Parameter codes: the part's, or those of some of its rows
  init(_ target: SearchTarget, over part: VectorPart, codes: CodeTable?, scratch: SearchScratch) {
    unsafe self.init(
      target, dimension: part.dimension, element: part.element, codes: codes, scratch: scratch)
  }

  /// Whether one vector is searched, so that `codeScorer` and `vectorScorer` say it all.
  var isSingle: Bool { unsafe rule == nil }

  /// The first example over the codes; only where codes were given.
  var codeScorer: CodeScorer { unsafe codeScorers.pointee }

  /// The first example over full vectors.
  func vectorScorer(over table: VectorTable) -> VectorScorer { unsafe table.scorer(query: rows) }

  /// All examples over the codes; only where codes were given.
  var codeExamples: ExampleScorer<CodeScorer> { unsafe examples(UnsafePointer(codeScorers)) }

  /// All examples over other rows, encoded as those that codes were given of; replaces the scorer of other codes.
  func codeExamples(base: UnsafePointer<UInt8>) -> ExampleScorer<CodeScorer> {
    for index in unsafe 0..<examplesCount {
      unsafe codeScorers[index] = codeScorers[index].over(base)
    }
    return unsafe examples(UnsafePointer(codeScorers))
  }

  /// All examples over full vectors; replaces the scorer of other vectors.
  func vectorExamples(over table: VectorTable) -> ExampleScorer<VectorScorer> {
    for index in unsafe 0..<examplesCount {
      unsafe (vectorScorers + index).initialize(to: table.scorer(query: rows + index * rowStride))
    }
    return unsafe examples(UnsafePointer(vectorScorers))
  }

  private static func lines(_ byteCount: Int) -> Int { (byteCount + 63) & ~63 }

  private func examples<Scorer: RowScorer>(_ scorers: UnsafePointer<Scorer>) -> ExampleScorer<Scorer> {
    unsafe ExampleScorer(
      examples: scorers, positivesCount: positivesCount, count: examplesCount, rule: rule ?? .sumScores,
      buffer: scratch.exampleDistances)
  }
}
