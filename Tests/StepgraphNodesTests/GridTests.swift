import Foundation
import GraphEngine
import StepgraphNodes
import Tensors
import Testing

/// Runs a Grid on pictures of one grey each.
private func grid(
  _ pictures: [(shape: [Int], grey: Float)], _ parameters: [String: ParameterValue] = [:]
) throws -> Tensor {
  var values: [String: ParameterValue] = [:]
  for parameter in NodeDeclaration(Grid.self).parameters {
    values[parameter.name] = parameters[parameter.name] ?? parameter.defaultValue ?? .absent
  }
  let images = pictures.map { Image(Tensor(repeating: $0.grey, shape: $0.shape)) }
  var io = NodeIO(parameters: NodeParameters(values), inputs: ["images": images])
  try Grid().run(&io)
  let image = try #require(io.outputs["image"] as? Image)
  return image.tensor
}

private func texts(_ texts: String...) -> ParameterValue { .list(texts.map { .string($0) }) }

/// The first plane's value at a place.
private func value(_ image: Tensor, x: Int, y: Int) -> Float { image.values[y * image.shape[3] + x] }

/// How many pixels of a grey there are.
private func count(_ image: Tensor, _ grey: Float) -> Int {
  image.values.prefix(image.count / 3).count { abs($0 - grey) < 1e-6 }
}

struct GridTests {
  private let small = [1, 3, 8, 8]

