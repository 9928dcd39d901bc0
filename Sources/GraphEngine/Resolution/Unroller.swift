import Diagnostics

/// What arrives at the end of a wire once loops are unrolled.
enum WireEnd {
  case source(WireSource)
  /// What loops collected; lists of lists are joined into one.
  case list([WireSource])
  /// An optional wire left out.
  case none
  /// The result of a loop that runs zero times and does not carry it.
  case noIteration
  /// Not known for a reported reason.
  case broken
}

/// Repeats the bodies of loops and puts those of subgraphs in place, which gives the nodes to plan.
struct Unroller {
  private(set) var nodes: [ResolvedNode] = []
  /// What the last workflow's `outputs` come from, in their order.
  private(set) var outputs: [WireEnd] = []
  /// What the last workflow's own members came to, by name.
  private(set) var topLevel: [(name: String, ends: [WireEnd])] = []

  private let collector: DiagnosticCollector
  private var registers: [ParameterValue] = []
  private var frames: [Frame] = []
  /// Literals with a problem that has been reported, in an earlier iteration.
  private var reported: Set<DocumentID> = []
  private var iterations = 0

  /// Bounds nodes, and iterations of loops.
  static let maximumNodes = 1_000_000

  /// What addresses lead to, and the ranges of loops, by address; nil when no wire is one.
  private var known: (members: [String: Member], ranges: [String: Range<Int>])?

  /// One body at work.
  private struct Frame {
    /// What the addresses of its members begin with.
    var prefix = ""
    /// What each member came to, by slot.
    var members: [Member]
    var carry: [WireEnd] = []
    var inputs: [WireEnd] = []
  }

  private enum Member {
    case node(Int)
    case results([WireEnd])
    case broken
  }

  /// Whether the bound was reached, which has been reported.
  private(set) var isTooLarge = false

  init(collector: DiagnosticCollector) { self.collector = collector }

  mutating func takeNodes() -> [ResolvedNode] {
    defer { nodes = [] }
    return nodes
  }

  /// Unrolls a whole workflow and adds its nodes to those of workflows before it.
  ///
  /// - Parameters:
  ///   - registers: as many as the binder gave out, with what is in them from the start.
  ///   - prefix: begins the addresses of its nodes.
  ///   - usesAddresses: whether a wire leads into a loop or subgraph.
  mutating func unroll(
    _ body: BoundBody, registers: [ParameterValue], inputs: [WireEnd], prefix: String, usesAddresses: Bool
  ) {
    known = usesAddresses ? ([:], [:]) : nil
    self.registers = registers
    frames = [Frame(members: [], inputs: inputs)]
    (outputs, topLevel) = ([], [])
    do throws(Diagnostic) {
      try run(body, prefix: prefix)
    } catch {
      collector.add(error)
      isTooLarge = true
      return
    }
    outputs = body.results.map(end)
    guard let frame = frames.first, frame.members.count == body.members.count else { return }
    topLevel = body.members.map { member in
      switch frame.members[member.slot] {
      case .node(let index): (member.name, [.source(WireSource(node: index, output: 0))])
      case .results(let ends): (member.name, ends)
      case .broken: (member.name, [.broken])
      }
    }
  }

  /// Runs the members of a body in the frame on top.
  private mutating func run(_ body: BoundBody, prefix: String) throws(Diagnostic) {
    let frame = frames.count - 1
    frames[frame].members = [Member](repeating: .broken, count: body.members.count)
    frames[frame].prefix = prefix
    for member in body.members {
      let result: Member
      switch member.content {
      case .broken: result = .broken
      case .node(let node): result = try add(node, address: prefix + member.name)
      case .loop(let loop): result = .results(try run(loop, prefix: prefix + member.name))
      case .graph(let graph): result = .results(try run(graph, prefix: prefix + member.name))
      }
      frames[frame].members[member.slot] = result
      known?.members[prefix + member.name] = result
    }
  }

