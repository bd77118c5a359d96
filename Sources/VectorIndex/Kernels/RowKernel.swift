import CKernels
import VectorModel

/// Compares one vector with many rows of its element: float32 rows by kernels of their own, others pair by pair.
@unsafe struct RowKernel {
  private let floats: nt_float_rows?
  private let order: nt_pair_order

  /// - Precondition: the distance has a meaning for the element
  init(_ element: VectorElement, _ distance: Distance) {
    precondition(element.supports(distance))
    let kernels = unsafe BestKernels.table.pointee
    unsafe order = nt_pair_order(element, distance)
    guard element == .float32 else {
      unsafe floats = nil
      return
    }
    unsafe floats =
      switch distance {
      case .cosine, .dot: unsafe kernels.negated_dot_rows
      case .euclid: unsafe kernels.squared_l2_rows
      case .manhattan: unsafe kernels.l1_rows
      case .hamming, .jaccard: nil
      }
  }

  /// Writes the ordering values of `count` rows, `rowByteCount` bytes apart: of those in `rows`, or of the first ones.
  @inline(__always)
  func compare(
    _ query: UnsafeRawPointer, dimension: Int, base: UnsafeRawPointer, rowByteCount: Int,
    rows: UnsafePointer<UInt32>?, count: Int, into out: UnsafeMutablePointer<Float>
  ) {
    if let floats = unsafe floats {
      unsafe floats(
        query.assumingMemoryBound(to: Float.self), dimension, base.assumingMemoryBound(to: Float.self),
        dimension,
        rows, count, out)
    } else {
      unsafe withUnsafePointer(to: order) {
        unsafe nt_pair_rows($0, query, dimension, base, rowByteCount, rows, count, out)
      }
    }
  }
}

extension nt_pair_order {
  /// Halves of cosine have unit length up to their rounding, so that their product is enough; bytes have any length.
  fileprivate init(_ element: VectorElement, _ distance: Distance) {
    let kind =
      switch element {
      case .float32: NT_ELEMENT_F32
      case .float16: NT_ELEMENT_F16
      case .uint8: NT_ELEMENT_U8
      case .bit: NT_ELEMENT_BIT
      }
    let (metric, factor, offset): (nt_metric, Float, Float) =
      switch distance {
      case .cosine: element == .uint8 ? (NT_METRIC_COSINE, 1, -1) : (NT_METRIC_DOT, -1, 0)
      case .dot: (NT_METRIC_DOT, -1, 0)
      case .euclid: (NT_METRIC_SQUARED_L2, 1, 0)
      case .manhattan: (NT_METRIC_L1, 1, 0)
      case .hamming: (NT_METRIC_HAMMING, 1, 0)
      case .jaccard: (NT_METRIC_JACCARD, 1, 0)
      }
    guard let pair = unsafe nt_pair_best(kind, metric) else {
      preconditionFailure("every supported distance has a kernel")
    }
    unsafe self.init(pair: pair, factor: factor, offset: offset)
  }
}
