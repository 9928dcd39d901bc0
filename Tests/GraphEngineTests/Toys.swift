import Diagnostics
import Foundation
import GraphEngine
import Synchronization

/// A number on a wire.
struct ToyNumber: WireValue, Equatable {
  static let wireType = WireType("number")
  /// A number that is known before it exists.
  typealias Forecast = Int
  var value: Double

  init(_ value: Double) { self.value = value }

  func encoded() throws -> [UInt8] { withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }

  init(decoding bytes: UnsafeRawBufferPointer) throws {
    guard bytes.count == 8 else { throw NodeFailure("a number has 8 bytes") }
    value = Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)))
  }

  var byteCount: Int { 8 }
  var isFinite: Bool { value.isFinite }
}

/// A stand-in for a loaded model.
struct ToyHandle: WireValue {
  static let wireType = WireType("handle", isCacheable: false)
  var part: String
  var load: @Sendable () -> Double

  func encoded() throws -> [UInt8] { throw NodeFailure("a handle has no bytes") }
  init(decoding bytes: UnsafeRawBufferPointer) throws { throw NodeFailure("a handle has no bytes") }

  init(part: String, load: @escaping @Sendable () -> Double) {
    self.part = part
    self.load = load
  }

  var byteCount: Int { 0 }
  var isFinite: Bool { true }
}

struct ToyConstant: Node {
  static let info = NodeInfo(type: "Constant", version: 1, lane: .inline, summary: "A number.")
  let number = Parameter<Double>("value", "The number.")
  let result = Output<ToyNumber>("result", "The number.")
  func run(_ io: inout NodeIO) throws { io[result] = ToyNumber(io[number]) }
}

/// `a + b`, where `b` may be left out.
struct ToyAdd: Node {
  static let info = NodeInfo(type: "Add", version: 1, lane: .compute, summary: "A sum.")
  let a = Input<ToyNumber>("a", "A term.")
  let b = OptionalInput<ToyNumber>("b", "Another.")
  let plus = Parameter<Double>("plus", "A third.", default: 0)
  let sum = Output<ToyNumber>("sum", "The sum.")
  let negated = Output<ToyNumber>("negated", "The sum's negative.")
  func run(_ io: inout NodeIO) throws {
    let total = io[a].value + (io[b]?.value ?? 0) + io[plus]
    io[sum] = ToyNumber(total)
    io[negated] = ToyNumber(-total)
  }
}

/// Opens a folder with the files `left` and `right`.
struct ToyOpen: Node {
  static let info = NodeInfo(type: "Open", version: 1, lane: .io, summary: "Opens a folder.")
  let path = Parameter<String>("path", "The folder.", path: .read)
  let left = Output<ToyHandle>("left", "One part.")
  let right = Output<ToyHandle>("right", "The other.")

  func sources(_ parameters: NodeParameters) throws -> [NodeSource] {
    let folder = parameters[path]
    return [
      NodeSource("\(folder)/left", outputs: ["left"]), NodeSource("\(folder)/right", outputs: ["right"]),
    ]
  }

  func run(_ io: inout NodeIO) throws {
    let (folder, report) = (io[path], io.reportLoaded)
    for (port, part) in [(left, "left"), (right, "right")] {
      io[port] = ToyHandle(part: part) {
        report(part, 0)
        let text = try? String(contentsOfFile: "\(folder)/\(part)", encoding: .utf8)
        return text.flatMap { Double($0) } ?? .nan
      }
    }
  }
}

/// The number in a part of an opened folder.
struct ToyUse: Node {
  static let info = NodeInfo(type: "Use", version: 1, lane: .compute, summary: "Reads a part.")
  let handle = Input<ToyHandle>("handle", "The part.")
  let result = Output<ToyNumber>("result", "Its number.")
  func run(_ io: inout NodeIO) throws { io[result] = ToyNumber(io[handle].load()) }
}

