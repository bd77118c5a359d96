import CKernels

/// The distance kernels of the best instruction set of this processor.
enum BestKernels {
  /// The same table every time; it is never freed.
  static var table: UnsafePointer<nt_kernels> {
    guard let table = unsafe nt_kernels_best() else { preconditionFailure("the scalar kernels always exist") }
    return unsafe table
  }
}
