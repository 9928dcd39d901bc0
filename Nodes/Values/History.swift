import DiffusionModels
import GraphEngine
import Safetensors
import Tensors

/// What a method that looks back hands from one of its steps to the next.
///
/// In the cache it is one safetensors file: `output.0`, the oldest, and so on, `sample`, and the rest as metadata.
package struct History: WireValue {
  package static let wireType = WireType("history")
  package typealias Forecast = HistoryForecast

  /// Whose history it is; other methods keep other things.
  let method: String
  /// The level at which it goes on.
  let level: NoiseLevel
  /// What the model predicts, for a method that keeps the model's own outputs.
  var kind: PredictionType?
  let memory: SolverMemory

  private var entries: [(name: String, entry: SolverMemory.Entry)] {
    memory.outputs.enumerated().map { ("output.\($0)", $1) } + (memory.sample.map { [("sample", $0)] } ?? [])
  }

  package var byteCount: Int { entries.reduce(0) { $0 + $1.entry.tensor.count * MemoryLayout<Float>.size } }
  package var isFinite: Bool { entries.allSatisfy(\.entry.tensor.isFinite) }

  package func encoded() throws -> [UInt8] {
    var metadata = level.metadata("level")
    metadata["method"] = method
    metadata["prediction"] = kind?.rawValue
    metadata["order"] = memory.order.map(String.init)
    for (name, entry) in entries { metadata["\(name).level"] = String(entry.level.value) }
    var file = SafetensorsWriter(metadata: metadata)
    for (name, entry) in entries { file.add(name, entry.tensor) }
    return file.bytes()
  }

  package init(decoding bytes: UnsafeRawBufferPointer) throws {
    let file = try SafetensorsReader(borrowing: bytes, source: "a cached history")
    guard let method = file.metadata["method"], let level = NoiseLevel(file.metadata, "level") else {
      throw NodeFailure("a cached history names no method and level")
    }
    let entry = { (name: String) throws -> SolverMemory.Entry? in
      guard let level = NoiseLevel(file.metadata, "\(name).level") else { return nil }
      return SolverMemory.Entry(try file.tensor(name), level: level)
    }
    var memory = SolverMemory(sample: try entry("sample"), order: file.metadata["order"].flatMap { Int($0) })
    while let output = try entry("output.\(memory.outputs.count)") { memory.outputs.append(output) }
    self.init(
      method: method, level: level, kind: file.metadata["prediction"].flatMap(PredictionType.init), memory: memory)
  }

  init(method: String, level: NoiseLevel, kind: PredictionType? = nil, memory: SolverMemory) {
    self.method = method
    self.level = level
    self.kind = kind
    self.memory = memory
  }

  /// The shape of the latents it remembers; nil when it remembers none.
  var shape: [Int]? { entries.first?.entry.tensor.shape }
}
