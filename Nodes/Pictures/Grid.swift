import GraphEngine
import Tensors

/// Pictures side by side as one, with labels.
package struct Grid: Node {
  package static let info = NodeInfo(
    type: "Grid", version: 1, lane: .compute, summary: "Puts pictures into the columns and rows of one, with labels.")

  let images = VariadicInput<Image>(
    "images", "The pictures; smaller ones are centred. Each of a batch has its own cell.")
  let columns = OptionalParameter<Int>("columns", "Pictures in a row; about a square when left out.", min: 1, max: 1000)
  let labels = Parameter<[String]>("labels", "Texts below the pictures, one for each.", default: [])
  let columnTitle = Parameter("column_title", "What the columns are, above them.", default: "")
  let columnLabels = Parameter<[String]>("column_labels", "A text above each column.", default: [])
  let rowTitle = Parameter("row_title", "What the rows are.", default: "")
  let rowLabels = Parameter<[String]>("row_labels", "A text left of each row.", default: [])
  let blockLabels = Parameter<[String]>(
    "block_labels", "Texts above blocks of rows, each as many as there are row labels.", default: [])
  let cells = OptionalParameter<[Int]>(
    "cells", "The cell of each wire's pictures, from 0 along the rows; so that cells can stay empty and hold a batch.",
    min: 0, max: 999_999)
  let image = Output<Image>("image", "One picture of all.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let pictures = try placed(io)
    let count = pictures.keys.max().map { $0 + 1 } ?? 1
    var columns = io[columns] ?? (io[columnLabels].isEmpty ? ContactSheet.squareColumns(count) : io[columnLabels].count)
    if io[columnLabels].isEmpty { columns = min(columns, count) }
    let blocks = max(1, io[blockLabels].count)
    let rows = io[rowLabels].isEmpty ? (count + columns * blocks - 1) / (columns * blocks) : io[rowLabels].count
    if !io[columnLabels].isEmpty, io[columnLabels].count != columns {
      throw NodeFailure("\(io[columnLabels].count) labels for \(columns) columns", at: columnLabels.name)
    }
    guard count <= blocks * rows * columns else {
      throw NodeFailure(
        "\(count) cells do not fit into \(blocks * rows) rows of \(columns)",
        at: io[blockLabels].isEmpty ? rowLabels.name : blockLabels.name)
    }
    let labels = io[labels]
    let order = pictures.keys.sorted()
    guard labels.isEmpty || labels.count == order.count else {
      throw NodeFailure("\(labels.count) labels for \(order.count) pictures", at: self.labels.name)
    }
    var sheet = ContactSheet(cells: pictures, columns: columns, rows: rows)
    sheet.labels = Dictionary(uniqueKeysWithValues: zip(order, labels))
    sheet.columnTitle = io[columnTitle]
    sheet.columnLabels = io[columnLabels]
    sheet.rowTitle = io[rowTitle]
    sheet.rowLabels = io[rowLabels]
    sheet.blockLabels = io[blockLabels]
    guard let picture = sheet.drawn() else {
      throw NodeFailure(
        "\(rows * blocks) rows of \(columns) cells do not fit on a sheet of \(ContactSheet.largestSide) pixels a side",
        at: io[cells] == nil ? self.columns.name : cells.name)
    }
    io[image] = Image(picture)
  }

  /// The pictures by cell.
  private func placed(_ io: NodeIO) throws -> [Int: Tensor] {
    let tensors = io[images].map(\.tensor)
    guard let cells = io[cells] else {
      let single = tensors.flatMap { batch in (0..<batch.shape[0]).map { batch.sample($0) } }
      return Dictionary(uniqueKeysWithValues: zip(0..., single))
    }
    guard cells.count == tensors.count else {
      throw NodeFailure("\(cells.count) cells for \(tensors.count) wires", at: self.cells.name)
    }
    guard Set(cells).count == cells.count else {
      throw NodeFailure("two wires lead to one cell", at: self.cells.name)
    }
    return Dictionary(uniqueKeysWithValues: zip(cells, tensors))
  }
}
