/// What SDXL is told of a picture beside its text, in pixels; nil is the size of the picture that is made, and 0 for a crop.
///
/// Source: Podell et al. 2023, section 2.2; `_get_add_time_ids` of diffusers' StableDiffusionXLPipeline.
package struct PictureSizes: Sendable, Equatable, Codable {
  /// The size that the picture is to look as if it had been made of.
  package var originalWidth: Double?
  package var originalHeight: Double?
  /// Where it is to look cut from that.
  package var cropLeft: Double?
  package var cropTop: Double?
  package var targetWidth: Double?
  package var targetHeight: Double?
  /// How beautiful, 0 to 10, which the refiner is told in place of the target; nil is 6.
  package var aestheticScore: Double?

  package init() {}

  /// The numbers of a model that takes `count` of them, for a picture of this size: six, or the refiner's five.
  package func numbers(count: Int, width: Int, height: Int) -> [Float] {
    let (width, height) = (Double(width), Double(height))
    let common = [originalHeight ?? height, originalWidth ?? width, cropTop ?? 0, cropLeft ?? 0]
    let rest = count == 5 ? [aestheticScore ?? 6] : [targetHeight ?? height, targetWidth ?? width]
    return (common + rest).map { Float($0) }
  }
}