  @Test func picturesStandInRows() throws {
    let image = try grid([-1, -0.5, 0, 0.5, 0.75].map { (small, $0) })
    // Three columns and two rows of 8 pixels with 4 between them and 8 around.
    #expect(image.shape == [1, 3, 8 + 2 * 8 + 4 + 8, 8 + 3 * 8 + 2 * 4 + 8])
    #expect([8, 20, 32].map { value(image, x: $0, y: 8) } == [-1, -0.5, 0])
    #expect([8, 20, 32].map { value(image, x: $0, y: 20) } == [0.5, 0.75, 0.97])
    for grey: Float in [-1, -0.5, 0, 0.5, 0.75] { #expect(count(image, grey) == 64) }
    #expect(try grid([-1, 0].map { (small, $0) }, ["columns": .int(1)]).shape == [1, 3, 36, 24])
    #expect(try grid([-1, 0].map { (small, $0) }, ["columns": .int(1000)]).shape == [1, 3, 24, 36])
  }

  @Test func smallerPicturesAreCentred() throws {
    let image = try grid([([1, 3, 16, 12], -1), ([1, 3, 4, 6], -0.5)], ["columns": .int(2)])
    #expect(image.shape == [1, 3, 32, 44])
    #expect(count(image, -0.5) == 24)
    #expect(value(image, x: 8 + 12 + 4 + 3, y: 8 + 6) == -0.5)
    #expect(value(image, x: 8 + 12 + 4 + 2, y: 8 + 6) == 0.86)
  }

  @Test func aBatchHasACellForEachPicture() throws {
    let image = try grid([([3, 3, 8, 8], -1), (small, 0)], ["columns": .int(4), "labels": texts("a", "b", "c", "d")])
    #expect(count(image, -1) >= 3 * 64)
    #expect(image.shape[3] == 8 + 4 * 8 + 3 * 4 + 8)
    let together = try grid(
      [([4, 3, 8, 8], -1), (small, 0)], ["cells": .list([.int(0), .int(2)]), "columns": .int(3)])
    #expect(together.shape == [1, 3, 8 + 17 + 8, 8 + 3 * 17 + 2 * 4 + 8])
  }

  @Test func valuesAreClamped() throws {
    let image = try grid([(small, 3), (small, -7)])
    #expect(image.values.max() == 1)
    #expect(image.values.min() == -1)
  }

  @Test func cellsStayEmptyInAMatrix() throws {
    let image = try grid(
      [(small, -1), (small, 0)],
      [
        "columns": .int(2), "cells": .list([.int(0), .int(3)]), "column_labels": texts("l", "m"),
        "row_labels": texts("n", "o"), "column_title": .string("x"), "row_title": .string("y"),
      ])
    #expect(count(image, -1) == 64)
    #expect(count(image, 0.86) == 128)
  }

  @Test func aLargeSheetIsMadeOfSmallerPictures() throws {
    let image = try grid(
      [([1, 3, 3000, 3000], -1), ([1, 3, 3000, 3000], 0), ([1, 3, 3000, 2999], 0.5)], ["columns": .int(3)])
    #expect(image.shape[3] <= 8192)
    #expect(count(image, -1) == 1500 * 1500)
    #expect(count(image, 0.5) == 1500 * 1500)
  }

  @Test(
    arguments: [
      (["labels": texts("a")], "labels", "1 labels for 2 pictures"),
      (["columns": .int(3), "column_labels": texts("a", "b")], "column_labels", "2 labels for 3 columns"),
      (["columns": .int(1), "row_labels": texts("a")], "row_labels", "2 cells do not fit into 1 rows of 1"),
      (["cells": .list([.int(1)])], "cells", "1 cells for 2 wires"),
      (
        ["cells": .list([.int(1), .int(999_999)]), "columns": .int(1)], "cells",
        "1000000 rows of 1 cells do not fit on a sheet of 8192 pixels a side"
      ),
      (["cells": .list([.int(1), .int(1)])], "cells", "two wires lead to one cell"),
    ] as [([String: ParameterValue], String, String)])
  func whatDoesNotFit(_ parameters: [String: ParameterValue], _ port: String, _ message: String) {
    let failure = #expect(throws: NodeFailure.self) { try grid([(small, 0), (small, 0)], parameters) }
    #expect(failure?.message == message)
    #expect(failure?.port == port)
  }
}

struct LabelFontTests {
  /// FreeType's picture of the same text, without hinting.
  @Test func glyphsLookAsFreeTypeDrawsThem() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let (pixels, width, height) = try PNG.decode(
      WholeFile.read(folder.appending(path: "Fixtures/font/label.png").path))
    let coverage = LabelFont.shared.coverage(of: "Ag8@é% — _", size: 20, baseline: 20, width: width, height: height)
    let differences = zip(coverage, stride(from: 0, to: pixels.count, by: 3)).map { abs($0 - Float(pixels[$1]) / 255) }
    print("label: max \(differences.max() ?? 0), mean \(differences.reduce(0, +) / Float(differences.count))")
    #expect((differences.max() ?? 1) < 0.1)
    #expect(differences.reduce(0, +) / Float(differences.count) < 0.005)
  }

  @Test func whatHasNoGlyphIsVisible() {
    let font = LabelFont.shared
    let ink = font.coverage(of: "苹", size: 20, baseline: 20, width: 20, height: 24).reduce(0, +)
    #expect(ink > 20)
    #expect(font.coverage(of: " \u{A0}", size: 20, baseline: 20, width: 20, height: 24).allSatisfy { $0 == 0 })
  }

  @Test(arguments: [
    ("a red apple", 200, 2, ["a red apple"]),
    ("a red  apple ", 40, 3, ["a red", "apple"]),
    ("a red apple on a yellow background", 40, 2, ["a red", "apple…"]),
    ("dpm-solver++(2m)", 40, 3, ["dpm-", "solver+", "+(2m)"]),
    ("abcdefghijklmnop", 40, 2, ["abcdefg", "hijklm…"]),
    ("", 40, 2, []), ("   ", 40, 2, []), ("wide", 1, 2, ["w", "…"]), ("e\u{301}", 40, 1, ["é"]),
  ])
  func longTextsAreBrokenAndShortened(_ text: String, _ width: Float, _ limit: Int, _ lines: [String]) {
    #expect(TextLines(text, size: 11, width: width, limit: limit).lines == lines)
  }
}
