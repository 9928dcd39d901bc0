import DiffusionModels
import GraphEngine
import Tensors

/// A text whose pooled vector is that of pictures (SDXL Revision), as ComfyUI's unCLIPConditioning makes it.
///
/// Each vector is noised up to its level of a cosine schedule of 1000, by draw 0 of a stream of its own, and weighted; the sum of
/// several is noised once more, by draw 1, at level 0. Their stream is that of ten less than the seed.
package struct UnCLIPConditioning: Node {
  package static let info = NodeInfo(
    type: "UnCLIPConditioning", version: 1, lane: .compute,
    summary: "Puts pictures in place of a text's pooled vector.")

  let conditioning = Input<Conditioning>("conditioning", "The encoded text, of SDXL.")
  let pictures = VariadicInput<PlainTensor>("pictures", "Vectors of pictures, [n, p], by EncodePicture.")
  let strengths = Parameter<[Double]>("strengths", "What each is multiplied by.")
  let noise = OptionalParameter<[Double]>("noise", "How much of each is noise, 0 to 1; 0 when left out.")
  let seed = Parameter<UInt64>("seed", "The sampler's seed.", default: 0)
  let result = Output<Conditioning>("conditioning", "The text with the pictures' vector.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    if let noise = parameters[noise] {
      guard noise.allSatisfy({ (0...1).contains($0) }) else {
        throw NodeFailure("'noise' takes numbers from 0 to 1", at: self.noise.name)
      }
      if noise.allSatisfy({ $0 == 0 }) { parameters[self.noise] = nil }
    }
    parameters[seed] = parameters[seed] & 0xFFFF_FFFF
  }

  package func run(_ io: inout NodeIO) throws {
    let (conditioning, pictures, strengths) = (io[conditioning], io[pictures].map(\.tensor), io[strengths])
    let noise = io[noise] ?? strengths.map { _ in 0 }
    guard strengths.count == pictures.count, noise.count == pictures.count else {
      throw NodeFailure(
        "there are \(pictures.count) pictures, \(strengths.count) strengths and \(noise.count) amounts of noise; one for each "
          + "was expected", at: self.strengths.name)
    }
    guard let width = pictures[0].shape.last, pictures.allSatisfy({ $0.shape.count == 2 && $0.shape[1] == width })
    else {
      throw NodeFailure("vectors [n, p] were expected, of one width", at: self.pictures.name)
    }
    let stream = (io[seed] &- 10) & 0xFFFF_FFFF
    func noised(_ vector: Tensor, _ amount: Double, draw: Int) -> Tensor {
      let level = UnCLIPNoise.levels[Int((999 * amount).rounded(.toNearestOrEven))]
      let drawn = RandomParameters.noise(
        [1, width], seed: stream, draw: draw, generator: RandomParameters.defaultGenerator)
      return Float(level.squareRoot()) * vector + Float((1 - level).squareRoot()) * drawn
    }
    var vectors: [Tensor] = []
    for (index, picture) in pictures.enumerated() {
      for row in 0..<picture.shape[0] {
        vectors.append(Float(strengths[index]) * noised(picture.sample(row), noise[index], draw: 0))
      }
    }
    let sum = vectors.dropFirst().reduce(vectors[0]) { $0 + $1 }
    let pooled = vectors.count > 1 ? noised(sum, 0, draw: 1) : sum
    io[result] = Conditioning(
      averaging: try conditioning.parts.map { part in
        guard part.pooled?.shape[1] == width else {
          throw NodeFailure(
            "the text's pooled vector is \(part.pooled.map { "\($0.shape)" } ?? "none"); one of \(width) numbers was expected",
            at: self.conditioning.name)
        }
        return Conditioning(part.tensor, pooled: pooled, sizes: part.sizes)
      })
  }
}
