import DiffusionModels
import GraphEngine
import Synchronization

/// A model of one part that is read when it is first used, and kept as long as the wires that lead to it.
final class LazyModel<Model: Sendable>: Sendable {
  private let part: String
  private let load: @Sendable () throws -> Model
  private let loaded = Mutex<Model?>(nil)
  private let loading: LoadReport

  init(_ part: String, _ loading: LoadReport, _ load: @escaping @Sendable () throws -> Model) {
    (self.part, self.loading, self.load) = (part, loading, load)
  }

  /// Throws `NodeFailure` at the port that the model came in by.
  func model(at port: String) throws -> Model {
    try NodeFailure.telling(at: port) {
      try loaded.withLock { known in
        if let known { return known }
        var made: Model?
        let duration = try ContinuousClock().measure { made = try load() }
        loading.loaded(part, in: duration)
        guard let made else { preconditionFailure("measured without running") }
        known = made
        return made
      }
    }
  }
}

/// A handle of a part that has nothing to do with other parts.
protocol LazyHandle: WireValue {
  associatedtype Model: Sendable
  var lazy: LazyModel<Model> { get }
}

extension LazyHandle {
  package var byteCount: Int { 0 }
  package var isFinite: Bool { true }
  package func encoded() throws -> [UInt8] { preconditionFailure("handles are not cached") }
  package init(decoding bytes: UnsafeRawBufferPointer) throws {
    throw NodeFailure("a value of type '\(Self.wireType.name)' cannot be read from a cache")
  }
}

/// A network that makes pictures larger.
package struct UpscalerHandle: LazyHandle {
  package static let wireType = WireType("upscaler", isCacheable: false)
  let lazy: LazyModel<Upscaler>
}

/// A ControlNet.
package struct ControlNetHandle: LazyHandle {
  package static let wireType = WireType("controlnet", isCacheable: false)
  let lazy: LazyModel<ControlNetModel>
}

/// A T2I-Adapter.
package struct AdapterHandle: LazyHandle {
  package static let wireType = WireType("adapter", isCacheable: false)
  let lazy: LazyModel<T2IAdapter>
}

/// An encoder of pictures.
package struct PictureEncoderHandle: LazyHandle {
  package static let wireType = WireType("picture_encoder", isCacheable: false)
  let lazy: LazyModel<PictureEncoder>
}

/// A model that makes tokens of a text of a picture's.
package struct StyleModelHandle: LazyHandle {
  package static let wireType = WireType("stylemodel", isCacheable: false)
  let lazy: LazyModel<StyleModel>
}

/// A model that makes tokens of a picture's states, which FLUX.1 sees before those of a text.
package struct StyleProjectorHandle: LazyHandle {
  package static let wireType = WireType("projector", isCacheable: false)
  let lazy: LazyModel<StyleProjector>
}