/// Scales the numbers in the parts of a folder, each by itself; the right part may be left out.
struct ToyTune: Node {
  static let info = NodeInfo(type: "Tune", version: 1, lane: .inline, summary: "Scales parts.")
  let left = Input<ToyHandle>("left", "One part.", reaches: ["left"])
  let right = OptionalInput<ToyHandle>("right", "The other.", reaches: ["right"])
  let leftScale = Parameter("left_scale", "What the left part is multiplied by.", default: 1.0, reaches: ["left"])
  let rightScale = Parameter("right_scale", "What the right part is multiplied by.", default: 1.0, reaches: ["right"])
  let both = Parameter("both", "What both are multiplied by.", default: 1.0)
  let tunedLeft = Output<ToyHandle>("left", "The scaled left part.")
  let tunedRight = OptionalOutput<ToyHandle>("right", "The scaled right part.")

  func run(_ io: inout NodeIO) throws {
    let (left, right, both) = (io[left], io[right], io[both])
    let (leftScale, rightScale) = (io[leftScale] * both, io[rightScale] * both)
    io[tunedLeft] = ToyHandle(part: left.part) { left.load() * leftScale }
    io[tunedRight] = right.map { right in ToyHandle(part: right.part) { right.load() * rightScale } }
  }
}

/// The first of two files' numbers less the second.
struct ToyPair: Node {
  static let info = NodeInfo(type: "Pair", version: 1, lane: .io, summary: "Reads two files.")
  let left = Parameter<String>("left", "One file.", path: .read)
  let right = Parameter<String>("right", "Another.", path: .read)
  let result = Output<ToyNumber>("result", "The difference.")

  func sources(_ parameters: NodeParameters) -> [NodeSource] {
    [NodeSource(parameters[left]), NodeSource(parameters[right])]
  }

  func run(_ io: inout NodeIO) throws {
    func number(_ path: String) throws -> Double { Double(try String(contentsOfFile: path, encoding: .utf8)) ?? .nan }
    io[result] = ToyNumber(try number(io[left]) - number(io[right]))
  }
}

/// Writes a number as text.
struct ToySave: Node {
  static let info = NodeInfo(type: "Save", version: 1, lane: .io, summary: "Writes a number.", isSink: true)
  let number = Input<ToyNumber>("number", "The number.")
  let path = Parameter<String>("path", "Where to.", path: .write)
  func run(_ io: inout NodeIO) throws {
    try "\(io[number].value)\n\(io.workflow)".write(toFile: io[path], atomically: true, encoding: .utf8)
  }
}

/// Does what its parameter says: fails, warns, waits for a signal or puts out no number.
struct ToyAct: Node {
  static let info = NodeInfo(type: "Act", version: 1, lane: .compute, summary: "Behaves in a way to be tested.")
  let a = OptionalInput<ToyNumber>("a", "Passed on.")
  let how = Parameter<String>("how", "What to do.")
  let result = Output<ToyNumber>("result", "The input, or 1.")

  struct Surprise: Error {}

  /// Ends nodes that hang.
  static let mayReturn = Atomic(false)

  func run(_ io: inout NodeIO) throws {
    switch io[how] {
    case "fail": throw NodeFailure("it is meant to fail", at: "how", notes: ["a note"])
    case "surprise": throw Surprise()
    case "nan":
      io[result] = ToyNumber(.nan)
      return
    case "nothing": return
    case "warn": io.warn("be warned", "how")
    case "wait":
      while !io.isCancelled() { usleep(1000) }
      throw CancellationError()
    case "hang": while !Self.mayReturn.load(ordering: .relaxed) { usleep(1000) }
    default: break
    }
    io[result] = io[a] ?? ToyNumber(1)
  }
}

/// `ToyAct` on the io lane.
struct ToyActIO: Node {
  static let info = NodeInfo(type: "ActIO", version: 1, lane: .io, summary: "Sleeps, then passes on.")
  let a = OptionalInput<ToyNumber>("a", "Passed on.")
  let milliseconds = Parameter<Int>("milliseconds", "How long.")
  let result = Output<ToyNumber>("result", "The input, or 1.")
  func run(_ io: inout NodeIO) throws {
    usleep(UInt32(io[milliseconds]) * 1000)
    io[result] = io[a] ?? ToyNumber(1)
  }
}

