/// One setting of the worker: its key in the file, and by that its environment variable.
package struct Setting: Sendable, Hashable {
  package enum Kind: Hashable, Sendable {
    case text
    /// Text that no message shows.
    case secret
    case boolean
    case integer(ClosedRange<Int>)
    case fraction
    case word([String])
    /// Some of these, each once, with commas or spaces between them; or `none`.
    case words([String])
  }

  package let key: String
  package let kind: Kind
  /// Absent: unset.
  package let standard: String?
  package let help: String

  /// `NEEDLETAIL_EMBEDDER_` and the key in capitals.
  package var environmentName: String { "NEEDLETAIL_EMBEDDER_" + key.uppercased() }

  private init(_ key: String, _ kind: Kind, _ standard: String?, _ help: String) {
    self.key = key
    self.kind = kind
    self.standard = standard
    self.help = help
  }
}

extension Setting {
  static let host = Setting("host", .text, "127.0.0.1", "The server's address.")
  static let port = Setting("binary_port", .integer(1...65_535), "6335", "The server's binary port.")
  static let apiKey = Setting("api_key", .secret, nil, "The server's key.")
  static let tls = Setting("tls", .boolean, "false", "Whether the connection is encrypted.")
  static let tlsTrustRoots = Setting(
    "tls_trust_roots", .text, nil, "A PEM file of the certificates to trust; else the system's.")
  static let tlsServerName = Setting(
    "tls_server_name", .text, nil, "The name in the server's certificate; else the host.")
  static let collection = Setting("collection", .text, "videos", "The collection; made when missing.")
  static let stateDirectory = Setting(
    "state_dir", .text, "./needletail-embedder-state", "Journal, cached results and dead letters.")
  static let modelDirectory = Setting("model_dir", .text, "./needletail-models", "Where models lie.")
  static let workers = Setting("workers", .integer(0...256), "0", "Videos at once; 0 is one a core.")
  static let extensions = Setting(
    "extensions", .text, "mp4 mkv webm mov avi m4v mpg mpeg ts flv ogv wmv 3gp", "Which files are videos.")

  static let transcriptVector = Setting("transcript_vector", .text, "transcript", "Name of the vector.")
  static let screenVector = Setting("ocr_vector", .text, "ocr", "Name of the vector.")
  static let videoVector = Setting("video_vector", .text, "video", "Name of the vector.")

  static let textEngine = Setting(
    "text_engine", .word(["minilm", "hashing", "onnx", "command", "none"]), "minilm", "What embeds texts.")
  static let textPreset = Setting(
    "text_preset", .word(["none", "gpt2", "clip_vit_b32"]), "none", "Settings of a known ONNX text model.")
  static let textModel = Setting("text_model", .text, nil, "The ONNX file.")
  static let textTokenizer = Setting(
    "text_tokenizer", .word(["wordpiece", "sentencepiece", "xlm_roberta", "clip_bpe", "gpt2_bpe"]),
    "wordpiece", "How the model's texts are cut.")
  static let textVocabulary = Setting(
    "text_vocabulary", .text, nil, "vocab.txt, sentencepiece.bpe.model or vocab.json.")
  static let textMerges = Setting("text_merges", .text, nil, "merges.txt of the BPE tokenizers.")
  static let textPooling = Setting(
    "text_pooling", .word(["mean", "cls", "last", "output"]), "mean", "How tokens become one vector.")
  static let textOutput = Setting("text_output", .text, nil, "The model's output; else its first.")
  static let textTokensMax = Setting("text_tokens_max", .integer(8...8192), "256", "Tokens of one text.")
  static let textUncased = Setting("text_uncased", .boolean, "true", "Whether wordpiece folds case.")
  static let queryPrefix = Setting("text_query_prefix", .text, nil, "Set before texts searched for.")
  static let passagePrefix = Setting("text_passage_prefix", .text, nil, "Set before texts searched in.")
  static let textCommand = Setting("text_command", .text, nil, "A program: JSON in, JSON out.")

  static let videoEngine = Setting(
    "video_engine", .word(["classical", "onnx", "command", "none"]), "classical", "What embeds pictures.")
  static let videoPreset = Setting(
    "video_preset", .word(["r2plus1d_18", "clip_vit_b32"]), "clip_vit_b32", "What the ONNX file wants.")
  static let videoModel = Setting("video_model", .text, nil, "The ONNX file.")
  static let videoCommand = Setting("video_command", .text, nil, "A program: {video} in, JSON out.")
  static let videoDimension = Setting(
    "video_dimension", .integer(1...65_536), "512", "Numbers that video_command prints.")
  static let onnxLibrary = Setting("onnx_library", .text, nil, "libonnxruntime.so.")
  static let modelProcesses = Setting(
    "model_processes", .integer(0...64), "0", "Processes an ONNX model may have; 0 is one a worker.")

