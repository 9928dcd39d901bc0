import Diagnostics
import Foundation

/// A `config.json` as the class it configures reads it: value by value, the class's default where a key is absent.
///
/// Keys that nobody asks for are passed over, as diffusers does. Every error names the file and the key.
package struct ConfigFile {
  package let path: String
  package let values: [String: JSONValue]

  /// Sizes beyond this are lies, and products of a few of them still fit an Int.
  package static let sizes = 1...(1 << 20)

  package init(path: String) throws {
    self.path = path
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ModelError("\(path): cannot be read")
    }
    do {
      guard case .object(let values) = try JSONDecoder().decode(JSONValue.self, from: Self.withoutInfinities(data))
      else {
        throw ModelError("\(path): a JSON object was expected")
      }
      self.values = values
    } catch is DecodingError {
      throw ModelError("\(path): is not valid JSON\(Self.nature(of: data))")
    }
  }

  /// What the file is instead of JSON, where its beginning tells.
  private static func nature(of data: Data) -> String {
    guard data.first(where: { ![0x09, 0x0A, 0x0D, 0x20].contains($0) }) != UInt8(ascii: "{") else { return "" }
    return FileNature.describe(beginning: data).map { ": it is \($0)" } ?? ""
  }

  package init(path: String, values: [String: JSONValue]) {
    self.path = path
    self.values = values
  }

  /// Python writes `-Infinity`, `Infinity` and `NaN`, which JSON does not have; here they are null, no value.
  private static func withoutInfinities(_ data: Data) -> Data {
    let words = ["-Infinity", "Infinity", "NaN"].map { Data($0.utf8) }
    guard words.contains(where: { data.firstRange(of: $0) != nil }) else { return data }
    var (result, rest, isInString) = (Data(), data[...], false)
    while let byte = rest.first {
      if !isInString, let word = words.first(where: rest.starts(with:)) {
        result += Data("null".utf8)
        rest = rest.dropFirst(word.count)
        continue
      }
      if byte == UInt8(ascii: "\"") { isInString.toggle() }
      // What is escaped ends no string.
      let count = isInString && byte == UInt8(ascii: "\\") ? 2 : 1
      result += rest.prefix(count)
      rest = rest.dropFirst(count)
    }
    return result
  }

  // MARK: - Single values

  package func int(_ key: String, default fallback: Int, in range: ClosedRange<Int> = sizes) throws -> Int {
    try values[key].map { try int($0, key, in: range) } ?? fallback
  }

  package func optionalInt(_ key: String, in range: ClosedRange<Int> = sizes) throws -> Int? {
    guard let value = values[key], value != .null else { return nil }
    return try int(value, key, in: range)
  }

  /// A size that the class cannot do without.
  package func required(_ key: String, in range: ClosedRange<Int> = sizes) throws -> Int {
    guard let value = try optionalInt(key, in: range) else {
      throw ModelError("\(path): '\(key)' is missing; a whole number was expected")
    }
    return value
  }

  package func float(_ key: String, default fallback: Double) throws -> Double {
    switch values[key] {
    case nil: return fallback
    case .float(let value): return value
    case .int(let value): return Double(value)
    case let other?: throw wrong(key, other, "a number")
    }
  }

  /// A switch; null is off, as Python's classes take it, and not the default.
  package func bool(_ key: String, default fallback: Bool) throws -> Bool {
    switch values[key] {
    case nil: return fallback
    case .null: return false
    case .bool(let value): return value
    case let other?: throw wrong(key, other, "true or false")
    }
  }

  /// A string that must be one of `options`.
  package func choice(_ key: String, default fallback: String, of options: [String]) throws -> String {
    let value = values[key] ?? .string(fallback)
    guard case .string(let name) = value, options.contains(name) else { throw wrong(key, value, oneOf(options)) }
    return name
  }

  /// Refuses a switch that is set to something this implementation does not do.
  ///
  /// An absent key has the class's default, which must be among `supported`.
  package func require(_ key: String, _ supported: JSONValue...) throws {
    guard let value = values[key] else { return }
    if supported.contains(value) { return }
    // A list by level that only repeats a supported value says the same.
    if case .array(let levels) = value, levels.allSatisfy(supported.contains) { return }
    // 1 and 1.0 are the same number.
    if case .float(let number) = value, let whole = Int(exactly: number), supported.contains(.int(whole)) { return }
    if value == .null, supported.contains(.bool(false)) { return }
    throw ModelError(
      "\(path): '\(key)' is \(value), which is not supported; "
        + supported.map(\.description).joined(separator: " or ") + " was expected")
  }

  // MARK: - Lists

  package func ints(_ key: String, default fallback: [Int], in range: ClosedRange<Int> = sizes) throws -> [Int] {
    guard let value = values[key] else { return fallback }
    guard case .array(let elements) = value, !elements.isEmpty else {
      throw wrong(key, value, "a list of whole numbers")
    }
    return try elements.map { try int($0, key, in: range) }
  }

  /// One number for all of `count` levels, or a list with one for each.
  package func intByLevel(
    _ key: String, default fallback: Int, count: Int, in range: ClosedRange<Int> = sizes
  ) throws -> [Int] {
    guard case .array = values[key] else {
      return Array(repeating: try int(key, default: fallback, in: range), count: count)
    }
    let levels = try ints(key, default: [], in: range)
    guard levels.count == count else {
      throw ModelError("\(path): '\(key)' has \(levels.count) entries for \(count) blocks")
    }
    return levels
  }

  /// A list of names, each one of `options`.
  package func choices(_ key: String, default fallback: [String], of options: [String]) throws -> [String] {
    guard let value = values[key] else { return fallback }
    guard case .array(let elements) = value, !elements.isEmpty else { throw wrong(key, value, "a list of names") }
    return try elements.map { element in
      guard case .string(let name) = element, options.contains(name) else {
        throw ModelError("\(path): '\(key)' has \(element), which is not supported; \(oneOf(options)) was expected")
      }
      return name
    }
  }

  // MARK: - Errors

  private func int(_ value: JSONValue, _ key: String, in range: ClosedRange<Int>) throws -> Int {
    guard case .int(let number) = value else { throw wrong(key, value, "a whole number") }
    guard range.contains(number) else {
      throw wrong(key, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private func wrong(_ key: String, _ value: JSONValue, _ expected: String) -> ModelError {
    ModelError("\(path): '\(key)' is \(value); \(expected) was expected")
  }

  private func oneOf(_ options: [String]) -> String { options.map { "\"\($0)\"" }.joined(separator: " or ") }

  /// Refuses sizes that `divisor` does not divide.
  package func requireDivisible(_ sizes: [Int], by divisor: Int, _ message: (Int) -> String) throws {
    if let size = sizes.first(where: { $0 % divisor != 0 }) { throw ModelError("\(path): \(message(size))") }
  }
}
