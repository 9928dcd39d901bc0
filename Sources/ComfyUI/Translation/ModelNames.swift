/// What the names of model files tell of their families, where no file is at hand.
enum ModelNames {
  /// The family that a name tells of: nil where it tells of none that is here.
  static func family(of name: String) -> ComfyFamily? {
    let name = normalized(name)
    if name.contains("klein") { return .flux2Klein }
    if name.contains("flux2") || name.contains("flux-2") { return .flux2 }
    if name.contains("schnell") { return .fluxSchnell }
    if name.contains("flux") { return .flux }
    if name.contains("z-image") || name.contains("zimage") { return .zImage }
    if name.contains("refiner") { return .sdxlRefiner }
    if name.contains("xl") { return .sdxl }
    return nil
  }

  /// The family that a name tells of which nothing here runs; nil for any other name.
  static func foreignFamily(of name: String) -> String? {
    let name = normalized(name)
    return foreign.first { name.contains($0.word) }?.family
  }

  private static let foreign: [(word: String, family: String)] = [
    ("sd3", "Stable Diffusion 3"), ("stable-diffusion-3", "Stable Diffusion 3"), ("flux3", "FLUX.3"),
    ("qwen-image", "Qwen-Image"),
    ("hidream", "HiDream"), ("chroma", "Chroma"), ("lumina", "Lumina 2"), ("omnigen", "OmniGen"), ("wan2", "Wan"),
    ("ltx", "LTX-Video"), ("hunyuan", "Hunyuan"), ("kandinsky", "Kandinsky"), ("krea2", "Krea 2"),
    ("stable-cascade", "Stable Cascade"),
    ("auraflow", "AuraFlow"), ("pixart", "PixArt"), ("lotus", "Lotus"),
    ("anima", "Anima"),
  ]

  private static func normalized(_ name: String) -> String { name.lowercased().replacing("_", with: "-") }
}
