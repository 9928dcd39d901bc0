import ArgumentParser
import Diagnostics
import Foundation
import GraphEngine
import StepgraphNodes
import Tensors

/// `stepgraph test`: workflows with what must hold when they run.
struct TestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Runs workflows with the cases of NAME.test.yaml, and says what does not hold.",
    discussion: """
      A case runs a workflow with values for its params and says what comes of it: values and pictures like those in \
      files, how many nodes run after another case, an error. Each begins with an empty cache of its own, or with that of \
      the case it comes after. What workflows write goes to a temporary folder.

      Exit codes: 0 all hold, 1 a case does not, 2 a file of tests is invalid, 64 wrong usage, 130 interrupted.
      """)

  @Argument(
    help: ArgumentHelp("Files of tests, or folders of them.", valueName: "file"),
    completion: .file(extensions: ["yaml"]))
  var files: [String]

  @Option(
    name: .customLong("case"),
    help: ArgumentHelp("Run only this case, and those it comes after; may be repeated.", valueName: "name"))
  var cases: [String] = []

  @Flag(help: "Write the files that results are compared with, where they are missing or other than the results.")
  var update = false

  @Flag(help: "Print the results as JSON.")
  var json = false

  @Flag(help: "Print the results in the Test Anything Protocol, version 14.")
  var tap = false

  @Option(
    help: ArgumentHelp("Write the results to this file in JUnit's XML as well.", valueName: "file"),
    completion: .file(extensions: ["xml"]))
  var junit: String?

  @OptionGroup var models: ModelOptions

  @Option(help: ArgumentHelp("How many cores to use; all that this process may use when left out.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if json && tap { throw ValidationError("--json and --tap exclude each other.") }
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads); 1 or more was expected.") }
  }

  func run() async throws {
    try await reporting {
      if let threads { Parallel.threadCount = threads }
      let tests = try readTests()
      let start = ContinuousClock.now
      var outcomes: [CaseOutcome] = []
      for test in tests {
        let runner = try WorkflowTestRunner(test, models: models.search, updates: update)
        var isFirst = true
        for testCase in test.cases where isAsked(testCase, in: test) {
          let outcome = try await interruptible { try await runner.run(testCase) }
          outcomes.append(outcome)
          try show(outcome, heading: isFirst ? test.file.path : nil)
          isFirst = false
        }
      }
      let report = TestReport(outcomes: outcomes, seconds: start.duration(to: .now) / .seconds(1))
      if json { try Terminal.write(jsonText(report.json)) }
      if tap { try Terminal.write(report.tap) }
      if !json && !tap { try Terminal.write(report.summary) }
      if let junit { try write(report.junit, to: junit) }
      if report.failed > 0 { throw ExitCode.nodeFailed }
    }
  }

  /// All files are read before any runs, so that a slip in the last one is told at once.
  private func readTests() throws -> [WorkflowTest] {
    var problems: [Diagnostic] = []
    var tests: [WorkflowTest] = []
    for path in try files.flatMap(Self.files) {
      do throws(DiagnosticList) {
        tests.append(try WorkflowTest(path: path))
      } catch {
        problems += error.diagnostics
      }
    }
    let names = tests.flatMap { $0.cases.map(\.name.value) }
    for name in cases where !names.contains(name) && problems.isEmpty {
      problems.append(
        Diagnostic(
          "there is no case '\(name)'", at: SourceLocation(argument: "--case \(name)"),
          notes: [nearestNameNote(to: name, among: names)].compactMap(\.self)))
    }
    guard problems.isEmpty else { throw DiagnosticList(problems) }
    return tests
  }

  /// A file by itself; of a folder the files of tests in it and below it, in the order of their names.
  private static func files(_ path: String) throws -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      return [path]
    }
    let prefix = path.hasSuffix("/") ? path : path + "/"
    let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    let tests = names.filter { $0.hasSuffix(WorkflowTest.ending) }.sorted().map { prefix + $0 }
    guard !tests.isEmpty else {
      throw DiagnosticList([Diagnostic("there is no file '...\(WorkflowTest.ending)' in '\(path)'")])
    }
    return tests
  }

  private func isAsked(_ testCase: WorkflowTestCase, in test: WorkflowTest) -> Bool {
    if cases.isEmpty { return true }
    var asked = Set(cases)
    for other in test.cases.reversed() where asked.contains(other.name.value) {
      if let before = other.predecessor { asked.insert(before) }
    }
    return asked.contains(testCase.name.value)
  }

  /// A line for the case, and what is wrong with it.
  private func show(_ outcome: CaseOutcome, heading: String?) throws {
    if json || tap { return }
    if let heading { try Terminal.write("\(heading)\n") }
    let count = outcome.executed.map { ", \(countText($0, "node")) run" } ?? ""
    try Terminal.write(
      "  \(outcome.holds ? "ok  " : "FAIL")  \(outcome.name)  (\(durationText(outcome.seconds))\(count))\n")
    for path in outcome.written { try Terminal.write("        wrote \(path)\n") }
    guard !outcome.holds else { return }
    try Terminal.write(
      render(outcome.problems, color: Terminal.colours(STDOUT_FILENO), width: Terminal.outputWidth)
        .split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "\n" : "    \($0)\n" }.joined())
  }

  private func write(_ text: String, to path: String) throws {
    do throws(FileError) {
      try WholeFile.write(Array(text.utf8), to: path, kind: .junit)
    } catch {
      throw DiagnosticList([Diagnostic("--junit: \(error.message)")])
    }
  }
}
