import Diagnostics
import YAMLTree

extension WorkflowTest {
  /// The version of the format, the value of the key `stepgraph-test`.
  static let formatVersion = 1

  static let versionKey = "stepgraph-test"
  static let documentKeys = [versionKey, "description", "workflow", "with", "within", "psnr", "cases"]
  static let caseKeys = [
    "description", "with", "after", "target", "same", "within", "picture", "psnr", "runs", "error",
  ]

  /// How much a value may be off where nothing is said, relative.
  package static let standardTolerance = 1e-4
  /// In dB, where nothing is said.
  package static let standardPSNR = 40.0

  /// The ending of names of files that test the workflow of the same name.
  package static let ending = ".test.yaml"

  /// Reads and checks a file of tests; the workflow is not looked at.
  ///
  /// Throws every problem found, sorted by place.
  package init(path: String) throws(DiagnosticList) {
    try self.init(SourceFile.read(path))
  }

  /// As `init(path:)`, for a file that was read.
  package init(_ file: SourceFile) throws(DiagnosticList) {
    let collector = DiagnosticCollector()
    let tree = file.parseYAML(into: collector)
    let test = tree.flatMap { WorkflowTestReader(file, collector).read($0) }
    try collector.throwIfErrors()
    guard let test else { throw DiagnosticList(collector.sorted) }
    self = test
  }
}

/// Reads a located tree as a file of tests.
private struct WorkflowTestReader {
  private let file: SourceFile
  private let collector: DiagnosticCollector
  private let reader: DocumentReader
  private let folder: String

  init(_ file: SourceFile, _ collector: DiagnosticCollector) {
    self.file = file
    self.collector = collector
    reader = DocumentReader(file: file, ids: DocumentID.Source(), collector: collector)
    folder = file.folder
  }

  /// What holds for all cases that say nothing else.
  private struct Defaults {
    var settings: [ParameterSetting] = []
    var tolerance = WorkflowTest.standardTolerance
    var psnr = WorkflowTest.standardPSNR
  }

  func read(_ root: YAMLNode) -> WorkflowTest? {
    guard var mapping = reader.mapping(root, of: "a file of tests") else { return nil }
    guard let version = mapping[WorkflowTest.versionKey] else {
      let isWorkflow = mapping["stepgraph"] != nil
      collector.error(
        "the key '\(WorkflowTest.versionKey)' is missing", at: root.location,
        notes: [
          isWorkflow
            ? "this is a workflow; its tests stand in a file of their own, 'NAME\(WorkflowTest.ending)' for 'NAME.yaml'"
            : "a file of tests starts with '\(WorkflowTest.versionKey): \(WorkflowTest.formatVersion)'"
        ])
      return nil
    }
    guard version.scalar?.text == String(WorkflowTest.formatVersion) else {
      let shown = version.scalar.map { "'\($0.text)'" } ?? version.kind
      collector.error(
        "'\(WorkflowTest.versionKey)' takes the format version \(WorkflowTest.formatVersion), not \(shown)",
        at: version.location)
      return nil
    }
    mapping = reader.mended(
      mapping, "a file of tests", known: WorkflowTest.documentKeys, ignoring: DocumentReader.ownPrefix)
    _ = mapping["description"].flatMap { reader.text($0, of: "description") }
    var defaults = Defaults()
    defaults.settings = settings(in: mapping)
    if let tolerance = number("within", in: mapping, from: 0) { defaults.tolerance = tolerance }
    if let psnr = number("psnr", in: mapping, from: 0) { defaults.psnr = psnr }
    guard let workflow = workflow(mapping, root) else { return nil }
    return WorkflowTest(file: file, workflow: workflow, cases: cases(in: mapping, root, defaults))
  }

  /// The path of the workflow: as the file says, or beside it under its name.
  private func workflow(_ mapping: YAMLMapping, _ root: YAMLNode) -> Located<String>? {
    if let node = mapping["workflow"] {
      return reader.text(node, of: "workflow").map { Located(resolved($0.value), at: $0.location) }
    }
    guard file.path.hasSuffix(WorkflowTest.ending) else {
      collector.error(
        "the key 'workflow' is missing", at: root.location,
        notes: ["only a file that is called 'NAME\(WorkflowTest.ending)' tests 'NAME.yaml' beside it without one"])
      return nil
    }
    return Located(file.path.dropLast(WorkflowTest.ending.count) + ".yaml", at: root.location)
  }

  private func resolved(_ path: String) -> String {
    path.hasPrefix("/") || folder.isEmpty ? path : "\(folder)/\(path)"
  }

  // MARK: Cases

  private func cases(in mapping: YAMLMapping, _ root: YAMLNode, _ defaults: Defaults) -> [WorkflowTestCase] {
    let entries = reader.entries(of: "cases", in: mapping)
    if entries.isEmpty {
      collector.error("'cases' is missing, or has none", at: mapping["cases"]?.location ?? root.location)
    }
    return entries.enumerated().compactMap { number, entry in
      readCase(entry, before: entries[..<number].map(\.key.value), all: entries.map(\.key.value), defaults)
    }
  }

