import DiffusionModels
import GraphEngine

/// What SDXL is told of the picture's sizes, in pixels; other families pass over it.
struct SizePorts: PortGroup {
  let originalWidth = OptionalParameter<Double>(
    "original_width", "SDXL: the width the picture is to look made from; its own when left out.", min: 0)
  let originalHeight = OptionalParameter<Double>(
    "original_height", "SDXL: the height the picture is to look made from; its own when left out.", min: 0)
  let cropLeft = OptionalParameter<Double>(
    "crop_left", "SDXL: how much it is to look cut on the left; 0 when left out.", min: 0)
  let cropTop = OptionalParameter<Double>(
    "crop_top", "SDXL: how much it is to look cut at the top; 0 when left out.", min: 0)
  let targetWidth = OptionalParameter<Double>(
    "target_width", "SDXL: the width it is told to make; the picture's when left out.", min: 0)
  let targetHeight = OptionalParameter<Double>(
    "target_height", "SDXL: the height it is told to make; the picture's when left out.", min: 0)
  let aestheticScore = OptionalParameter<Double>(
    "aesthetic_score", "SDXL's refiner: how beautiful, 6 when left out; 2.5 is usual for a negative prompt.", min: 0)

  func sizes(_ parameters: NodeParameters) -> PictureSizes {
    var sizes = PictureSizes()
    sizes.originalWidth = parameters[originalWidth]
    sizes.originalHeight = parameters[originalHeight]
    sizes.cropLeft = parameters[cropLeft]
    sizes.cropTop = parameters[cropTop]
    sizes.targetWidth = parameters[targetWidth]
    sizes.targetHeight = parameters[targetHeight]
    sizes.aestheticScore = parameters[aestheticScore]
    return sizes
  }
}
