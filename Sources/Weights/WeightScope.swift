import Tensors

/// The weights under one dotted name, as PyTorch's modules nest them.
package struct WeightScope {
  /// What the layers made from these weights compute in.
  package let precision: Precision
  /// Whether weights are only accounted for, and layers made of nothing: see `WeightStore.survey`.
  package let isSurvey: Bool
  private let store: WeightStore
  private let prefix: String

  init(store: WeightStore, prefix: String, precision: Precision, isSurvey: Bool = false) {
    (self.store, self.prefix, self.precision, self.isSurvey) = (store, prefix, precision, isSurvey)
  }

  /// The weights of a submodule, such as `down_blocks.0`.
  package func scope(_ name: String) -> WeightScope {
    WeightScope(store: store, prefix: "\(prefix)\(name).", precision: precision, isSurvey: isSurvey)
  }

  /// The weights of item `index` of a module list.
  package func scope(_ name: String, _ index: Int) -> WeightScope { scope("\(name).\(index)") }

  /// Passes over all weights whose names go on with `beginning`: the model has no use for them, and needs none of them.
  package func leaveOut(_ beginning: String) { store.leaveOut(prefix + beginning) }

  /// Whether the files have a weight of this name.
  package func contains(_ name: String) -> Bool { store.contains(prefix + name) }

  /// A weight of `shape`, which the files may also hold as `other` (of the same count and first dimension).
  ///
  /// Throws only when the weights asked for in vain are too large to go on.
  package func source(_ name: String, _ shape: [Int], or other: [Int]? = nil) throws -> WeightSource {
    try store.source(prefix + name, shape, or: other)
  }

  /// A weight of which rows are read from the file as they are needed: of a vocabulary, a text has a few words.
  package func table(_ name: String, _ shape: [Int]) throws -> WeightSource {
    try store.source(prefix + name, shape, isTable: true)
  }

  /// A weight converted whole, for those a layer keeps as they are: biases, norms, embeddings.
  package func tensor(_ name: String, _ shape: [Int], or other: [Int]? = nil) throws -> Tensor {
    let source = try source(name, shape, or: other)
    if isSurvey { return .zeros(shape) }
    return try Tensor(shape: shape) { try source.readRows(0..<shape[0], $0) }
  }
}
