import CGraphs

/// The graphs that are part of the program: what a workflow file calls as `<samplers/euler.yaml>`, whichever folder it is in.
package enum ShippedGraphs {
  /// Their texts by their places below `Graphs`.
  package static let texts: [String: String] = {
    var count = 0
    guard let first = cg_graphs(&count) else { return [:] }
    let graphs = UnsafeBufferPointer(start: first, count: count)
    return Dictionary(
      graphs.map { graph in
        let bytes = UnsafeBufferPointer(start: graph.text, count: graph.size)
        return (String(cString: graph.name), String(decoding: bytes, as: UTF8.self))
      }, uniquingKeysWith: { first, _ in first })
  }()
}
