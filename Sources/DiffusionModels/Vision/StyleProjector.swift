import Tensors
import Weights

/// USO's projector: makes tokens that FLUX.1 sees before those of the text out of a picture's states after three layers of SigLIP.
package struct StyleProjector: Sendable {
  /// How many states a picture has, how wide they are, and how wide the tokens.
  package let tokens, inputs, outputs: Int
  /// From the deepest states to the first.
  private let levels: [Level]

  /// Opens a safetensors file.
  ///
  /// Throws `ModelError` or `WeightFileError` for one that is no such model, or whose weights do not fit.
  package init(path: String, precision: Precision = .f32, warn: (String) -> Void = { _ in }) throws {
    let file = try openTensorFile(path: path)
    let sizes = try Sizes(file)
    self = try WeightStore(file, places: Self.places).load(precision: precision, warn: warn) { try Self($0, sizes) }
  }

  /// Accounts for every weight of a file without reading one.
  ///
  /// Throws as opening does, but for what only reading shows.
  package static func survey(path: String) throws {
    let file = try openTensorFile(path: path)
    let sizes = try Sizes(file)
    try WeightStore(file, places: places).survey { try Self($0, sizes) }
  }

  private static let prefix = "feature_embedder."

  private static func places(_ name: String) -> [WeightPlace] {
    [WeightPlace(name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name)]
  }

  private struct Sizes {
    let tokens, styles, inputs, outputs: Int

    init(_ file: any TensorFile) throws {
      func shape(_ name: String) -> [Int]? { (file.info(StyleProjector.prefix + name) ?? file.info(name))?.shape }
      guard let mixing = shape("high_embedding_linear.0.weight"), let projection = shape("high_projection.weight"),
        mixing.count == 2, projection.count == 2, !(mixing + projection).contains(0)
      else {
        throw ModelError(
          "\(file.source): no style projector: 'high_embedding_linear.0.weight' and 'high_projection.weight' of USO were expected"
        )
      }
      (tokens, styles, inputs, outputs) = (mixing[1], mixing[0], projection[1], projection[0])
    }
  }

  private init(_ weights: WeightScope, _ sizes: Sizes) throws {
    (tokens, inputs, outputs) = (sizes.tokens, sizes.inputs, sizes.outputs)
    levels = try ["high", "mid", "low"].map { name in
      Level(
        mixing: try weights.linear("\(name)_embedding_linear.0", inputs: sizes.tokens, outputs: sizes.styles),
        norm: try weights.layerNorm("\(name)_layer_norm", channels: sizes.inputs),
        projection: try weights.linear("\(name)_projection", inputs: sizes.inputs, outputs: sizes.outputs))
    }
  }

  private struct Level: Sendable {
    let mixing: Linear
    let norm: LayerNorm
    let projection: Linear

    /// [n, t, d] -> [n, s, outputs].
    func callAsFunction(_ states: Tensor) -> Tensor {
      projection(norm(mixing(states.exchangingAxes, activation: .silu).exchangingAxes))
    }
  }

  /// The states after the three layers, from the first to the deepest, [3 n, t, d] -> [n, 3 s, outputs].
  package func callAsFunction(_ states: Tensor) -> Tensor {
    let count = states.shape[0] / 3
    let made = levels.enumerated().map { index, level in
      level(states.samples((2 - index) * count..<(3 - index) * count))
    }
    let rows = (0..<count).map { index in
      Tensor(concatenating: made.map { $0.sample(index) }.map { $0.reshaped(Array($0.shape.dropFirst())) })
    }
    return Tensor(concatenating: rows).reshaped([count, rows[0].shape[0], rows[0].shape[1]])
  }
}

extension Tensor {
  /// [n, a, b] -> [n, b, a].
  fileprivate var exchangingAxes: Tensor {
    let (count, rows, columns) = (shape[0], shape[1], shape[2])
    return Tensor(shape: [count, columns, rows]) { target in
      withUnsafeBufferPointer { source in
        for sample in 0..<count {
          for row in 0..<rows {
            for column in 0..<columns {
              target[(sample * columns + column) * rows + row] = source[(sample * rows + row) * columns + column]
            }
          }
        }
      }
    }
  }
}
