/// How a sweep shows what sinks of one type write at its points in one more file: a node joins what goes into the
/// sinks, and a sink of the same type writes the result.
package struct SweepSheet: Sendable {
  /// The type of the sinks, the input that is shown and the parameter with the file.
  let sink: String
  let input: String
  let path: String
  /// The type of the node that joins, and its variadic input.
  let joiner: String
  let parts: String
  /// The joining node's parameters.
  let parameters: @Sendable (SheetLayout) -> [String: ParameterValue]

  package init(
    sink: String, input: String, path: String, joiner: String, parts: String,
    parameters: @escaping @Sendable (SheetLayout) -> [String: ParameterValue]
  ) {
    self.sink = sink
    self.input = input
    self.path = path
    self.joiner = joiner
    self.parts = parts
    self.parameters = parameters
  }
}

/// Where the points of a sweep are shown: in columns and rows, and these in blocks one below the other.
package struct SheetLayout: Sendable, Hashable {
  package var columns = 1
  /// The cell of each point; cells count along rows, then down, then into the next block.
  package var cells: [Int] = []
  /// By point, for cells that neither a column nor a row names; else empty.
  package var labels: [String] = []
  package var columnTitle = ""
  package var columnLabels: [String] = []
  package var rowTitle = ""
  package var rowLabels: [String] = []
  package var blockLabels: [String] = []
}

/// Whether and where the results of a sweep are shown together.
package enum SheetChoice: Sendable, Hashable {
  /// Beside the files of the points: `out-sheet.png` for `out.png`.
  case beside
  case none
  /// A path of the command line.
  case at(String)
}
