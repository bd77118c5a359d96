import CONNXRuntime
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A tensor that goes into a model or comes out of it, row-major.
package struct Tensor<Element: Sendable>: Sendable {
  package var shape: [Int]
  package var values: [Element]

  package init(shape: [Int], values: [Element]) {
    precondition(shape.reduce(1, *) == values.count)
    self.shape = shape
    self.values = values
  }
}

/// One model in ONNX Runtime, with one thread; several threads may run it at once.
@safe package final class ONNXSession: @unchecked Sendable {
  private let handle: OpaquePointer
  package let inputs: [Wanted]
  package let outputs: [String]

  /// A tensor that the model wants.
  package struct Wanted: Sendable, Equatable {
    package var name: String
    /// Whether its whole numbers have 32 bits.
    package var isInt32: Bool
    /// With −1 for what is free.
    package var shape: [Int]
  }

  package enum Input: Sendable {
    case int32(Tensor<Int32>)
    case int64(Tensor<Int64>)
    case float32(Tensor<Float>)
  }

  /// - Throws: when the library or the model cannot be loaded, with ONNX Runtime's own words.
  package init(library: String, model: String) throws(StageError) {
    var message = [CChar](repeating: 0, count: 512)
    let opened = unsafe onnx_open(library, model, &message, message.count)
    guard let opened = unsafe opened else { throw StageError(.settings, String(cMessage: message)) }
    unsafe handle = opened
    inputs = (0..<(unsafe onnx_input_count(opened))).map { unsafe Self.wanted(opened, $0) }
    outputs = (0..<(unsafe onnx_output_count(opened))).map {
      unsafe String(cString: onnx_output_name(opened, $0))
    }
  }

  deinit { unsafe onnx_close(handle) }

  private static func wanted(_ opened: OpaquePointer, _ index: Int) -> Wanted {
    var type: Int32 = 0
    var sizes = [Int64](repeating: 0, count: Int(ONNX_RANK_MAX))
    let rank = unsafe onnx_input_shape(opened, index, &type, &sizes)
    return Wanted(
      name: unsafe String(cString: onnx_input_name(opened, index)), isInt32: type == Int32(ONNX_INT32),
      shape: sizes.prefix(max(0, Int(rank))).map { Int($0) })
  }

  /// Runs the model and returns its output `output`.
  package func run(
    _ inputs: [(name: String, value: Input)], output: String, stage: Stage
  ) throws(StageError) -> Tensor<Float> {
    let shapes = inputs.map { input in
      switch input.value {
      case .int32(let tensor): tensor.shape
      case .int64(let tensor): tensor.shape
      case .float32(let tensor): tensor.shape
      }
    }
    guard inputs.count <= Int(ONNX_INPUTS_MAX), shapes.allSatisfy({ $0.count <= Int(ONNX_RANK_MAX) }) else {
      throw StageError(stage, "the model wants \(inputs.count) inputs, at most \(ONNX_INPUTS_MAX) are given")
    }
    var result = unsafe onnx_output()
    defer { unsafe free(result.values) }
    var message = [CChar](repeating: 0, count: 512)
    var described: [onnx_input] = unsafe []
    var owned: [UnsafeMutableRawPointer] = unsafe []
    var names: [UnsafeMutablePointer<CChar>?] = unsafe []
    defer {
      unsafe owned.forEach { unsafe $0.deallocate() }
      unsafe names.forEach { unsafe free($0) }
    }
    for (input, shape) in zip(inputs, shapes) {
      let (type, data) = unsafe Self.copy(input.value)
      let name = unsafe strdup(input.name)
      unsafe owned.append(data)
      unsafe names.append(name)
      var entry = unsafe onnx_input()
      unsafe entry.name = unsafe UnsafePointer(name)
      unsafe entry.type = type
      unsafe entry.rank = Int32(shape.count)
      unsafe withUnsafeMutableBytes(of: &entry.shape) { buffer in
        let places = unsafe buffer.bindMemory(to: Int64.self)
        for (index, size) in shape.enumerated() { unsafe places[index] = Int64(size) }
      }
      unsafe entry.data = UnsafeRawPointer(data)
      unsafe described.append(entry)
    }
    let status = unsafe onnx_run(
      handle, described, described.count, output, &result, &message, message.count)
    guard status == 0 else { throw StageError(stage, String(cMessage: message)) }
    var shape: [Int] = []
    unsafe withUnsafeBytes(of: &result.shape) { buffer in
      let places = unsafe buffer.bindMemory(to: Int64.self)
      for index in 0..<Int(unsafe result.rank) { shape.append(Int(unsafe places[index])) }
    }
    let values = unsafe Array(UnsafeBufferPointer(start: result.values, count: result.count))
    return Tensor(shape: shape, values: values)
  }

  /// The values in memory of their own.
  private static func copy(_ input: Input) -> (type: Int32, data: UnsafeMutableRawPointer) {
    switch input {
    case .int32(let tensor): unsafe (Int32(ONNX_INT32), copy(tensor.values))
    case .int64(let tensor): unsafe (Int32(ONNX_INT64), copy(tensor.values))
    case .float32(let tensor): unsafe (Int32(ONNX_FLOAT32), copy(tensor.values))
    }
  }

  private static func copy<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafeMutableRawPointer {
    let data = UnsafeMutableRawPointer.allocate(
      byteCount: max(8, values.count * MemoryLayout<Element>.stride), alignment: 8)
    unsafe data.initializeMemory(as: Element.self, from: values, count: values.count)
    return unsafe data
  }
}
