import Foundation

/// Files whose names end in a number: `out_00001.png`, `out_00002.png`.
enum CountedFile {
  private static let digits = 5

  /// Writes to the name after the last that is taken, and returns it.
  ///
  /// Throws `FileError`.
  static func write(_ bytes: [UInt8], after path: String, kind: WholeFile.Kind) throws(FileError) -> String {
    let url = URL(filePath: path)
    let stem = url.deletingPathExtension().relativePath
    let ending = url.pathExtension.isEmpty ? "" : ".\(url.pathExtension)"
    var number = last(stem: stem, ending: ending) + 1
    while true {
      let count = String(number)
      let name = stem + "_" + String(repeating: "0", count: max(0, digits - count.count)) + count + ending
      if try WholeFile.write(bytes, to: name, kind: kind, replaces: false) { return name }
      number += 1
    }
  }

  /// The highest number in the folder; 0 where there is none.
  private static func last(stem: String, ending: String) -> Int {
    let folder = LinkedPath.folder(of: stem)
    let start = stem.dropFirst(folder.count) + "_"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
    return names.lazy.compactMap { name in
      guard name.hasPrefix(start), name.hasSuffix(ending), name.count > start.count + ending.count else { return nil }
      let number = name.dropFirst(start.count).dropLast(ending.count)
      return number.allSatisfy { $0.isASCII && $0.isNumber } ? Int(number) : nil
    }.max() ?? 0
  }
}
