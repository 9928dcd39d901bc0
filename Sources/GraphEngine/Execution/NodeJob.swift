import Diagnostics
import Synchronization

/// What a node put out, in declared order, and what it told the user.
struct NodeOutcome: Sendable {
  let outputs: [any WireValue]
  /// A handle may warn after its node ran, when something is first made of it.
  let warnings: WarningList
}

/// One node with its inputs, ready to run on any thread.
struct NodeJob: Sendable {
  /// The node's position in the graph.
  let index: Int
  let node: ResolvedNode
  let key: ContentDigest?
  /// One entry for each declared input.
  let inputs: [[any WireValue]]
  let workflow: WorkflowText
  let events: EventRelay

  /// Runs the node; each of its outputs is checked to be finite.
  ///
  /// Throws a `Diagnostic` at the node's place in the workflow, or `CancellationError`.
  func run() throws -> NodeOutcome {
    let warnings = WarningList()
    return try tellingPlace {
      var io = try io(warnings)
      try node.declaration.makeNode().run(&io)
      return try outcome(of: io, warnings)
    }
  }

  /// What the node sees while it runs; throws when an input is of another form than its port.
  func io(_ warnings: WarningList) throws -> NodeIO {
    NodeIO(
      parameters: node.parameters, inputs: try convertedInputs(), workflow: workflow,
      warn: { [events, node, key] message, port in
        if let key { warnings.add(NodeWarning(origin: key, port: port, message: message)) }
        let warning = Diagnostic(message, at: node.location(of: port), severity: .warning)
        events.send(.warning(node: node.address, warning))
      },
      reportLoaded: { [events, address = node.address, type = node.declaration.info.type] part, seconds in
        events.send(.loaded(node: address, type: type, part: part, seconds: seconds))
      },
      claim: { [events, address = node.address] path, place in
        guard let other = events.claim(place, for: address) else { return }
        throw NodeFailure("'\(path)' is written by '\(other)' in the same run", at: "path")
      },
      reportWritten: { [events, address = node.address, type = node.declaration.info.type] path in
        events.send(.wrote(node: address, type: type, path: path))
      },
      isCancelled: { [events] in events.isCancelled }, others: events.others)
  }

  /// What the node put out when it ran; throws for an output that is missing or not finite.
  func outcome(of io: NodeIO, _ warnings: WarningList) throws -> NodeOutcome {
    NodeOutcome(outputs: try checkedOutputs(of: io), warnings: warnings)
  }

  /// Turns errors of the node into diagnostics at its place in the workflow.
  func tellingPlace<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as CancellationError {
      throw error
    } catch {
      throw node.diagnostic(for: error)
    }
  }

  private func convertedInputs() throws -> [String: [any WireValue]] {
    var converted: [String: [any WireValue]] = [:]
    for (input, values) in zip(node.declaration.inputs, inputs) {
      do {
        converted[input.name] = try values.map { value in
          if let absent = value as? AbsentValue { throw NodeFailure(absent.message) }
          return try input.convert(value)
        }
      } catch let failure as NodeFailure where failure.port == nil {
        throw NodeFailure(failure.message, at: input.name, notes: failure.notes)
      }
    }
    return converted
  }

  private func checkedOutputs(of io: NodeIO) throws -> [any WireValue] {
    try node.declaration.outputs.map { output in
      guard let value = io.outputs[output.name] else {
        if output.isOptional { return AbsentValue(node: node.address, output: output.name) }
        throw NodeFailure("it put out nothing on '\(output.name)'")
      }
      guard value.isFinite else {
        throw NodeFailure("its output '\(output.name)' holds NaN or infinity; nothing of it was kept")
      }
      return value
    }
  }
}

/// Warnings from all threads of a node.
final class WarningList: Sendable {
  private let warnings = Mutex<[NodeWarning]>([])

  func add(_ warning: NodeWarning) { warnings.withLock { $0.append(warning) } }
  var all: [NodeWarning] { warnings.withLock { $0 } }
}

/// What stands on a wire for an output that its node left out.
private struct AbsentValue: WireValue {
  static let wireType = WireType("nothing", isCacheable: false)

  let message: String

  init(node: String, output: String) { message = "'\(node)' puts out no '\(output)' here" }

  func encoded() throws -> [UInt8] { throw NodeFailure(message) }
  init(decoding bytes: UnsafeRawBufferPointer) throws { throw NodeFailure("nothing was left out in a cache") }
  var byteCount: Int { 0 }
  var isFinite: Bool { true }
}
