import GraphEngine
import StepgraphNodes
import Tensors

/// Small pictures of what nodes put out, as far as the cache holds them.
///
/// Of a latent the picture is that of a node that decodes it.
struct Thumbnails: Sendable {
  private struct Source: Sendable {
    let key: ContentDigest
    let output: OutputDeclaration
    let position: Int
  }

  private let cache: DiskCache
  /// By address without iterations; of a loop's node the last iteration.
  private var sources: [String: Source] = [:]

  private static let side = 160
  /// In bytes; decoding larger ones for a look is not worth the wait.
  private static let limit = 64 << 20

  init(_ plan: Plan, cache: DiskCache) {
    self.cache = cache
    for index in plan.graph.nodes.indices {
      let node = plan.graph.nodes[index]
      guard let key = plan.key(of: index),
        let position = node.declaration.outputs.firstIndex(where: { $0.type == Image.wireType })
      else { continue }
      let source = Source(key: key, output: node.declaration.outputs[position], position: position)
      sources[FoldedAddress(node.address).text] = source
      for (input, wires) in zip(node.declaration.inputs, node.inputs) where input.type == Latent.wireType {
        for wire in wires { sources[FoldedAddress(plan.graph.nodes[wire.node].address).text] = source }
      }
    }
  }

  /// A PNG file; nil where the cache holds no picture.
  func picture(at place: String) -> [UInt8]? {
    guard let source = sources[place], let entry = cache.entry(for: source.key),
      entry.outputs.indices.contains(source.position), entry.outputs[source.position].size <= Self.limit,
      let bytes = cache.blob(entry.outputs[source.position].blob),
      let image = try? bytes.withUnsafeBytes({ try source.output.decode($0) }) as? Image
    else { return nil }
    return Self.thumbnail(of: image.tensor)
  }

  private static func thumbnail(of tensor: Tensor) -> [UInt8]? {
    guard tensor.shape.count == 4, tensor.shape[0] > 0, tensor.shape[1] == 3 else { return nil }
    let (height, width) = (tensor.shape[2], tensor.shape[3])
    let scale = min(1, Double(side) / Double(max(height, width)))
    let (rows, columns) = (max(1, Int(Double(height) * scale)), max(1, Int(Double(width) * scale)))
    let small = tensor.resizedPicture(height: rows, width: columns, .area, in: -1...1).channelsLast().values
    let pixels = small.prefix(rows * columns * 3).map { UInt8(max(0, min(255, (($0 + 1) * 127.5).rounded()))) }
    return try? PNG.encode(pixels: pixels, width: columns, height: rows)
  }
}
