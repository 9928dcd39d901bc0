import Foundation
import GraphEngine
import Synchronization

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
