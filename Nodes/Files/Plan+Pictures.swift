import Diagnostics
import GraphEngine

extension Plan {
  /// Pictures that a run would have to replace though other workflows drew them, as far as that is known before it begins.
  package func requireOwnPictures(besides exceptions: Set<String> = []) throws {
    let sink = SavePNG()
    let refusals = graph.nodes.indices.compactMap { index -> Diagnostic? in
      guard nodes[index].action == .run, graph.nodes[index].declaration.info.type == SavePNG.info.type else {
        return nil
      }
      let node = graph.nodes[index]
      let path = node.parameters[sink.path]
      // Several pictures have names of their own, which are looked at when they are written.
      guard !node.parameters[sink.counter], node.inputs.joined().count == 1, !exceptions.contains(path),
        let other = PictureWorkflow.other(than: graph.workflow(of: index).text, at: path)
      else { return nil }
      return node.diagnostic(for: PictureWorkflow.refusal(toReplace: path, other, at: sink.path.name))
    }
    if !refusals.isEmpty { throw DiagnosticList(refusals) }
  }
}
