import Foundation
import GraphEngine
import Tensors

/// Pictures as PNG files that carry the workflow that drew them.
package struct SavePNG: Node {
  package static let info = NodeInfo(
    type: "SavePNG", version: 1, lane: .io, summary: "Writes pictures as PNG files, the workflow inside.", isSink: true)

  let image = VariadicInput<Image>(
    "image", "One picture, or several (a batch, a list of wires), which are numbered: out-0.png, out-1.png, ...")
  let path = Parameter<String>("path", "The file to write; missing folders are created.", path: .write)
  let counter = Parameter(
    "counter", "Gives every picture a number of its own, the next that is free: out_00001.png, out_00002.png, ...",
    default: false)
  let rounding = OptionalParameter<String>(
    "rounding", "How colours become bytes: to the nearest, when left out, or down, as in ComfyUI.",
    options: PixelRounding.allCases.map(\.rawValue))

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    if let refusal = FileEnding.refusal(of: parameters[path], written: ["png"], kind: "a PNG picture") {
      throw NodeFailure(refusal.message, at: path.name)
    }
    if parameters[rounding] == PixelRounding.nearest.rawValue { parameters[rounding] = nil }
  }

  package func run(_ io: inout NodeIO) throws {
    let images = io[image].map(\.tensor)
    let rounding = io[rounding].flatMap(PixelRounding.init) ?? .nearest
    let places = images.indices.flatMap { batch in (0..<images[batch].shape[0]).map { (batch, $0) } }
    for (number, (batch, index)) in places.enumerated() {
      let images = images[batch]
      do {
        let file = try PNG.encode(
          pixels: Self.pixels(of: images.sample(index), rounding), width: images.shape[3], height: images.shape[2],
          texts: io.workflow.isEmpty ? [] : [(PictureWorkflow.keyword, io.workflow)],
          others: io.workflow.isEmpty ? [] : io.companions.map { ($0.keyword, $0.text) })
        if io[counter] {
          io.reportWritten(try CountedFile.write(file, after: io[path], kind: .png))
        } else {
          try write(file, to: places.count == 1 ? io[path] : Self.numbered(io[path], number, of: places.count), &io)
        }
      } catch let error as PNGError {
        throw NodeFailure(error.message, at: image.name)
      } catch let error as FileError {
        throw NodeFailure(error.message, at: self.path.name)
      }
    }
  }

  private func write(_ file: [UInt8], to path: String, _ io: inout NodeIO) throws {
    try io.claim(path, WholeFile.place(of: path))
    if !io.others.exceptions.contains(path), let other = PictureWorkflow.other(than: io.workflow, at: path) {
      if io.others.areKept { throw PictureWorkflow.refusal(toReplace: path, other, at: self.path.name) }
      io.warn("'\(path)' was \(other) and is replaced", self.path.name)
    }
    try WholeFile.write(file, to: path, kind: .png)
    io.reportWritten(path)
  }

  /// [1, 3, h, w] in -1...1 as bytes [h, w, 3].
  static func pixels(of image: Tensor, _ rounding: PixelRounding = .nearest) -> [UInt8] {
    image.channelsLast().withUnsafeBufferPointer { values in
      values.map { UInt8((min(max($0 / 2 + 0.5, 0), 1) * 255 + rounding.margin).rounded(rounding.rule)) }
    }
  }

  /// `out.png` as `out-3.png`, or as `out-03.png` among more than ten, so that names sort as numbers do.
  private static func numbered(_ path: String, _ index: Int, of count: Int) -> String {
    let url = URL(filePath: path)
    let stem = url.deletingPathExtension().relativePath
    let zeros = String(repeating: "0", count: String(count - 1).count - String(index).count)
    return "\(stem)-\(zeros)\(index)" + (url.pathExtension.isEmpty ? "" : ".\(url.pathExtension)")
  }
}

/// How a colour between two bytes becomes one.
enum PixelRounding: String, CaseIterable {
  /// As diffusers' `VaeImageProcessor` rounds.
  case nearest
  /// Cut off, as ComfyUI saves pictures.
  case down

  /// A byte that became a number may lie a little below it, and is to stay one.
  var margin: Float { self == .nearest ? 0 : 1 / 1024 }
  var rule: FloatingPointRoundingRule { self == .nearest ? .toNearestOrEven : .towardZero }
}
