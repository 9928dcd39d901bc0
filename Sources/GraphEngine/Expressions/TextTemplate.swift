import Diagnostics
import YAMLTree

/// A text with `$(...)` and no workflow around it, which benchmarks and the fuzzer look at by itself.
package struct TextTemplate {
  private let literal: Literal
  private let bound: BoundLiteral

  /// - Parameters:
  ///   - type: what takes the value.
  ///   - values: what names stand for.
  ///   - indices: names of ints that are given at each evaluation, as loops give theirs.
  /// - Throws: every problem found.
  package init(
    _ text: String, as type: ParameterType, values: [String: ParameterValue] = [:], indices: [String] = []
  ) throws(DiagnosticList) {
    let collector = DiagnosticCollector()
    let documents = DocumentLoader(collector: collector) { _, _ throws(DiagnosticList) in throw DiagnosticList([]) }
    let binder = Binder(catalog: NodeCatalog([]), documents: documents, collector: collector)
    let place = SourceLocation(file: SourceFile(path: "text", text: text), line: 1, column: 1)
    let scalar = YAMLScalar(text, isPlain: true)
    guard let literal = Literal(scalar, at: place, id: documents.ids.next(), into: collector) else {
      throw DiagnosticList(collector.sorted)
    }
    var names = values.mapValues { NamedValue(type: $0.type, content: .known($0)) }
    for index in indices { names[index] = NamedValue(type: .int, content: .register(binder.makeRegister())) }
    let target = ValueTarget(name: "text", type: ValueType(type))
    guard let bound = binder.lookUp(literal, for: target, values: names) else {
      throw DiagnosticList(collector.sorted)
    }
    self.literal = literal
    self.bound = bound
  }

  /// As a workflow file would write it.
  package var text: String { literal.text }

  /// The value; throws what is wrong with it.
  package func value(_ indices: [Int] = []) throws(DiagnosticList) -> ParameterValue {
    switch bound.evaluate(indices.map { .int(Int128($0)) }) {
    case .success(let value): return value
    case .failure(let problem):
      throw DiagnosticList([Diagnostic(problem.message, at: problem.location ?? bound.location, notes: problem.notes)])
    }
  }
}

extension ParameterValue {
  /// The type that an expression takes the value for.
  fileprivate var type: ValueType {
    switch self {
    case .string, .absent: .string
    case .int: .int
    case .float: .float
    case .bool: .bool
    case .path: .path
    case .list(let items): .list(items.first?.type ?? .float)
    }
  }
}
