import Testing

import Foundation
import StepgraphNodes

struct PNGTests {
  private let pixels = (0..<5 * 3 * 3).map { UInt8(truncatingIfNeeded: $0 * 37) }

  @Test func picturesAndTextsComeBack() throws {
    let file = try PNG.encode(
      pixels: pixels, width: 5, height: 3, texts: [("first", "one\nwith ünï ✓"), ("second", "")])
    let decoded = try PNG.decode(file)
    #expect(decoded.pixels == pixels)
    #expect((decoded.width, decoded.height) == (5, 3))
    #expect(try PNGFile(ByteSource(file)).text("first") == "one\nwith ünï ✓")
    #expect(try PNGFile(ByteSource(file)).text("second") == "")
    #expect(try PNGFile(ByteSource(file)).text("firs") == nil)
  }

  @Test func whatFollowsTheEndIsPassedOver() throws {
    let picture = try PNG.encode(pixels: pixels, width: 5, height: 3, texts: [("k", "text")])
    let file = picture + Array("more".utf8) + [0, 0]
    #expect(try PNG.decode(file).pixels == pixels)
    #expect(try PNGFile(ByteSource(file)).text("k") == "text")
  }

  @Test func largePicturesComeBack() throws {
    let pixels = (0..<700 * 500 * 3).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
    #expect(try PNG.decode(PNG.encode(pixels: pixels, width: 700, height: 500)).pixels == pixels)
  }

  @Test func everyCutAndEveryFlippedByteIsAnErrorOrHarmless() throws {
    let file = try PNG.encode(pixels: pixels, width: 5, height: 3, texts: [("k", "text")])
    for end in 0..<file.count {
      let cut = Array(file[..<end])
      if let decoded = try? PNG.decode(cut) { #expect(decoded.pixels == pixels) }
      if let text = try? PNGFile(ByteSource(cut)).text("k") { #expect(text == "text") }
    }
    for index in file.indices {
      var flipped = file
      flipped[index] ^= 0x10
      _ = try? PNG.decode(flipped)
      if let text = try? PNGFile(ByteSource(flipped)).text("k") { #expect(text == "text") }
    }
  }

  /// Two by two pixels as Python wrote them: with 16 bits a sample, and with a gamma that PIL does not heed either.
  @Test(arguments: [
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACEAIAAACtREYwAAAAI0lEQVR4nGNgYNDQCAioqFiw4MQJhg8f/v9nZOTkTE4+fhwAfosK96TxnDgAAAAASUVORK5C"
      + "YII=",
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAABGdBTUEAAYagMeiWXwAAABZJREFUeJxjYNAIqFhwguHDf0bO5OMAIjUFfAenS7sAAAAASUVO"
      + "RK5CYII=",
  ])
  func samplesAreReadAsTheyAreStored(_ base64: String) throws {
    let file = try #require(Data(base64Encoded: base64))
    #expect(try PNG.decode(Array(file)).pixels == [0, 40, 80, 120, 160, 200, 240, 255, 1, 9, 99, 199])
  }

  @Test func whatIsNoPictureIsRefused() {
    #expect(throws: PNGError.self) { try PNG.decode([]) }
    #expect(throws: PNGError.self) { try PNG.decode(Array("not a picture at all".utf8)) }
    #expect(throws: PNGError.self) { try PNG.encode(pixels: [], width: 0, height: 4) }
  }
}
