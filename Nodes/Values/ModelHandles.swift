import DiffusionModels
import GraphEngine
import Safetensors
import Synchronization

/// A part of a model on a wire: nothing is read before a node uses it, and the last wire's end frees it.
package protocol ModelHandle: WireValue {
  /// A folder of its own, so that one part's weights do not outlive its use because another part is in use.
  var folder: ModelFolder { get }
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
  /// What is loaded belongs to the folder, not to the wire.
  package var byteCount: Int { 0 }
  package var isFinite: Bool { true }

  package func encoded() throws -> [UInt8] { preconditionFailure("handles are not cached") }
  package init(decoding bytes: UnsafeRawBufferPointer) throws {
    throw NodeFailure("a '\(Self.wireType.name)' cannot be read from a cache")
  }

  /// Asks the folder for a part.
  ///
  /// Throws `NodeFailure` at the port that the handle came in by.
  fileprivate func part<Part>(at port: String, _ get: (ModelFolder) throws -> Part) throws -> Part {
    do {
      var part: Part?
      let duration = try ContinuousClock().measure { part = try get(folder) }
      loading.loaded(Self.wireType.name, in: duration)
      guard let part else { preconditionFailure("measured without running") }
      return part
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: port)
    } catch let error as SafetensorsError {
      // Weights that do not fit are told one a line.
      let lines = error.message.split(separator: "\n").map(String.init)
      throw NodeFailure(lines.first ?? "", at: port, notes: Array(lines.dropFirst()))
    }
  }
}

/// The denoiser.
package struct UNetHandle: ModelHandle {
  package static let wireType = WireType("unet", isCacheable: false)
  package let folder: ModelFolder
  package let loading: LoadReport

  func model(at port: String) throws -> UNet2DConditionModel { try part(at: port) { try $0.unet() } }
}

/// The text encoder and its tokenizer.
package struct CLIPHandle: ModelHandle {
  package static let wireType = WireType("clip", isCacheable: false)
  package let folder: ModelFolder
  package let loading: LoadReport

  func model(at port: String) throws -> (tokenizer: CLIPTokenizer, encoder: CLIPTextModel) {
    try part(at: port) { try ($0.tokenizer(), $0.textEncoder()) }
  }
}

/// The autoencoder between pictures and latents.
package struct VAEHandle: ModelHandle {
  package static let wireType = WireType("vae", isCacheable: false)
  package let folder: ModelFolder
  package let loading: LoadReport

  func model(at port: String) throws -> AutoencoderKL { try part(at: port) { try $0.vae() } }
}
