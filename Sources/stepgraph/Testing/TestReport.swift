import Diagnostics
import Foundation
import GraphEngine

/// What all cases came to, in the forms that people and other programs read.
struct TestReport {
  let outcomes: [CaseOutcome]
  let seconds: Double

  var failed: Int { outcomes.count { !$0.holds } }

  /// Such as `12 cases: 11 hold, 1 fails, in 14.2 s`.
  var summary: String {
    let held = outcomes.count - failed
    let rest = failed > 0 ? ", \(failed) fail\(failed == 1 ? "s" : "")" : ""
    return
      "\(countText(outcomes.count, "case")): \(held) hold\(held == 1 ? "s" : "")\(rest), in \(durationText(seconds))\n"
  }

  /// The Test Anything Protocol, version 14: https://testanything.org/tap-version-14-specification.html.
  var tap: String {
    var text = "TAP version 14\n1..\(outcomes.count)\n"
    for (index, outcome) in outcomes.enumerated() {
      let name = "\(outcome.file): \(outcome.name)".replacing("\\", with: "\\\\").replacing("#", with: "\\#")
      text += "\(outcome.holds ? "ok" : "not ok") \(index + 1) - \(name)\n"
      guard !outcome.holds else { continue }
      let lines = render(outcome.problems, color: false).split(separator: "\n").map { "    \($0)\n" }.joined()
      text += "  ---\n  message: |2\n\(lines)  ...\n"
    }
    return text
  }

  /// JUnit's XML, as continuous integration servers read it: a suite for each file.
  var junit: String {
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    text += "<testsuites tests=\"\(outcomes.count)\" failures=\"\(failed)\" time=\"\(time(seconds))\">\n"
    var files: [String] = []
    for outcome in outcomes where !files.contains(outcome.file) { files.append(outcome.file) }
    for file in files {
      let suite = outcomes.filter { $0.file == file }
      let sum = suite.reduce(0) { $0 + $1.seconds }
      text += "  <testsuite name=\"\(xmlText(file))\" tests=\"\(suite.count)\""
      text += " failures=\"\(suite.count { !$0.holds })\" time=\"\(time(sum))\">\n"
      for outcome in suite {
        text +=
          "    <testcase name=\"\(xmlText(outcome.name))\" classname=\"\(xmlText(file))\" time=\"\(time(outcome.seconds))\""
        guard let first = outcome.problems.first else {
          text += "/>\n"
          continue
        }
        text += ">\n      <failure message=\"\(xmlText(first.message))\">"
        text += xmlText(render(outcome.problems, color: false)) + "</failure>\n    </testcase>\n"
      }
      text += "  </testsuite>\n"
    }
    return text + "</testsuites>\n"
  }

  private func time(_ seconds: Double) -> String { String(format: "%.3f", seconds) }

  /// What `--json` prints.
  var json: Description { Description(self) }

  struct Description: Encodable {
    struct Case: Encodable {
      let file: String
      let name: String
      let holds: Bool
      let seconds: Double
      /// How many nodes executed; absent where the run did not begin.
      let executed: Int?
      let written: [String]
      let diagnostics: [DiagnosticDescription]
    }

    let cases: [Case]
    let failed: Int
    let seconds: Double

    fileprivate init(_ report: TestReport) {
      cases = report.outcomes.map { outcome in
        Case(
          file: outcome.file, name: outcome.name, holds: outcome.holds, seconds: outcome.seconds,
          executed: outcome.executed, written: outcome.written,
          diagnostics: outcome.problems.map(DiagnosticDescription.init))
      }
      failed = report.failed
      seconds = report.seconds
    }
  }
}
