import Foundation

/// How a number is put into a text: `$(i:03)` is 007, `$(x:.2)` is 0.25, `$(x:06.2)` is 000.25.
struct ValueFormat: Hashable {
  /// The least number of characters; zeros, or blanks, are put before the digits.
  var width = 0
  var padsWithZeros = false
  /// Digits after the point; as many as the number needs when nil.
  var digits: Int?

  /// Bounds width and digits.
  static let maximum = 30

  /// Reads what stands between `:` and `)`; nil when it is no format.
  init?(_ text: String) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    func number(_ part: Substring) -> Int? {
      guard part.utf8.count <= 3, part.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        let number = Int(part), number <= Self.maximum
      else { return nil }
      return number
    }
    if !parts[0].isEmpty {
      guard let width = number(parts[0]) else { return nil }
      self.width = width
      padsWithZeros = parts[0].hasPrefix("0")
    }
    if parts.count == 2 {
      guard let digits = number(parts[1]) else { return nil }
      self.digits = digits
    }
    guard width > 0 || digits != nil else { return nil }
  }

  var text: String {
    (padsWithZeros ? "0" : "") + (width > 0 ? String(width) : "") + (digits.map { ".\($0)" } ?? "")
  }

  /// A number in this form, rounded to the nearest, ties to even.
  func text(of value: ParameterValue) -> String {
    var text = value.text
    if let digits {
      switch value {
      case .int where digits == 0: break
      case .int(let number): text = "\(number)." + String(repeating: "0", count: digits)
      case .float(let number): text = String(format: "%.\(digits)f", number)
      default: break
      }
    }
    let missing = width - text.utf8.count
    guard missing > 0 else { return text }
    if padsWithZeros {
      let sign = text.hasPrefix("-") ? "-" : ""
      return sign + String(repeating: "0", count: missing) + text.dropFirst(sign.count)
    }
    return String(repeating: " ", count: missing) + text
  }
}