/// `factor * base + plus`, for several factors together.
struct ToyScale: BatchableNode {
  static let info = NodeInfo(type: "Scale", version: 1, lane: .compute, summary: "Scales a number.")
  let base = Input<ToyNumber>("base", "What is scaled.")
  let factor = Input<ToyNumber>("factor", "Fails below 0, gives no number at 99, and goes alone from 100 on.")
  let plus = Parameter<Double>("plus", "What is added.", default: 0)
  let waits = Parameter<Bool>("waits", "Whether to wait until the run is cancelled.", default: false)
  let result = Output<ToyNumber>("result", "The product and sum.")

  var differingInput: String { factor.name }

  func canRunTogether(_ nodes: [NodeIO]) -> Bool { nodes.allSatisfy { $0[factor].value < 100 } }

  func run(batch: inout [NodeIO]) throws {
    for index in batch.indices {
      let (io, factor) = (batch[index], batch[index][factor].value)
      while io[waits] {
        if io.isCancelled() { throw CancellationError() }
        usleep(1000)
      }
      if factor < 0 { throw NodeFailure("the factor is \(factor)", at: self.factor.name) }
      batch[index][result] = ToyNumber(factor == 99 ? .nan : factor * io[base].value + io[plus])
    }
  }
}

/// A number that is negated where only Adds take it.
struct ToyAware: ConsumerAwareNode {
  static let info = NodeInfo(type: "Aware", version: 1, lane: .inline, summary: "A number for whoever takes it.")
  let number = Parameter<Double>("value", "The number.")
  let result = Output<ToyNumber>("result", "The number.")
  func resolve(_ parameters: inout NodeParameters, consumers: [any Node.Type]) {
    if consumers.count == 1, consumers[0] == ToyAdd.self { parameters[number] = -parameters[number] }
  }
  func run(_ io: inout NodeIO) throws { io[result] = ToyNumber(io[number]) }
}

/// A value that counts how many of its kind are alive.
struct ToyBulk: WireValue {
  static let wireType = WireType("bulk")

  final class Life: Sendable {
    static let alive = Atomic(0)
    static let most = Atomic(0)

    init() {
      let count = Self.alive.add(1, ordering: .relaxed).newValue
      Self.most.max(count, ordering: .relaxed)
    }

    deinit { Self.alive.subtract(1, ordering: .relaxed) }
  }

  let life = Life()

  init() {}
  init(decoding bytes: UnsafeRawBufferPointer) throws {}
  func encoded() throws -> [UInt8] { [] }
  var byteCount: Int { 0 }
  var isFinite: Bool { true }
}

struct ToyCarry: Node {
  static let info = NodeInfo(type: "Carry", version: 1, lane: .compute, summary: "Makes bulk of bulk.")
  let bulk = OptionalInput<ToyBulk>("bulk", "Some bulk.")
  let number = Parameter<Int>("number", "Tells one from another.")
  let next = Output<ToyBulk>("next", "More bulk.")
  let unused = Output<ToyBulk>("unused", "Bulk for nothing.")
  func run(_ io: inout NodeIO) throws {
    io[next] = ToyBulk()
    io[unused] = ToyBulk()
  }
}

/// Builds graphs by hand; a wire is written `node` or `node.port`.
struct ToyGraph {
  private var nodes: [ResolvedNode] = []
  private var indices: [String: Int] = [:]
  private let file = SourceFile(path: "toy.yaml", text: "")
  private static let catalog = NodeCatalog([
    ToyConstant.self, ToyAdd.self, ToyOpen.self, ToyUse.self, ToyPair.self, ToySave.self, ToyAct.self, ToyActIO.self,
    ToyCarry.self, ToyScale.self, ToyAware.self, ToyTune.self, ToyCount.self,
  ])

