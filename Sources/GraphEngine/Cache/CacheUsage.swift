import Foundation

/// About how much the cache holds, so that a run need not look at all of it: what the collector last counted, and a line
/// for what was written since.
struct CacheUsage {
  let bytes: Int
  /// Seconds since 1970 when the collector counted.
  let counted: Int

  /// Longer records are counted anew, and older ones: processes that were killed left gaps.
  private static let (sizeLimit, ageLimit) = (64 << 10, 24 * 3600)

  static var now: Int { Int(Date().timeIntervalSince1970) }

  /// Nil when it is time to count again.
  init?(_ text: [UInt8]) {
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
    let first = lines.first?.split(separator: " ") ?? []
    guard text.count <= Self.sizeLimit, first.count == 3, first[0] == "counted", let bytes = Int(first[1]),
      let counted = Int(first[2]), abs(Self.now &- counted) < Self.ageLimit
    else { return nil }
    self.counted = counted
    self.bytes = lines.dropFirst().reduce(bytes) { $0 &+ (Int($1) ?? 0) }
  }

  static func text(counted bytes: Int) -> [UInt8] { Array("counted \(bytes) \(now)\n".utf8) }
}

extension DiskCache {
  /// Notes that bytes were written, and collects once the cache is larger than it may be.
  func recordWritten(_ bytes: Int) {
    if let bytes = addUnrecorded(bytes) { record(bytes) }
  }

  /// Records the rest at the end of a run.
  package func settle() {
    let bytes = takeUnrecorded()
    if bytes > 0 { record(bytes) }
  }

  private func record(_ bytes: Int) {
    try? files.append(Array("\(bytes)\n".utf8), to: usagePath)
    let usage = read(usagePath).flatMap { CacheUsage($0) }
    if (usage?.bytes ?? .max) > settings.limit { collect(slack: 10, waits: false) }
  }

  /// Sees to it that bytes can be written and the disk keeps what is to stay free.
  ///
  /// Throws `NoRoom`.
  func makeRoom(for bytes: Int) throws {
    func shortage() -> (bytes: Int, free: Int, kept: Int)? {
      guard let space = files.space(at: root) else { return nil }
      let kept = settings.minimumFree(ofTotal: space.total)
      let missing = kept &+ bytes - space.free
      return missing > 0 ? (missing, space.free, kept) : nil
    }
    guard shortage() != nil else { return }
    collect(slack: 10, waits: true)
    if let shortage = shortage() {
      throw NoRoom(location: location, free: ByteCount(shortage.free), kept: ByteCount(shortage.kept))
    }
  }

  struct NoRoom: Error, CustomStringConvertible {
    let location: String
    let free: ByteCount
    let kept: ByteCount

    var description: String { "the disk of '\(location)' has \(free) free, and \(kept) are to stay free" }
  }
}
