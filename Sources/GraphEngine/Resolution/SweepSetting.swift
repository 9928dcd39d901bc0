import Diagnostics
import Foundation

/// Values of a param from the command line, one run for each: `--sweep name=values`, written as `SweepText` says.
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
}

/// Several values of a param in one text.
///
/// They are separated by commas, and those of strings, paths and lists, which may hold commas, by `|`. Numbers may be
/// ranges, both ends included: `1..8`, or with a step `0..1:0.25`. `random` draws an int, `random*8` eight of them.
struct SweepText {
  struct Value {
    var text: String
    var isDrawn = false
  }

  let text: String
  /// The param.
  let target: ValueTarget

  /// Each value's own text.
  ///
  /// - Parameters:
  ///   - others: values that are there already and not drawn again.
  ///   - draw: a random number.
  func values(besides others: [String] = [], draw: () -> UInt64) throws(ValueProblem) -> [Value] {
    switch target.type {
    case .string, .path, .bool, .choice: return target.type.split(text).map { Value(text: $0) }
    case .list(let item):
      guard item.separator != ValueType.list(item).separator else {
        throw ValueProblem("lists of \(item.plural) can only be swept in a file")
      }
      return target.type.split(text).map { Value(text: $0) }
    case .int, .float:
      var values: [Value] = []
      for text in target.type.split(text) {
        if text.contains("..") {
          values += try NumberRange(text, of: target.name, type: target.type).texts.map { Value(text: $0) }
        } else if target.type == .int, text == "random" || text.hasPrefix("random*") {
          values += try drawn(text, besides: others + values.map(\.text), draw: draw)
        } else if let ends = text.wholeMatch(of: /([0-9]+)-([0-9]+)/) {
          throw ValueProblem("'\(text)' is no number", notes: ["a range is written \(ends.1)..\(ends.2)"])
        } else {
          values.append(Value(text: text))
        }
      }
      return values
    }
  }

  private func drawn(_ text: String, besides others: [String], draw: () -> UInt64) throws(ValueProblem) -> [Value] {
    let written = text.dropFirst("random*".utf8.count)
    guard let count = text == "random" ? 1 : Int(written), (1...SweepAxis.maximumPoints).contains(count) else {
      throw ValueProblem(
        "'\(text)' does not say how many to draw",
        notes: ["'random*8' draws 8 numbers; 1 to \(SweepAxis.maximumPoints) can be drawn"])
    }
    let range = target.drawnInts
    var known = Set(others)
    guard range.upperBound - range.lowerBound + 1 >= Int128(count + known.count) else {
      throw ValueProblem("'\(target.name)' takes \(range.lowerBound) to \(range.upperBound), too few for '\(text)'")
    }
    return (0..<count).map { _ in
      var number = target.drawnInt(draw)
      // Two alike would be one point twice.
      while !known.insert(String(number)).inserted {
        number = number < range.upperBound ? number + 1 : range.lowerBound
      }
      return Value(text: String(number), isDrawn: true)
    }
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
  init(_ text: String, of name: String, type: ValueType) throws(ValueProblem) {
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
