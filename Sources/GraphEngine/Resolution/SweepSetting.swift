import Diagnostics
import Foundation

/// Values of a param from the command line, one run for each: `--sweep name=values`.
///
/// Values are separated by commas, and those of strings and paths, which may hold commas, by `|`. Numbers may be ranges,
/// both ends included: `1..8`, or with a step `0..1:0.25`.
package struct SweepSetting: Sendable {
  package let name: String
  /// The values as typed.
  package let text: String
  /// The place that problems with the setting are told at.
  let location: SourceLocation

  package init(name: String, text: String) {
    self.name = name
    self.text = text
    location = SourceLocation(argument: "--sweep \(name)=\(shortened(text))")
  }

  /// Each value's own text.
  func texts(of type: ScalarType) throws(ValueProblem) -> [String] {
    switch type {
    case .string, .path: return split(text, at: "|")
    case .bool, .choice: return split(text, at: ",")
    case .int, .float:
      var texts: [String] = []
      for item in split(text, at: ",") {
        texts += item.contains("..") ? try NumberRange(item, of: name, type: type).texts : [item]
      }
      return texts
    }
  }

  private func split(_ text: String, at separator: Character) -> [String] {
    text.split(separator: separator, omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
  }
}

/// `first..last` or `first..last:step`, both ends included.
private struct NumberRange {
  let first: Decimal
  let step: Decimal
  let count: Int

  /// - Parameters:
  ///   - name: the param that takes the numbers.
  ///   - type: int or float.
  init(_ text: String, of name: String, type: ScalarType) throws(ValueProblem) {
    func number(_ part: some StringProtocol) throws(ValueProblem) -> Decimal {
      let part = String(part)
      if case .failure(let problem) = type.read(part) {
        throw ValueProblem(
          "'\(name)' takes \(problem.expectation), in the range '\(text)'",
          notes: ["a range is first..last or first..last:step"])
      }
      guard let number = Decimal(string: part, locale: Locale(identifier: "en_US_POSIX")), number.isFinite else {
        throw ValueProblem("'\(part)' is too large for a range")
      }
      return number
    }
    let ends = text.split(separator: "..", maxSplits: 1, omittingEmptySubsequences: false)
    let rest = ends[1].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    first = try number(ends[0])
    let last = try number(rest[0])
    step = rest.count == 2 ? try number(rest[1]) : 1
    guard step != 0 else { throw ValueProblem("the range '\(text)' has the step 0, and so no end") }
    guard first == last || (last > first) == (step > 0) else {
      throw ValueProblem(
        "the range '\(text)' does not lead from \(first) to \(last)",
        notes: ["write it with the step \(-step): \(first)..\(last):\(-step)"])
    }
    let steps = (last - first) / step
    guard steps.isFinite, steps < Decimal(SweepAxis.maximumPoints) else {
      throw ValueProblem("the range '\(text)' has more than \(SweepAxis.maximumPoints) values")
    }
    count = NSDecimalNumber(decimal: steps).intValue + 1
  }

  /// In decimal, so that 0.1 and 0.2 are followed by 0.3.
  var texts: [String] { (0..<count).map { (first + Decimal($0) * step).description } }
}