  /// Adds a node; its parameters are on the lines after its own.
  mutating func add(
    _ address: String, _ type: String, in wires: [String: String] = [:],
    with parameters: [String: ParameterValue] = [:],
    cache: CachePolicy = .disk
  ) {
    guard let declaration = Self.catalog[type] else { preconditionFailure("no toy '\(type)'") }
    let line = nodes.count * 10 + 1
    var values: [String: ParameterValue] = [:]
    var locations: [String: SourceLocation] = [:]
    for (position, parameter) in declaration.parameters.enumerated() {
      values[parameter.name] = parameters[parameter.name] ?? parameter.defaultValue ?? .absent
      if parameters[parameter.name] != nil {
        locations[parameter.name] = SourceLocation(file: file, line: line + 1 + position, column: 3)
      }
    }
    let node = ResolvedNode(
      address: address, declaration: declaration,
      inputs: declaration.inputs.map { input in
        (wires[input.name].map { $0.split(separator: ",") } ?? []).map { source(String($0)) }
      },
      parameters: NodeParameters(values), cache: cache,
      location: SourceLocation(file: file, line: line, column: 1), portLocations: locations)
    indices[address] = nodes.count
    nodes.append(node)
  }

  func source(_ wire: String) -> WireSource {
    let parts = wire.split(separator: ".")
    guard let node = indices[String(parts[0])] else { preconditionFailure("no node '\(wire)'") }
    let outputs = nodes[node].declaration.outputs
    return WireSource(node: node, output: parts.count > 1 ? outputs.firstIndex { $0.name == parts[1] } ?? 0 : 0)
  }

  /// The graph; without `targets` its sinks are the targets, and the sources of `outputs` are in any case.
  func graph(targets: [String]? = nil, outputs: [String: String] = [:], workflow: String = "stepgraph: 1\n")
    -> ResolvedGraph
  {
    let sinks = nodes.indices.filter { nodes[$0].declaration.info.isSink }
    let outputs = outputs.mapValues { source($0) }
    let chosen = targets.map { $0.map { source($0).node } } ?? sinks
    return ResolvedGraph(
      nodes: nodes, targets: Set(chosen + outputs.values.map(\.node)).sorted(), outputs: outputs, workflow: workflow,
      path: "toy.yaml")
  }
}

/// Keeps a run's events.
final class EventLog: Sendable {
  private let log = Mutex<[RunEvent]>([])

  var sink: EventSink { { event in self.log.withLock { $0.append(event) } } }
  var events: [RunEvent] { log.withLock { $0 } }

  /// Nodes that finished in the given way, in the order they did.
  func nodes(_ wanted: RunEvent.Source) -> [String] {
    events.compactMap { event in
      if case .finished(let node, _, wanted, _, _) = event { node } else { nil }
    }
  }

  /// Nodes that finished together, in the order they did.
  var batches: [[String]] {
    var batches: [[String]] = []
    for case .finished(_, _, _, _, let batch) in events where !batch.isEmpty && batches.last != batch {
      batches.append(batch)
    }
    return batches
  }

  /// Nodes that failed.
  var failed: [String] {
    events.compactMap { event in
      if case .failed(let node, _, _) = event { node } else { nil }
    }
  }

  /// Parts of handles that were loaded.
  var loaded: [String] {
    events.compactMap { event in
      if case .loaded(let node, _, let part, _) = event { "\(node).\(part)" } else { nil }
    }
  }

  var warnings: [String] {
    events.compactMap { event in
      if case .warning(_, let diagnostic) = event { diagnostic.message } else { nil }
    }
  }
}

/// A folder that goes when the test does; in memory where there is room, as tests write much and wait for the disk.
final class ScratchFolder: Sendable {
  let path: String

  init() throws {
    let memory = "/dev/shm"
    let room = try? FileManager.default.attributesOfFileSystem(forPath: memory)[.systemFreeSize] as? Int
    let parent = (room ?? 0) > 1 << 30 ? memory : NSTemporaryDirectory()
    path = parent + "/stepgraph-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, to name: String) throws {
    let file = "\(path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: file, atomically: true, encoding: .utf8)
  }

  func text(of name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }

  /// Paths of all files below a subfolder.
  func files(below name: String) -> [String] {
    let folder = "\(path)/\(name)"
    return (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []).map { "\(folder)/\($0)" }
      .filter { !FileManager.default.isFolder($0) }.sorted()
  }
}

extension FileManager {
  fileprivate func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}

/// A random generator that repeats itself: https://prng.di.unimi.it/splitmix64.c.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
