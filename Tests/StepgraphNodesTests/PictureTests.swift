import Foundation
import StepgraphNodes
import Testing

/// Pictures of every kind, as the readers of others see them; `Fixtures/pictures/make_pictures.py` wrote them.
struct PictureTests {
  private struct Samples: Decodable {
    struct Picture: Decodable, CustomTestStringConvertible {
      let name: String
      let png: Data
      let width: Int
      let height: Int
      /// Of height x width x 3 bytes.
      let pixels: Data

      var testDescription: String { name }
    }

    let pictures: [Picture]
  }

  private struct Orientations: Decodable {
    struct Picture: Decodable, CustomTestStringConvertible {
      let name: String
      let png: Data
      let orientation: Int

      var testDescription: String { name }
    }

    let pictures: [Picture]
  }

  private static func fixture<Fixture: Decodable>(_ name: String, as type: Fixture.Type) throws -> Fixture {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: "Fixtures/pictures/\(name)")))
  }

  /// The picture [1, 3, h, w] as width and bytes h x w x 3.
  private func pixels(of image: Image) -> (width: Int, pixels: [UInt8]) {
    let (values, shape) = (image.tensor.values, image.tensor.shape)
    let plane = shape[2] * shape[3]
    let bytes = (0..<plane).flatMap { place in
      (0..<3).map { UInt8(((values[$0 * plane + place] + 1) / 2 * 255).rounded()) }
    }
    return (shape[3], bytes)
  }

  /// Where a stored pixel is seen, by what Exif says of row 0 and column 0.
  private func seen(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ orientation: Int) -> (x: Int, y: Int) {
    let (right, bottom) = (width - 1 - x, height - 1 - y)
    switch orientation {
    case 2: return (right, y)
    case 3: return (right, bottom)
    case 4: return (x, bottom)
    case 5: return (y, x)
    case 6: return (bottom, x)
    case 7: return (bottom, right)
    case 8: return (y, right)
    default: return (x, y)
    }
  }

  private func turned(_ pixels: [UInt8], width: Int, height: Int, _ orientation: Int) -> (width: Int, pixels: [UInt8]) {
    let seenWidth = orientation < 5 ? width : height
    var turned = pixels
    for y in 0..<height {
      for x in 0..<width {
        let place = seen(x, y, width, height, orientation)
        for c in 0..<3 { turned[(place.y * seenWidth + place.x) * 3 + c] = pixels[(y * width + x) * 3 + c] }
      }
    }
    return (seenWidth, turned)
  }

  /// An eXIf chunk, which needs no right checksum after the pixels.
  private func exif(_ orientation: Int) -> [UInt8] {
    [0, 0, 0, 26] + Array("eXIfMM\0*".utf8) + [0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation)]
      + [UInt8](repeating: 0, count: 10)
  }

  @Test func everyKindIsReadAsItIsStoredInAllOrientations() throws {
    let pictures = try Self.fixture("samples.json", as: Samples.self).pictures
    #expect(pictures.count == 30)
    for picture in pictures {
      let (file, pixels) = (Array(picture.png), Array(picture.pixels))
      #expect(try PNG.decode(file).pixels == pixels, "\(picture.name)")
      let end = try #require(file.firstRange(of: Array("IEND".utf8))).lowerBound - 4
      for orientation in 1...8 {
        let image = try Image(decoding: PNGFile(ByteSource(file[..<end] + exif(orientation) + file[end...])))
        let expected = turned(pixels, width: picture.width, height: picture.height, orientation)
        let found = self.pixels(of: image)
        #expect(found.width == expected.width && found.pixels == expected.pixels, "\(picture.name), \(orientation)")
      }
    }
  }

  /// Two pixels with an alpha channel, the second of 51 of 255; three of a palette whose entries are 255, 0 and 51 opaque.
  @Test(arguments: [
    (
      "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAYAAAD0In+KAAAAEUlEQVR4nGNkZGL+fzxJ3wQACgkCk/2fADkAAAAASUVORK5CYII=",
      [0, 0.8] as [Float]
    ),
    (
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAgMAAABmjvwnAAAACVBMVEX/AAAA/wAAAP8tSs2KAAAAA3RSTlP/ADP7PpElAAAACklEQVR4nGOQAAAAGgAZLYj0NgAAAABJRU5ErkJggg==",
      [0, 1, 0.8]
    ),
  ])
  func whatIsNotOpaqueIsAMask(_ file: String, _ expected: [Float]) throws {
    let png = try PNGFile(ByteSource(Array(#require(Data(base64Encoded: file)))))
    let picture = try DecodedPicture(png)
    let mask = try #require(picture.mask).tensor
    #expect(mask.shape == [1, 1, 1, expected.count])
    #expect(zip(mask.values, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    // Colours are those that are stored, whatever alpha is.
    let pixels = try PNG.decode(Array(#require(Data(base64Encoded: file)))).pixels
    #expect(self.pixels(of: picture.image).pixels == pixels)
  }

  /// Larger than what is decoded at once.
  @Test(arguments: [1, 4, 6, 7])
  func largePicturesAreTurned(orientation: Int) throws {
    let (width, height) = (333, 97)
    let pixels = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
    var file = try PNG.encode(pixels: pixels, width: width, height: height)
    file.insert(contentsOf: exif(orientation), at: file.count - 12)
    let found = self.pixels(of: try Image(decoding: PNGFile(ByteSource(file))))
    let expected = turned(pixels, width: width, height: height, orientation)
    #expect(found.width == expected.width && found.pixels == expected.pixels)
  }

  @Test func orientationsAreThoseOfLoadImage() throws {
    let pictures = try Self.fixture("orientations.json", as: Orientations.self).pictures
    #expect(pictures.count > 150)
    #expect(Set(pictures.map(\.orientation)) == Set(1...8))
    for picture in pictures {
      let file = try PNGFile(ByteSource(Array(picture.png)))
      #expect(try file.orientation().rawValue == picture.orientation, "\(picture.name)")
      #expect(try PNG.decode(Array(picture.png)).width == 3, "\(picture.name)")
    }
  }

  @Test func metadataNeverTraps() throws {
    for picture in try Self.fixture("orientations.json", as: Orientations.self).pictures.prefix(60) {
      let file = Array(picture.png)
      for end in file.indices { _ = try? PNGFile(ByteSource(Array(file[..<end]))).orientation() }
      for index in file.indices {
        var flipped = file
        flipped[index] ^= 0x81
        _ = try? PNGFile(ByteSource(flipped)).orientation()
      }
    }
  }

  private func problem(_ bytes: [UInt8]) -> String {
    do {
      _ = try Image(decoding: PNGFile(ByteSource(bytes)))
      return "no error"
    } catch {
      return (error as? PNGError)?.message ?? "\(error)"
    }
  }

  @Test func whatIsNoPictureIsNamed() throws {
    #expect(problem([]) == "not a PNG file: it is empty")
    #expect(problem([1, 2, 3]) == "not a PNG file")
    #expect(problem([0xFF, 0xD8, 0xFF, 0xE0]) == "not a PNG file: it is a JPEG picture")
    #expect(
      problem(Array("version https://git-lfs.github.com/spec/v1\nsize 9\n".utf8))
        == "not a PNG file: it is a Git LFS pointer to a file of 9 bytes that was not fetched; 'git lfs pull' fetches it"
    )
    #expect(
      problem(Array("<html><head><title>Forbidden</title>".utf8))
        == "not a PNG file: it is an HTML page titled 'Forbidden', perhaps a server's error message")
  }

  @Test func damagedPicturesAreNamed() throws {
    let pixels = [UInt8](repeating: 7, count: 40 * 30 * 3)
    let file = try PNG.encode(pixels: pixels, width: 40, height: 30)
    #expect(problem(Array(file.dropLast(20))) == "a damaged PNG file: it is cut off within a chunk")
    #expect(problem(Array(file.prefix(8))) == "a damaged PNG file: it is cut off")
    #expect(problem(Array(file.prefix(33))) == "a damaged PNG file: it is cut off")
    // As large as the header's numbers go, and larger than its pixels can be.
    var large = file
    large.replaceSubrange(16..<24, with: [0, 0, 0x40, 0, 0, 0, 0x40, 0])
    let sum = crc(large[12..<29])
    large.replaceSubrange(29..<33, with: withUnsafeBytes(of: sum.bigEndian) { Array($0) })
    #expect(problem(large).hasPrefix("a damaged PNG file: its "), "\(problem(large))")
    #expect(problem(large).hasSuffix(" bytes of pixels are too few for 16384x16384"))
  }

  /// Bit by bit, as the PNG specification defines it.
  private func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
  }
}
