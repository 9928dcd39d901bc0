import Testing

import StepgraphNodes

struct PNGTests {
  private let pixels = (0..<5 * 3 * 3).map { UInt8(truncatingIfNeeded: $0 * 37) }

  @Test func picturesAndTextsComeBack() throws {
    let file = try PNG.encode(
      pixels: pixels, width: 5, height: 3, texts: [("first", "one\nwith ünï ✓"), ("second", "")])
    let decoded = try PNG.decode(file)
    #expect(decoded.pixels == pixels)
    #expect((decoded.width, decoded.height) == (5, 3))
    #expect(try PNG.text("first", in: file) == "one\nwith ünï ✓")
    #expect(try PNG.text("second", in: file) == "")
    #expect(try PNG.text("firs", in: file) == nil)
  }

  @Test func everyCutAndEveryFlippedByteIsAnErrorOrHarmless() throws {
    let file = try PNG.encode(pixels: pixels, width: 5, height: 3, texts: [("k", "text")])
    for end in 0..<file.count {
      let cut = Array(file[..<end])
      if let decoded = try? PNG.decode(cut) { #expect(decoded.pixels == pixels) }
      if let text = try? PNG.text("k", in: cut) { #expect(text == "text") }
    }
    for index in file.indices {
      var flipped = file
      flipped[index] ^= 0x10
      _ = try? PNG.decode(flipped)
      if let text = try? PNG.text("k", in: flipped) { #expect(text == "text") }
    }
  }

  @Test func whatIsNoPictureIsRefused() {
    #expect(throws: PNGError.self) { try PNG.decode([]) }
    #expect(throws: PNGError.self) { try PNG.decode(Array("not a picture at all".utf8)) }
    #expect(throws: PNGError.self) { try PNG.encode(pixels: [], width: 0, height: 4) }
  }
}