  private func readCase(
    _ entry: YAMLEntry, before: [String], all: [String], _ defaults: Defaults
  ) -> WorkflowTestCase? {
    guard reader.isName(entry.key, of: "a case", allowsHyphen: true) else { return nil }
    var result = WorkflowTestCase(name: entry.key)
    guard var mapping = reader.mapping(entry.value, of: "a case") else { return nil }
    mapping = reader.mended(mapping, "a case", known: WorkflowTest.caseKeys, ignoring: DocumentReader.ownPrefix)
    _ = mapping["description"].flatMap { reader.text($0, of: "description") }
    result.settings = defaults.settings + settings(in: mapping)
    if let after = mapping["after"].flatMap({ reader.text($0, of: "after") }) {
      result.predecessor = predecessor(after, of: entry.key.value, before: before, all: all)
    }
    result.targets = mapping["target"].map(targets)
    let tolerance = number("within", in: mapping, from: 0)
    let psnr = number("psnr", in: mapping, from: 0)
    result.values = values(mapping["same"], tolerance: tolerance ?? defaults.tolerance)
    result.pictures = pictures(mapping["picture"], psnr: psnr ?? defaults.psnr)
    result.runs = count("runs", in: mapping)
    result.error = mapping["error"].flatMap { reader.text($0, of: "error") }
    checkFit(result, mapping, hasTolerance: tolerance != nil, hasPSNR: psnr != nil)
    return result
  }

  private func predecessor(_ after: Located<String>, of name: String, before: [String], all: [String]) -> String? {
    if before.contains(after.value) { return after.value }
    if after.value == name {
      collector.error("the case '\(name)' comes after itself", at: after.location)
    } else if all.contains(after.value) {
      collector.error(
        "the case '\(after.value)' stands below this one", at: after.location, notes: ["move it above"])
    } else {
      collector.error(
        "there is no case '\(after.value)'", at: after.location,
        notes: [nearestNameNote(to: after.value, among: before)])
    }
    return nil
  }

  /// Tells what says nothing, or can't hold together.
  private func checkFit(_ result: WorkflowTestCase, _ mapping: YAMLMapping, hasTolerance: Bool, hasPSNR: Bool) {
    if let error = result.error {
      if error.value.isEmpty {
        collector.error("'error' takes a text of the error, not an empty one", at: error.location)
      }
      for key in ["same", "picture"] {
        if let node = mapping[key] {
          collector.error("a run that ends with an error has no '\(key)'", at: node.location)
        }
      }
    }
    if hasTolerance, mapping["same"] == nil, let place = mapping["within"]?.location {
      collector.error("'within' says how near 'same' is, which is missing", at: place)
    }
    if hasPSNR, mapping["picture"] == nil, let place = mapping["psnr"]?.location {
      collector.error("'psnr' says how near 'picture' is, which is missing", at: place)
    }
  }

  // MARK: Parts of a case

  private func settings(in mapping: YAMLMapping) -> [ParameterSetting] {
    reader.entries(of: "with", in: mapping).compactMap { entry in
      guard let text = reader.text(entry.value, of: entry.key.value) else { return nil }
      return ParameterSetting(name: entry.key.value, text: text.value, at: text.location)
    }
  }

  private func targets(_ node: YAMLNode) -> [Located<String>] {
    (node.sequence ?? [node]).compactMap { reader.text($0, of: "target") }
  }

  private func values(_ node: YAMLNode?, tolerance: Double) -> [ExpectedValue] {
    guard let node else { return [] }
    guard let mapping = node.mapping else {
      collector.error(
        "'same' takes wires and files, not \(node.kind)", at: node.location,
        notes: ["such as 'same: {sample.latent: reference.safetensors}'"])
      return []
    }
    return mapping.entries.compactMap { entry in
      guard let wire = observed(entry.key), let file = file(entry, of: "same", ending: ".safetensors") else {
        return nil
      }
      return ExpectedValue(wire: wire, wireText: entry.key.value, file: file, tolerance: tolerance)
    }
  }

  private func pictures(_ node: YAMLNode?, psnr: Double) -> [ExpectedPicture] {
    guard let node else { return [] }
    guard let mapping = node.mapping else {
      let entry = YAMLEntry(Located("picture", at: node.location), node)
      return file(entry, of: "picture", ending: ".png").map {
        [ExpectedPicture(wire: nil, wireText: nil, file: $0, psnr: psnr)]
      } ?? []
    }
    return mapping.entries.compactMap { entry in
      guard let wire = observed(entry.key), let file = file(entry, of: "picture", ending: ".png") else { return nil }
      return ExpectedPicture(wire: wire, wireText: entry.key.value, file: file, psnr: psnr)
    }
  }

  private func observed(_ key: Located<String>) -> ObservedWire? {
    if let wire = ObservedWire(key.value, as: "\(key.value) of a test", at: key.location) { return wire }
    collector.error(
      "'\(key.value)' is no wire: a wire is 'node' or 'node.port'", at: key.location,
      notes: ["into a loop or a subgraph it is an address, such as 'sample[5]/next.latent'"])
    return nil
  }

  private func file(_ entry: YAMLEntry, of key: String, ending: String) -> Located<String>? {
    guard let text = reader.text(entry.value, of: key) else { return nil }
    guard text.value.hasSuffix(ending), text.value.count > ending.count else {
      collector.error("'\(key)' takes a file '...\(ending)', not '\(text.value)'", at: text.location)
      return nil
    }
    return Located(resolved(text.value), at: text.location)
  }

  private func number(_ key: String, in mapping: YAMLMapping, from least: Double) -> Double? {
    guard let node = mapping[key], let text = reader.text(node, of: key) else { return nil }
    switch ValueType.float.read(text.value) {
    case .success(.float(let number)) where number >= least: return number
    case .failure(let problem): collector.error("'\(key)' takes \(problem.expectation)", at: text.location)
    default: collector.error("'\(key)' takes a number from 0 on, not \(text.value)", at: text.location)
    }
    return nil
  }

  private func count(_ key: String, in mapping: YAMLMapping) -> Located<Int>? {
    guard let node = mapping[key], let text = reader.text(node, of: key) else { return nil }
    guard let number = Int(text.value), number >= 0 else {
      collector.error("'\(key)' takes a number of nodes, not '\(text.value)'", at: text.location)
      return nil
    }
    return Located(number, at: text.location)
  }
}
