import Tensors
import Weights

/// FLUX.1 Redux: makes tokens of a text out of a picture's, by two layers with SiLU between them.
package struct StyleModel: Sendable {
  /// How wide the picture's states are, and the text's.
  package let inputs, outputs: Int
  private let up, down: Linear

  /// Opens a safetensors file.
  ///
  /// Throws `ModelError` or `WeightFileError` for one that is no such model, or whose weights do not fit.
  package init(path: String, precision: Precision = .f32, warn: (String) -> Void = { _ in }) throws {
    let file = try openTensorFile(path: path)
    let sizes = try Self.sizes(file)
    self = try WeightStore(file) { [WeightPlace($0)] }.load(precision: precision, warn: warn) { try Self($0, sizes) }
  }

  /// Accounts for every weight of a file without reading one.
  ///
  /// Throws as opening does, but for what only reading shows.
  package static func survey(path: String) throws {
    let file = try openTensorFile(path: path)
    let sizes = try Self.sizes(file)
    try WeightStore(file) { [WeightPlace($0)] }.survey { try Self($0, sizes) }
  }

  private static func sizes(_ file: any TensorFile) throws -> [Int] {
    guard let up = file.info("redux_up.weight")?.shape, let down = file.info("redux_down.weight")?.shape, up.count == 2,
      down.count == 2, down[1] == up[0], !(up + down).contains(0)
    else {
      throw ModelError(
        "\(file.source): no style model: 'redux_up.weight' and 'redux_down.weight' of Redux were expected")
    }
    return [up[1], up[0], down[0]]
  }

  private init(_ weights: WeightScope, _ sizes: [Int]) throws {
    (inputs, outputs) = (sizes[0], sizes[2])
    up = try weights.linear("redux_up", inputs: sizes[0], outputs: sizes[1])
    down = try weights.linear("redux_down", inputs: sizes[1], outputs: sizes[2])
  }

  /// [n, t, inputs] -> [n, t, outputs].
  package func callAsFunction(_ states: Tensor) -> Tensor { down(up(states, activation: .silu)) }
}
