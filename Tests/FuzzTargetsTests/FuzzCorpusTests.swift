import Foundation
import FuzzTargets
import Testing

/// What fuzzing began with and what it found is read once more: without a crash, and without end.
struct FuzzCorpusTests {
  static let corpus = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/fuzz")

  @Test(arguments: FuzzTarget.allCases)
  func everyInputIsReadOrRefused(_ target: FuzzTarget) throws {
    let folder = Self.corpus.appending(path: target.rawValue)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(files.count >= 3)
    for file in files {
      let bytes = try Data(contentsOf: folder.appending(path: file))
      // As they are, cut short, and with a bit flipped here and there.
      for length in Set([bytes.count, bytes.count / 2, max(0, bytes.count - 1), min(9, bytes.count)]) {
        bytes.prefix(length).withUnsafeBytes { target.take($0) }
      }
      for place in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)) {
        var flipped = bytes
        flipped[place] ^= 1 << (place % 8)
        flipped.withUnsafeBytes { target.take($0) }
      }
    }
  }
}
