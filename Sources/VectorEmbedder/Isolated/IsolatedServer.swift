#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The other end of an isolated process' pipes: reads requests from the standard input and answers them, until that
/// is closed.
package struct IsolatedServer {
  private var engine: Engine?

  private enum Engine {
    case text(ONNXTextModel)
    case video(ONNXVideoModel)
    case language
  }

  package init() {}

  /// Serves this process' standard input; returns when it is closed.
  ///
  /// - Throws: for a request that is none.
  package mutating func serve() throws {
    // A model that dies must not leave its memory on the disk.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    #if canImport(Glibc)
      _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    #else
      _ = unsafe setrlimit(RLIMIT_CORE, &none)
    #endif
    Self.endWithParent()
    // Foreign code may print: what it prints is no answer.
    let output = dup(STDOUT_FILENO)
    guard output >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
      throw IsolatedFault("no standard output: \(errorText())")
    }
    let input = ReadableFile(descriptor: STDIN_FILENO, stage: .settings)
    while true {
      let header = try input.read(byteCount: IsolatedFrame.headerBytes)
      if header.isEmpty { return }
      guard header.count == IsolatedFrame.headerBytes else { throw IsolatedFault("a request broke off") }
      let expected = try IsolatedFrame.header(header[...])
      let body = try input.read(byteCount: expected.byteCount)
      guard body.count == expected.byteCount else { throw IsolatedFault("a request broke off") }
      try IsolatedFrame.verify(body, expected.checksum)
      let request = try IsolatedMessage<IsolatedRequest>(body: body)
      try Self.write(try IsolatedFrame.encode(answer(request).body()), to: output)
    }
  }

  /// The answer to one request; what cannot be done is an answer too.
  mutating func answer(
    _ request: IsolatedMessage<IsolatedRequest>
  ) -> IsolatedMessage<IsolatedAnswer> {
    do throws(StageError) {
      switch (request.head, engine) {
      case (.open(let plan), _):
        return IsolatedMessage(.ready(dimension: try open(plan)))
      case (.texts(let texts), .text(let model)):
        let vectors = try model.embed(texts)
        return IsolatedMessage(.vectors(count: vectors.count), numbers: Array(vectors.joined()))
      case (.clips(let count), .video(let model)):
        return IsolatedMessage(
          .vectors(count: 1), numbers: try model.vector(ofClips: count, request.numbers))
      case (.language(let text), .language):
        return IsolatedMessage(.language(LanguageDetector.detectByCLD2(text)))
      default: return IsolatedMessage(.refused("the request does not fit what the process holds"))
      }
    } catch {
      return IsolatedMessage(.refused(error.reason))
    }
  }

  private mutating func open(_ plan: IsolatedPlan) throws(StageError) -> Int {
    switch plan {
    case .text(let library, let model, let vocabulary, let merges, let recipe):
      let tokenizer = try recipe.makeTokenizer(vocabulary: vocabulary, merges: merges)
      let text = try ONNXTextModel(
        session: try ONNXSession(library: library, model: model), recipe: recipe, tokenizer: tokenizer)
      engine = .text(text)
      return text.dimension
    case .video(let library, let model, let preset):
      let video = try ONNXVideoModel(
        session: try ONNXSession(library: library, model: model), preset: preset)
      engine = .video(video)
      return video.dimension
    case .language:
      engine = .language
      return 0
    }
  }

  /// Ends this process when the one that started it is gone, even in the middle of a request.
  private static func endWithParent() {
    let parent = getppid()
    Task.detached {
      while getppid() == parent { try? await Task.sleep(for: .seconds(1)) }
      _exit(1)
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(IsolatedFault) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = systemWrite(descriptor, rest)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw IsolatedFault("cannot write an answer: \(errorText())") }
      rest = rest.dropFirst(count)
    }
  }
}
