import CKernels
import VectorModel

/// A target laid out in a scratch's memory: each example's floats, and its codes where a part has some.
///
/// Valid until the scratch prepares another one.
@unsafe struct PreparedTarget {
  private let dimension: Int
  private let examplesCount: Int
  private let positivesCount: Int
  private let rule: ExampleRule?
  private let scratch: SearchScratch
  private let floats: UnsafeMutablePointer<Float>
  private let floatStride: Int
  private let codeQueries: UnsafeMutableRawPointer
  private let codeQueryStride: Int
  private let codeScorers: UnsafeMutablePointer<CodeScorer>
  private let floatScorers: UnsafeMutablePointer<FloatScorer>

  /// - Parameter target: checked against `dimension`
  init(_ target: SearchTarget, dimension: Int, codes: CodeTable?, scratch: SearchScratch) {
    let examples = target.examples
    unsafe self.dimension = dimension
    unsafe self.scratch = scratch
    unsafe examplesCount = examples.count
    unsafe positivesCount = target.positivesCount
    unsafe rule = target.rule
    let floatBytes = (dimension * 4 + 63) & ~63
    unsafe floatStride = floatBytes / 4
    let codeBytes = codes?.queryByteCount ?? 0
    unsafe codeQueryStride = codeBytes
    let scorerBytes =
      unsafe (max(MemoryLayout<CodeScorer>.stride, MemoryLayout<FloatScorer>.stride) + 63) & ~63
    let memory = unsafe scratch.queryMemory(
      byteCount: examples.count * (floatBytes + codeBytes + 2 * scorerBytes))
    unsafe floats = memory.assumingMemoryBound(to: Float.self)
    unsafe codeQueries = memory + examples.count * floatBytes
    let scorers = unsafe memory + examples.count * (floatBytes + codeBytes)
    unsafe codeScorers = scorers.assumingMemoryBound(to: CodeScorer.self)
    unsafe floatScorers = (scorers + examples.count * scorerBytes).assumingMemoryBound(to: FloatScorer.self)
    for (index, example) in examples.enumerated() {
      let place = unsafe floats + index * floatStride
      for (element, value) in example.enumerated() { unsafe place[element] = value }
      guard let codes else { continue }
      let memory = unsafe codeQueries + index * codeBytes
      unsafe (codeScorers + index).initialize(to: codes.scorer(query: place, memory: memory))
    }
  }

  /// Whether one vector is searched, so that `codeScorer` and `floatScorer` say it all.
  var isSingle: Bool { unsafe rule == nil }

  /// The first example over the codes; only where codes were given.
  var codeScorer: CodeScorer { unsafe codeScorers.pointee }

  /// The first example over [rows × dimension] float32 vectors.
  func floatScorer(base: UnsafePointer<Float>, distance: Distance) -> FloatScorer {
    unsafe FloatScorer(kernel: FloatTable.kernel(distance), query: floats, base: base, dimension: dimension)
  }

  /// All examples over the codes; only where codes were given.
  var codeExamples: ExampleScorer<CodeScorer> { unsafe examples(UnsafePointer(codeScorers)) }

  /// All examples over other rows, encoded as those that codes were given of; replaces the scorer of other codes.
  func codeExamples(base: UnsafePointer<UInt8>) -> ExampleScorer<CodeScorer> {
    for index in unsafe 0..<examplesCount {
      unsafe codeScorers[index] = codeScorers[index].over(base)
    }
    return unsafe examples(UnsafePointer(codeScorers))
  }

  /// All examples over [rows × dimension] float32 vectors; replaces the scorer of other vectors.
  func floatExamples(base: UnsafePointer<Float>, distance: Distance) -> ExampleScorer<FloatScorer> {
    for index in unsafe 0..<examplesCount {
      unsafe (floatScorers + index).initialize(
        to: FloatScorer(
          kernel: FloatTable.kernel(distance), query: floats + index * floatStride, base: base,
          dimension: dimension))
    }
    return unsafe examples(UnsafePointer(floatScorers))
  }

  private func examples<Scorer: RowScorer>(_ scorers: UnsafePointer<Scorer>) -> ExampleScorer<Scorer> {
    unsafe ExampleScorer(
      examples: scorers, positivesCount: positivesCount, count: examplesCount, rule: rule ?? .sumScores,
      buffer: scratch.exampleDistances)
  }
}