  /// Adds a node, or finds what stands in for it.
  private mutating func add(_ node: BoundNode, address: String) throws(Diagnostic) -> Member {
    if let condition = node.condition {
      switch evaluate(condition, in: address) {
      case .bool(true)?: break
      case .some: return node.standIn.map { outputs(of: node, from: $0) } ?? .broken
      case nil: return .broken
      }
    }
    if let standIn = node.standIn, let member = member(standIn, for: node, address: address) { return member }
    guard nodes.count < Self.maximumNodes else { throw tooLarge(at: node.location) }
    var inputs: [[WireSource]] = []
    inputs.reserveCapacity(node.inputs.count)
    for (port, wires) in node.inputs.enumerated() {
      var sources: [WireSource] = []
      var lacksIteration = false
      for wire in wires {
        switch end(of: wire) {
        case .source(let source): sources.append(source)
        case .list(let items):
          sources += items
          lacksIteration = lacksIteration || sources.isEmpty
        case .none, .broken: break
        case .noIteration: lacksIteration = true
        }
      }
      if lacksIteration, sources.isEmpty {
        let name = node.declaration.inputs[port].name
        collector.error(
          "'\(name)' has no value: the loop it comes from runs zero times",
          at: node.portLocations[name] ?? node.location, notes: ["in \(address)"])
      }
      inputs.append(sources)
    }
    var parameters = node.parameters
    for (name, value) in node.varying { parameters.values[name] = evaluate(value, in: address) }
    nodes.append(
      ResolvedNode(
        address: address, declaration: node.declaration, inputs: inputs, parameters: parameters, cache: node.cache,
        location: node.location, portLocations: node.portLocations))
    return .node(nodes.count - 1)
  }

  /// What stands in for a node; nil where everything comes that it needs.
  private func member(_ standIn: StandIn, for node: BoundNode, address: String) -> Member? {
    let lacking = standIn.ports.filter { port in
      node.inputs[port].allSatisfy { if case .none = self.end(of: $0) { true } else { false } }
    }
    guard let first = lacking.min() else { return nil }
    if let present = standIn.ports.subtracting(lacking).min() {
      let (name, other) = (node.declaration.inputs[first].name, node.declaration.inputs[present].name)
      collector.error(
        "nothing comes into '\(name)', though something does into '\(other)'",
        at: node.portLocations[name] ?? node.location, notes: ["wire both, or neither", "in \(address)"])
      return .broken
    }
    return outputs(of: node, from: standIn)
  }

  private func outputs(of node: BoundNode, from standIn: StandIn) -> Member {
    let instead = end(of: standIn.wire)
    return .results(node.declaration.outputs.map { $0.isAside ? .none : instead })
  }

  private mutating func run(_ loop: BoundLoop, prefix: String) throws(Diagnostic) -> [WireEnd] {
    var carry = loop.carryStarts.map(end)
    let from = loop.from.map { evaluateInt($0, in: prefix) } ?? 0
    guard let from, let to = evaluateInt(loop.to, in: prefix) else { return loop.body.results.map { _ in .broken } }
    guard from <= to else {
      collector.error("'to' takes \(from) or more, where the loop starts, not \(to)", at: loop.to.location)
      return loop.body.results.map { _ in .broken }
    }
    // Told before the work is done.
    let count = to.subtractingReportingOverflow(from)
    guard !count.overflow, count.partialValue <= Self.maximumNodes - iterations else {
      throw tooLarge(at: loop.location)
    }
    iterations += count.partialValue
    known?.ranges[prefix] = from..<to
    // Without an iteration, a carried wire comes out as it went in.
    var yields = loop.resultCarries.map { $0.map { carry[$0] } ?? .noIteration }
    var collected = loop.collectLocations.map { _ in WireEnd.list([]) }
    frames.append(Frame(members: [], carry: carry))
    for index in from..<to {
      registers[loop.register] = .int(Int128(index))
      frames[frames.count - 1].carry = carry
      try run(loop.body, prefix: "\(prefix)[\(index)]/")
      let results = loop.body.results.map(end)
      known?.members["\(prefix)[\(index)]"] = .results(results)
      yields = Array(results.prefix(yields.count))
      for (slot, location) in loop.collectLocations.enumerated() {
        collected[slot] = joined([collected[slot], results[yields.count + slot]], at: location)
      }
      for (slot, result) in loop.carryResults.enumerated() { carry[slot] = result.map { yields[$0] } ?? .broken }
    }
    frames.removeLast()
    return yields + collected
  }