  static let transcriptSources = Setting(
    "transcript_sources", .words(Transcript.Kind.allCases.map(\.rawValue)),
    "manifest, sidecar, subtitles, speech", "Where transcripts come from, the first one first.")
  static let speechEngine = Setting(
    "speech_engine", .word(["pocketsphinx", "command", "none"]), "pocketsphinx", "What hears speech.")
  static let speechCommand = Setting("speech_command", .text, nil, "A program: {wav} in, {out}.vtt out.")
  static let speechConfidenceMin = Setting(
    "speech_confidence_min", .fraction, "0.45", "A transcript below this mean probability is dropped.")
  static let screenEngine = Setting(
    "ocr_engine", .word(["tesseract", "none"]), "tesseract", "What reads text on screen.")
  static let screenLanguages = Setting("ocr_languages", .text, "eng", "tesseract's languages: eng+spa.")
  static let screenConfidenceMin = Setting(
    "ocr_confidence_min", .integer(0...100), "70", "Words below it are dropped.")
  static let screenInterval = Setting(
    "ocr_interval_seconds", .integer(1...3600), "3", "One frame in this time is read.")
  static let screenFramesMax = Setting(
    "ocr_frames_max", .integer(1...10_000), "200", "Frames read of one video.")
  static let languageEngine = Setting(
    "language_engine", .word(["cld2", "none"]), "cld2", "What knows languages.")
  static let sentiment = Setting("sentiment", .boolean, "true", "Whether English transcripts are judged.")

  static let secondsMax = Setting(
    "seconds_max", .integer(1...86_400), "7200", "Only this much of a video is decoded.")
  static let readSeconds = Setting(
    "read_timeout_seconds", .integer(1...86_400), "3600", "Time for reading one video's files.")
  static let probeSeconds = Setting("probe_timeout_seconds", .integer(1...86_400), "30", "Time for ffprobe.")
  static let decodeSeconds = Setting(
    "decode_timeout_seconds", .integer(1...86_400), "1800", "Time for decoding one video.")
  static let speechSeconds = Setting(
    "speech_timeout_seconds", .integer(1...86_400), "3600", "Time for hearing one video.")
  static let screenSeconds = Setting(
    "ocr_timeout_seconds", .integer(1...86_400), "900", "Time for reading one video's screen.")
  static let videoSeconds = Setting(
    "video_timeout_seconds", .integer(1...86_400), "600", "Time for looking at one video's frames.")
  static let textSeconds = Setting(
    "text_timeout_seconds", .integer(1...86_400), "3600", "Time for embedding one video's texts.")
  static let languageSeconds = Setting(
    "language_timeout_seconds", .integer(1...86_400), "60", "Time for one video's language.")
  static let sentimentSeconds = Setting(
    "sentiment_timeout_seconds", .integer(1...86_400), "60", "Time for judging one transcript.")
  static let embedSeconds = Setting(
    "embed_timeout_seconds", .integer(1...86_400), "600", "Time for one call of what embeds.")
  static let batchPoints = Setting("batch_points", .integer(1...1000), "32", "Points in one write.")
  static let rescanSeconds = Setting(
    "rescan_seconds", .integer(1...86_400), "60", "How often `watch` reads the directory again.")
  static let metricsPort = Setting(
    "metrics_port", .integer(0...65_535), "0", "Prometheus metrics; 0 is none.")

  /// All settings, in the order of the file.
  package static let all: [Setting] = [
    host, port, apiKey, tls, tlsTrustRoots, tlsServerName, collection, stateDirectory, modelDirectory,
    workers, extensions, transcriptVector,
    screenVector, videoVector, textEngine, textPreset, textModel, textTokenizer, textVocabulary, textMerges,
    textPooling, textOutput, textTokensMax, textUncased, queryPrefix, passagePrefix, textCommand, videoEngine,
    videoPreset, videoModel, videoCommand, videoDimension, onnxLibrary, modelProcesses,
    transcriptSources, speechEngine, speechCommand, speechConfidenceMin, screenEngine, screenLanguages,
    screenConfidenceMin,
    screenInterval, screenFramesMax, languageEngine,
    sentiment, secondsMax, readSeconds, probeSeconds, decodeSeconds, speechSeconds, screenSeconds,
    videoSeconds, textSeconds, languageSeconds, sentimentSeconds, embedSeconds,
    batchPoints, rescanSeconds, metricsPort,
  ]
}
