import Foundation

/// An amount of bytes as people read and write it, in powers of 1000: `512 B`, `1.5 MB`, `10 GB`.
package struct ByteCount: Sendable, Hashable, CustomStringConvertible {
  package let bytes: Int

  package init(_ bytes: Int) { self.bytes = bytes }

  /// Reads a number with a unit: none or B, k, M, G or T with or without B, and KiB, MiB, GiB or TiB for powers of 1024.
  package init?(_ text: String) {
    let text = text.lowercased().filter { $0 != " " }
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let units: [Substring: Double] = [
      "": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "t": 1e12, "tb": 1e12,
      "kib": 1024, "mib": 1_048_576, "gib": 1_073_741_824, "tib": 1_099_511_627_776,
    ]
    guard let number = Double(digits), let unit = units[text.dropFirst(digits.count)],
      let bytes = Int(exactly: (number * unit).rounded())
    else { return nil }
    self.bytes = bytes
  }

  package var description: String {
    var size = Double(bytes)
    for unit in ["B", "kB", "MB", "GB"] {
      if size < 999.5 {
        return unit == "B" ? "\(bytes) B" : String(format: size < 9.95 ? "%.1f \(unit)" : "%.0f \(unit)", size)
      }
      size /= 1000
    }
    return String(format: "%.1f TB", size)
  }
}
