import Foundation
import StepgraphNodes
import Testing

/// JPEG files of all kinds, as Pillow shows them; `Fixtures/tools/make_tools.py` wrote them.
struct JPEGTests {
  private struct Files: Decodable {
    struct Picture: Decodable {
      let name: String
      let jpeg: Data
      let width: Int
      let height: Int
      /// Of height x width x 3 bytes, upright.
      let pixels: Data
    }

    let pictures: [Picture]
  }

  private static func pictures() throws -> [Files.Picture] {
    let file = Fixtures.root.appending(path: "tools/jpegs.json")
    return try JSONDecoder().decode(Files.self, from: Data(contentsOf: file)).pictures
  }

  @Test func everyKindIsSeenAsByPillow() throws {
    let pictures = try Self.pictures()
    #expect(pictures.count >= 35)
    for picture in pictures {
      let image = try DecodedPicture(ByteSource(Array(picture.jpeg))).image.tensor
      #expect(image.shape == [1, 3, picture.height, picture.width], "\(picture.name)")
      let expected = Array(picture.pixels)
      let found = image.channelsLast().values.map { Int((($0 + 1) / 2 * 255).rounded()) }
      #expect(zip(found, expected).allSatisfy { abs($0 - Int($1)) <= 2 }, "\(picture.name)")
    }
  }

  @Test func filesThatAreCutAreRefused() throws {
    for picture in try Self.pictures() where ["4-2-0", "progressive", "cmyk", "grey"].contains(picture.name) {
      let file = Array(picture.jpeg)
      for end in [3, 20, file.count / 3, file.count / 2, file.count * 3 / 4] {
        let error = #expect(throws: JPEGError.self) { try DecodedPicture(ByteSource(Array(file[..<end]))) }
        #expect(error?.message == "a damaged JPEG file: it is cut off", "\(picture.name), \(end)")
      }
    }
  }

  /// A size that no file so short can fill would take the memory of all its coefficients, 1.6 GB.
  @Test(arguments: ["progressive", "4-2-0", "grey"]) func sizesThatCannotBeThereAreRefused(_ name: String) throws {
    var file = Array(try #require(try Self.pictures().first { $0.name == name }).jpeg)
    // Start of frame, length, precision, height, width (T.81, B.2.2).
    let frame = try #require(
      file.indices.dropLast().first { file[$0] == 0xFF && [0xC0, 0xC1, 0xC2].contains(file[$0 + 1]) })
    file.replaceSubrange(frame + 5..<frame + 9, with: [0x3F, 0xFF, 0x3F, 0xFE])
    let error = #expect(throws: JPEGError.self) { try DecodedPicture(ByteSource(file)) }
    #expect(error?.message == "a damaged JPEG file: its \(file.count) bytes are too few for 16382x16383")
  }

  @Test func damageNeverTraps() throws {
    for picture in try Self.pictures() where ["4-2-0", "progressive", "cmyk", "exif 6"].contains(picture.name) {
      let file = Array(picture.jpeg)
      for index in file.indices {
        var flipped = file
        flipped[index] ^= 0x81
        _ = try? DecodedPicture(ByteSource(flipped))
      }
    }
  }
}
