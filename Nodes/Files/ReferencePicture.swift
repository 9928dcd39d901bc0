import Foundation
import GraphEngine
import Tensors

/// Pictures in PNG files that results are compared with, byte by byte of their colours.
package enum ReferencePicture {
  /// What is wrong with a picture that is to look like the one in a file; nil when it is near enough.
  ///
  /// - Parameter least: of the peak signal-to-noise ratio, 10 log10(255^2 / mean squared difference), in dB.
  /// - Throws: `FileError`, or `PNGError` for a file that is no PNG picture.
  package static func problem(of value: any WireValue, expecting path: String, psnr least: Double) throws -> String? {
    let picture: Tensor
    switch Self.picture(value) {
    case .success(let tensor): picture = tensor
    case .failure(let refusal): return refusal.message
    }
    let expected = try Image(decoding: PNGFile(ByteSource(path: path))).tensor
    guard picture.shape == expected.shape else {
      return "it is \(size(picture)), not \(size(expected))"
    }
    let psnr = psnr(SavePNG.pixels(of: picture), SavePNG.pixels(of: expected))
    return psnr >= least ? nil : String(format: "its PSNR is %.1f dB, less than %g", psnr, least)
  }

  /// Writes a picture to a PNG file, without a workflow.
  package static func write(_ value: any WireValue, to path: String) throws(FileError) {
    let picture = try picture(value).get()
    do {
      let file = try PNG.encode(pixels: SavePNG.pixels(of: picture), width: picture.shape[3], height: picture.shape[2])
      try WholeFile.write(file, to: path, kind: .png)
    } catch let error as PNGError {
      throw FileError(message: error.message)
    } catch {
      throw error as? FileError ?? FileError(message: "\(error)")
    }
  }

  /// [1, 3, h, w], or why there is none.
  private static func picture(_ value: any WireValue) -> Result<Tensor, FileError> {
    guard let image = value as? Image else {
      return .failure(FileError(message: "it is a \(type(of: value).wireType.name), and no picture"))
    }
    guard image.tensor.shape[0] == 1 else {
      return .failure(FileError(message: "it is \(image.tensor.shape[0]) pictures; one was expected"))
    }
    return .success(image.tensor)
  }

  private static func size(_ picture: Tensor) -> String { "\(picture.shape[3])x\(picture.shape[2]) pixels" }

  /// In dB; infinite for pictures that are the same.
  static func psnr(_ a: [UInt8], _ b: [UInt8]) -> Double {
    let sum = zip(a, b).reduce(0.0) { sum, pair in
      let difference = Double(pair.0) - Double(pair.1)
      return sum + difference * difference
    }
    return sum == 0 ? .infinity : 10 * log10(255 * 255 * Double(a.count) / sum)
  }
}
