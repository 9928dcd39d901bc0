import Foundation
import GraphEngine
import Safetensors
import StepgraphNodes
import Synchronization
import Tensors
import Testing

/// One node run as the engine runs it: defaults filled in, parameters resolved, wires made values of the ports' types.
struct NodeRun {
  let outputs: [String: any WireValue]
  let warnings: [String]

  init(
    _ type: String, _ parameters: [String: ParameterValue] = [:], _ inputs: [String: any WireValue] = [:],
    several: [String: [any WireValue]] = [:]
  ) throws {
    let declaration = try #require(NodeCatalog.stepgraph[type])
    var values = parameters
    for parameter in declaration.parameters where values[parameter.name] == nil {
      values[parameter.name] = parameter.defaultValue ?? .absent
    }
    #expect(Set(values.keys) == Set(declaration.parameters.map(\.name)))
    #expect(Set(inputs.keys).isSubset(of: declaration.inputs.map(\.name)))
    let node = declaration.makeNode()
    var resolved = NodeParameters(values)
    try node.resolve(&resolved)
    let said = Mutex<[String]>([])
    var io = NodeIO(
      parameters: resolved,
      inputs: try Dictionary(
        uniqueKeysWithValues: declaration.inputs.map { port in
          (port.name, try (several[port.name] ?? inputs[port.name].map { [$0] } ?? []).map(port.convert))
        }), warn: { message, _ in said.withLock { $0.append(message) } })
    try node.run(&io)
    (outputs, warnings) = (io.outputs, said.withLock { $0 })
  }

  var image: Tensor { get throws { try #require(outputs["image"] as? Image).tensor } }
  var mask: Tensor { get throws { try #require(outputs["mask"] as? Mask).tensor } }
  var latent: Latent { get throws { try #require(outputs["latent"] as? Latent) } }
  var tensor: PlainTensor { get throws { try #require(outputs["tensor"] as? PlainTensor) } }
}

/// What a node refuses.
func failure(
  _ type: String, _ parameters: [String: ParameterValue] = [:], _ inputs: [String: any WireValue] = [:]
) -> NodeFailure? {
  #expect(throws: NodeFailure.self) { try NodeRun(type, parameters, inputs) }
}

enum Fixtures {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures")

  static func tensors(_ path: String) throws -> SafetensorsReader {
    try SafetensorsReader(path: root.appending(path: path).path)
  }
}

extension Tensor {
  func greatestDifference(to other: Tensor) -> Float {
    guard shape == other.shape else { return .infinity }
    return zip(values, other.values).map { abs($0 - $1) }.max() ?? 0
  }

  /// Whether a picture in -1...1, as 8 bits, is within one of a picture in 0...255.
  func isWithinOne(of bytes: Tensor) -> Bool {
    shape == bytes.shape
      && zip(values, bytes.values).allSatisfy { abs((($0 + 1) * 127.5).rounded(.toNearestOrEven) - $1) <= 1 }
  }

  /// Numbers in 0...255 as those of a picture in -1...1.
  var asPicture: Tensor { (1 / 127.5) * self - Tensor(repeating: 1, shape: shape) }
}

/// A tensor of one sample and channel, from rows of numbers.
func plane(_ rows: [[Float]]) -> Tensor {
  Tensor(shape: [1, 1, rows.count, rows[0].count], values: rows.flatMap(\.self))
}

/// A picture of rows of grey values in -1...1.
func grey(_ rows: [[Float]]) -> Image {
  let one = plane(rows)
  return Image(Tensor(concatenating: [one, one, one]).reshaped([1, 3, rows.count, rows[0].count]))
}