  /// Several ends as one list, in their order.
  private func joined(_ ends: [WireEnd], at location: SourceLocation) -> WireEnd {
    var items: [WireSource] = []
    for end in ends {
      switch end {
      case .source(let source): items.append(source)
      case .list(let more): items += more
      case .none: break
      case .noIteration:
        collector.error("a loop that this comes from runs zero times, so that nothing is yielded", at: location)
        return .broken
      case .broken: return .broken
      }
    }
    return .list(items)
  }

  private mutating func run(_ graph: BoundGraph, prefix: String) throws(Diagnostic) -> [WireEnd] {
    for (register, bound) in graph.varying {
      guard let value = evaluate(bound, in: prefix) else { return graph.body.results.map { _ in .broken } }
      registers[register] = value
    }
    var inputs = graph.inputs.map { input -> WireEnd in
      guard let input else { return .none }
      let ends = input.wires.map(end)
      return input.isList ? joined(ends, at: graph.location) : ends[0]
    }
    for (index, standIn) in graph.standIns.enumerated() {
      if let standIn, case .none = inputs[index] { inputs[index] = inputs[standIn] }
    }
    frames.append(Frame(members: [], inputs: inputs))
    try run(graph.body, prefix: prefix + "/")
    let results = graph.body.results.map(end)
    frames.removeLast()
    return results
  }

  private func end(of wire: BoundWire) -> WireEnd {
    switch wire {
    case .none: return .none
    case .broken: return .broken
    case .carry(let index): return frames[frames.count - 1].carry[index]
    case .input(let up, let index): return frames[frames.count - 1 - up].inputs[index]
    case .address(let address): return end(of: address)
    case .member(let up, let slot, let output):
      switch frames[frames.count - 1 - up].members[slot] {
      case .node(let index): return .source(WireSource(node: index, output: output))
      case .results(let ends): return ends[output]
      case .broken: return .broken
      }
    }
  }

  private func end(of address: BoundAddress) -> WireEnd {
    guard let output = address.output, let known else { return .broken }
    var place = frames[frames.count - 1 - address.up].prefix
    for (number, step) in address.steps.enumerated() {
      place += (number > 0 ? "/" : "") + step.name
      guard let iteration = step.iteration else { continue }
      guard let range = known.ranges[place] else { return .broken }
      // What a plan prints is taken as it is, where indices are negative.
      let index = iteration >= 0 || range.contains(iteration) ? iteration : range.upperBound + iteration
      guard range.contains(index) else {
        collector.error(
          "'\(step.name)' has no iteration \(iteration)", at: address.location,
          notes: [
            range.isEmpty ? "it runs zero times" : "its iterations are \(range.lowerBound) to \(range.upperBound - 1)"
          ])
        return .broken
      }
      place += "[\(index)]"
    }
    switch known.members[place] {
    case .node(let index): return .source(WireSource(node: index, output: output))
    case .results(let ends): return ends[output]
    case .broken, nil: return .broken
    }
  }

  private mutating func evaluateInt(_ literal: BoundLiteral, in address: String) -> Int? {
    guard case .int(let number) = evaluate(literal, in: address) else { return nil }
    return Int(exactly: number)
  }

  private mutating func evaluate(_ value: BoundValue, in address: String) -> ParameterValue? {
    switch value {
    case .one(let literal): return evaluate(literal, in: address)
    case .list(let literals):
      let items = literals.compactMap { evaluate($0, in: address) }
      return items.count == literals.count ? .list(items) : nil
    }
  }

  private mutating func evaluate(_ literal: BoundLiteral, in address: String) -> ParameterValue? {
    switch literal.evaluate(registers) {
    case .success(let value): return value
    case .failure(let problem):
      if reported.insert(literal.id).inserted {
        collector.error(
          problem.message, at: problem.location ?? literal.location, notes: problem.notes + ["in \(address)"])
      }
      return nil
    }
  }

  private func tooLarge(at location: SourceLocation) -> Diagnostic {
    Diagnostic("the workflow has more than \(Self.maximumNodes) nodes", at: location)
  }
}
