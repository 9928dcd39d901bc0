import DiffusionModels
import GraphEngine
import Synchronization

/// A part of a model on a wire: nothing is read before a node uses it, and the last wire's end frees it.
package protocol ModelHandle: WireValue {
  /// A model of its own, so that one part's weights do not outlive its use because another part is in use.
  var model: Model { get }
  var loading: LoadReport { get }
}

/// Tells once that a part was loaded, and how long it took.
package final class LoadReport: Sendable {
  private let report: @Sendable (_ part: String, _ seconds: Double) -> Void
  private let isDone = Mutex(false)

  init(_ report: @escaping @Sendable (String, Double) -> Void) { self.report = report }

  func loaded(_ part: String, in duration: Duration) {
    let isFirst = isDone.withLock { done in
      defer { done = true }
      return !done
    }
    if isFirst { report(part, duration / .seconds(1)) }
  }
}

extension ModelHandle {
  /// What is loaded belongs to the model, not to the wire.
  package var byteCount: Int { 0 }
  package var isFinite: Bool { true }

  package func encoded() throws -> [UInt8] { preconditionFailure("handles are not cached") }
  package init(decoding bytes: UnsafeRawBufferPointer) throws {
    throw NodeFailure("a '\(Self.wireType.name)' cannot be read from a cache")
  }

  /// Asks the model for a part.
  ///
  /// Throws `NodeFailure` at the port that the handle came in by.
  fileprivate func part<Part>(_ name: String, at port: String, _ get: (Model) throws -> Part) throws -> Part {
    try NodeFailure.telling(at: port) {
      var part: Part?
      let duration = try ContinuousClock().measure { part = try get(model) }
      loading.loaded(name, in: duration)
      guard let part else { preconditionFailure("measured without running") }
      return part
    }
  }
}

/// The denoiser of any family.
package struct DenoiserHandle: ModelHandle {
  package static let wireType = WireType("denoiser", isCacheable: false, alsoFeeds: ["unet"])
  /// Its scheduler's config is read when a run is planned.
  package typealias Forecast = Model
  package let model: Model
  package let loading: LoadReport

  func denoiser(at port: String) throws -> any Denoiser { try part("unet", at: port) { try $0.denoiser() } }

  package static func converting(_ other: any WireValue) throws -> DenoiserHandle {
    if let same = other as? DenoiserHandle { return same }
    guard let unet = other as? UNetHandle else {
      throw NodeFailure("a value of type '\(type(of: other).wireType.name)' cannot feed '\(wireType.name)'")
    }
    return DenoiserHandle(model: unet.model, loading: unet.loading)
  }
}

/// A denoiser that is a UNet, with the noise it was trained with.
package struct UNetHandle: ModelHandle {
  package static let wireType = WireType("unet", isCacheable: false, alsoFeeds: ["denoiser"])
  /// Its scheduler's config is read when a run is planned.
  package typealias Forecast = Model
  package let model: Model
  package let loading: LoadReport

  func unet(at port: String) throws -> UNet2DConditionModel { try part("unet", at: port) { try $0.unet() } }

  package static func converting(_ other: any WireValue) throws -> UNetHandle {
    if let same = other as? UNetHandle { return same }
    guard let denoiser = other as? DenoiserHandle else {
      throw NodeFailure("a value of type '\(type(of: other).wireType.name)' cannot feed '\(wireType.name)'")
    }
    guard denoiser.model.unetConfig != nil else {
      throw NodeFailure(
        "\(denoiser.model.path): the denoiser is no UNet, but that of \(denoiser.model.denoiserConfig?.modelName ?? "no model")"
      )
    }
    return UNetHandle(model: denoiser.model, loading: denoiser.loading)
  }
}

/// The text encoders and their tokenizers.
package struct CLIPHandle: ModelHandle {
  package static let wireType = WireType("clip", isCacheable: false)
  /// Its sizes are known when a run is planned.
  package typealias Forecast = Model
  package let model: Model
  package let loading: LoadReport

  func encoders(at port: String) throws -> any TextEncoders { try part("clip", at: port) { try $0.textEncoders() } }
}

/// The autoencoder between pictures and latents.
package struct VAEHandle: ModelHandle {
  package static let wireType = WireType("vae", isCacheable: false)
  /// Its sizes are known when a run is planned.
  package typealias Forecast = Model
  package let model: Model
  package let loading: LoadReport

  func vae(at port: String) throws -> any Autoencoder { try part("vae", at: port) { try $0.vae() } }
}
