import Foundation

/// Manifests of the last runs, in the cache folder: `v1/runs/<name>`, each `CheckedText` of a header and JSON.
extension DiskCache {
  /// So many are kept, and so many bytes of them; the newest is kept in any case.
  static let (runLimit, runSizeLimit) = (100, 64 << 20)

  private var runFolder: String { root + "/runs" }

  /// The names of all runs on record, oldest first.
  package var runNames: [String] { (listing(runFolder) ?? []).filter(RunName.isName) }

  /// The manifest of a run; a damaged one is put aside, and one of a later version passed over.
  package func manifest(of name: String) -> RunManifest? {
    guard RunName.isName(name) else { return nil }
    let path = "\(runFolder)/\(name)"
    guard let bytes = read(path, limit: Self.runSizeLimit) else { return nil }
    guard let manifest = RunManifest(bytes), manifest.name == name else {
      // One of a later version stays where it is.
      if CheckedText.body(of: bytes)?.hasPrefix(RunManifest.header) ?? true { quarantine(path) }
      return nil
    }
    return manifest
  }

  /// Manifests from the newest on, as many as hold `nodes` nodes, or one.
  package func recentManifests(nodes: Int = 20_000) -> [RunManifest] {
    var manifests: [RunManifest] = []
    var count = 0
    for name in runNames.reversed() {
      guard let manifest = manifest(of: name) else { continue }
      count += manifest.nodes.count
      if !manifests.isEmpty, count > nodes { break }
      manifests.append(manifest)
    }
    return manifests
  }

  /// The nodes whose results a run kept that was killed, or is under way, and so has not told: what the cache holds of it,
  /// and neither held before nor has from a later run.
  package func kept(by manifest: RunManifest) -> Set<String> {
    guard manifest.state == .unfinished else { return [] }
    var others: Set<ContentDigest> = []
    for name in runNames.reversed().prefix(while: { $0 > manifest.name }) {
      for node in self.manifest(of: name)?.nodes ?? [] where node.source == "executed" { others.insert(node.key) }
    }
    return Set(
      manifest.nodes.filter { !$0.isKept && !others.contains($0.key) && entry(for: $0.key) != nil }.map(\.node))
  }

  /// Writes a manifest, in place of an earlier one of the same run.
  func keep(_ manifest: RunManifest) {
    guard let bytes = manifest.bytes else { return }
    attempt { lease in
      try files.replace(
        "\(runFolder)/\(manifest.name)", with: bytes, temporary: temporaryPath(0, under: lease))
    }
  }

  /// Removes the oldest manifests until the rest are few and small enough; gives how many went.
  @discardableResult
  func dropOldRuns(keeping limit: Int = runLimit) -> Int {
    var (count, size, dropped) = (0, 0, 0)
    for name in runNames.reversed() {
      let path = "\(runFolder)/\(name)"
      count += 1
      size += files.status(of: path)?.size ?? 0
      guard count > limit || (count > 1 && size > Self.runSizeLimit) else { continue }
      if noting({ try files.delete(path) }) ?? false { dropped += 1 }
    }
    return dropped
  }
}

extension RunManifest {
  fileprivate static let header = "stepgraph-run 1\n"

  /// Nil when the bytes are not an undamaged manifest of this version.
  package init?(_ bytes: [UInt8]) {
    guard let body = CheckedText.body(of: bytes), body.hasPrefix(Self.header) else { return nil }
    let json = Data(body.utf8.dropFirst(Self.header.utf8.count))
    guard let manifest = try? JSONDecoder().decode(RunManifest.self, from: json) else { return nil }
    self = manifest
  }

  fileprivate var bytes: [UInt8]? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map {
      CheckedText.bytes(of: Self.header + String(decoding: $0, as: UTF8.self) + "\n")
    }
  }
}

/// Names of runs: the moment of the start, UTC, and a few digits that tell apart what starts in the same moment.
enum RunName {
  /// Such as `20261123T181530.123-4f2a`.
  static func next() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    return String(
      format: "%04d%02d%02dT%02d%02d%02d.%03d-%04x", Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1,
      Int(parts.tm_mday), Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec), Int(now.tv_nsec) / 1_000_000,
      Int(UInt16.random(in: 0...UInt16.max)))
  }

  /// The runs that a text may mean: those whose names begin with it, or else have it in their time or their digits.
  static func indices(of text: Substring, among names: [String]) -> [Int] {
    if text.isEmpty { return [] }
    let beginning = names.indices.filter { names[$0].hasPrefix(text) }
    if !beginning.isEmpty { return beginning }
    return names.indices.filter { index in
      names[index].split(whereSeparator: { "T-".contains($0) }).dropFirst().contains { $0.hasPrefix(text) }
    }
  }

  static func isName(_ text: String) -> Bool {
    text.utf8.count == 24
      && zip(text.utf8, "00000000T000000.000-xxxx".utf8).allSatisfy { character, pattern in
        switch pattern {
        case UInt8(ascii: "0"): (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character)
        case UInt8(ascii: "x"): Character(UnicodeScalar(character)).isHexDigit
        default: character == pattern
        }
      }
  }
}

extension RunManifest {
  /// When the run started, such as `2026-11-23 18:15:30 UTC`.
  package var start: String {
    let digits = Array(name.utf8)
    guard digits.count >= 15 else { return name }
    func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
    return "\(part(0..<4))-\(part(4..<6))-\(part(6..<8)) \(part(9..<11)):\(part(11..<13)):\(part(13..<15)) UTC"
  }
}
