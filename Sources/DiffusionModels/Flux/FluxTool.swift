/// What a model of FLUX.1 Tools sees beside the latent, in channels of its own.
///
/// Sizes are those of the published models, as diffusers' FluxFillPipeline and FluxControlPipeline use them.
package enum FluxTool: Sendable, Equatable {
  /// The picture around a mask, as a latent, and the mask, a channel for each of a cell's 8 x 8 pixels: what InpaintConcat makes.
  case fill
  /// Another picture's latent, such as one of edges or of depth: what EditConcat makes.
  case control
  /// So many channels that no published model has.
  case other(channels: Int)

  package static let maskChannels = 64

  /// Nil where there are no channels beside the latent's.
  init?(channels: Int, latentChannels: Int) {
    switch channels {
    case 0: return nil
    case latentChannels: self = .control
    case latentChannels + Self.maskChannels: self = .fill
    default: self = .other(channels: channels)
    }
  }

  /// As the published models are called.
  var name: String {
    switch self {
    case .fill: "Fill"
    case .control: "Canny or Depth"
    case .other(let channels): "with \(channels) channels beside the latent's"
    }
  }

  /// The node that makes what the model sees.
  package var maker: String { self == .fill ? "InpaintConcat" : "EditConcat" }
}
