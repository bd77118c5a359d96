import FoundationEssentials
import Synchronization

/// Finds the subtitle file beside a video.
///
/// The last directory's listing is kept until the directory changes, so that a large one is not listed for each video.
final class SidecarFinder: Sendable {
  struct Sidecar: Sendable, Equatable {
    var path: String
    var format: SubtitleText.Format
  }

  /// `film.pt-BR.srt`, by its parts.
  private struct Tagged: Sendable {
    var name: String
    var tag: String
    var format: SubtitleText.Format
  }

  private struct Listing: Sendable {
    var directory: FileState
    /// Files with a language before their ending, by what stands before it: `film`.
    var tagged: [String: [Tagged]]
  }

  /// Files with a language that are looked at for one video.
  static let candidatesMax = 64

  private let last = Mutex<Listing?>(nil)

  /// `film.srt` or `film.mp4.srt` for `film.mp4`, else `film.en.srt` with any language, `language` first and then by
  /// the alphabet.
  ///
  /// - Parameter language: the video's, as `LanguageDetector.normalized` writes it.
  func sidecar(of path: String, language: String?) -> Sidecar? {
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { String(path[...$0]) } ?? "./"
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    let dot = name.lastIndex(of: ".")
    let stem = dot.map { String(name[..<$0]) } ?? name
    for format in [SubtitleText.Format.srt, .vtt, .txt] {
      for owner in [stem, name] {
        let candidate = "\(directory)\(owner).\(format.rawValue)"
        if FileState.isRegular(candidate) { return Sidecar(path: candidate, format: format) }
      }
    }
    let candidates = tagged(stem, in: directory).sorted { Self.rank($0, language) < Self.rank($1, language) }
    for candidate in candidates.prefix(Self.candidatesMax)
    where FileState.isRegular(directory + candidate.name) {
      // `film.mkv.srt` and `film.old.srt` belong to `film.mkv` and `film.old.mp4` where there are such.
      let owner = "\(directory)\(stem).\(candidate.tag)"
      let isOthers =
        FileState.isRegular(owner) || FileState.isRegular(owner + (dot.map { name[$0...] } ?? ""))
      if !isOthers { return Sidecar(path: directory + candidate.name, format: candidate.format) }
    }
    return nil
  }

  private static func rank(_ file: Tagged, _ language: String?) -> (Int, String, Int, String) {
    let isWanted = language != nil && LanguageDetector.normalized(file.tag) == language
    return (isWanted ? 0 : 1, file.tag.lowercased(), file.format == .srt ? 0 : 1, file.tag)
  }

  private func tagged(_ stem: String, in directory: String) -> [Tagged] {
    guard let state = FileState(ofFile: directory) else { return [] }
    let kept = last.withLock { $0?.directory == state ? $0 : nil }
    if let kept { return kept.tagged[stem] ?? [] }
    guard let names = try? Files.names(in: directory, stage: .read) else { return [] }
    var found: [String: [Tagged]] = [:]
    for name in names {
      guard let file = Self.parts(ofName: name) else { continue }
      found[file.stem, default: []].append(file.tagged)
    }
    // A directory may change again within the same tick of its time.
    let age = Int64(Date().timeIntervalSince1970 * 1000) - state.modifiedMilliseconds
    if age > 2000 { last.withLock { $0 = Listing(directory: state, tagged: found) } }
    return found[stem] ?? []
  }

  private static func parts(ofName name: String) -> (stem: String, tagged: Tagged)? {
    guard let format = [SubtitleText.Format.srt, .vtt].first(where: { name.hasSuffix(".\($0.rawValue)") })
    else {
      return nil
    }
    let rest = name.dropLast(format.rawValue.count + 1)
    guard let dot = rest.lastIndex(of: ".") else { return nil }
    let tag = String(rest[rest.index(after: dot)...])
    return isLanguage(tag) ? (String(rest[..<dot]), Tagged(name: name, tag: tag, format: format)) : nil
  }

  /// Two or three letters, and at most two more parts for script and region: `en`, `spa`, `pt-BR`, `zh_Hans_CN`.
  static func isLanguage(_ tag: String) -> Bool {
    let parts = tag.utf8.split(omittingEmptySubsequences: false) {
      $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
    }
    func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }
    func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    guard let code = parts.first, parts.count <= 3 else { return false }
    return (2...3).contains(code.count) && code.allSatisfy(isLetter)
      && parts.dropFirst().allSatisfy { part in
        (2...4).contains(part.count) && part.allSatisfy { isLetter($0) || isDigit($0) }
      }
  }
}
