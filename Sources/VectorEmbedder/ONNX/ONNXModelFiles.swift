/// The hashes of the files that an ONNX model consists of.
struct ONNXModelFiles: Sendable, Equatable {
  /// SHA-256 of the ONNX file alone.
  let modelHash: String
  /// Of that, of the weights that lie beside it in `model.onnx_data` or `model.onnx.data`, and of the others: the
  /// same as `modelHash` where there are none.
  let hash: String

  /// - Parameter others: what else changes the vectors, a vocabulary say; nil ones are left out.
  init(model: String, others: [String?] = []) throws(StageError) {
    modelHash = try ContentHash.sha256(ofFile: model).hex
    var hashes = [modelHash]
    for path in [model + "_data", model + ".data"].filter(Files.exists) + others.compactMap(\.self) {
      hashes.append(try ContentHash.sha256(ofFile: path).hex)
    }
    hash = hashes.count == 1 ? modelHash : ContentHash.sha256(of: hashes).hex
  }
}
