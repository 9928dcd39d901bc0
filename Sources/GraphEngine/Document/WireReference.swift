import Diagnostics

/// `node`, `node.port`, `carry.name`, `inputs.name`, `none`, or an address such as `sample[5]/next.latent`.
struct WireReference {
  /// A member of a body and, for a loop, which of its iterations.
  struct Step: Hashable {
    var name: String
    /// From the end when it is negative.
    var iteration: Int?

    var text: String { iteration.map { "\(name)[\($0)]" } ?? name }
  }

  /// The first is looked up where the wire is written, each further one inside the one before.
  var steps: [Step]
  var port: String?
  var location: SourceLocation

  /// The first step's name.
  var node: String { steps[0].name }
  var isNone: Bool { text == ReservedName.none }
  /// Leads into a loop or a subgraph.
  var isAddress: Bool { steps.count > 1 || steps[0].iteration != nil }
  var text: String { steps.map(\.text).joined(separator: "/") + (port.map { ".\($0)" } ?? "") }

  /// Nil when `text` is no wire.
  init?(_ text: String, at location: SourceLocation) {
    var parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= Self.maximumDepth, let last = parts.popLast() else { return nil }
    let ends = last.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    var steps: [Step] = []
    for part in parts + [ends[0]] {
      guard let step = Step(part) else { return nil }
      steps.append(step)
    }
    self.steps = steps
    self.location = location
    if ends.count == 2 {
      guard Step.isName(ends[1]) else { return nil }
      port = String(ends[1])
    }
  }

  /// As deep as values of a file may be nested.
  private static let maximumDepth = 64
}

extension WireReference.Step {
  fileprivate init?(_ text: Substring) {
    guard let bracket = text.firstIndex(of: "[") else {
      guard Self.isName(text) else { return nil }
      self.init(name: String(text))
      return
    }
    let name = text[..<bracket]
    let index = text[text.index(after: bracket)...]
    guard Self.isName(name), index.hasSuffix("]"), let iteration = Int(index.dropLast()), !index.hasPrefix("+") else {
      return nil
    }
    self.init(name: String(name), iteration: iteration)
  }

  fileprivate static func isName(_ text: Substring) -> Bool {
    text.unicodeScalars.first?.isNameStart == true && text.unicodeScalars.allSatisfy { $0.isNamePart || $0 == "-" }
  }
}
