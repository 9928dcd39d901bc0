import Diagnostics
import JSONTree

/// What a workflow says that nothing here does.
package struct ImportProblem: Sendable {
  package let node: String
  package let type: String
  package let title: String?
  /// What it is about, and what would be nearest.
  package let reason: String
  package let location: SourceLocation
}

/// Makes the nodes of a workflow out of those of ComfyUI.
///
/// Nodes are translated from inputs to outputs, each by the rule of its class. A rule that cannot say what its node says gives
/// broken outputs, and so do the rules that need these; only what reaches a file is told of at the end. So a negative prompt
/// that guidance 1 leaves out, or what feeds a preview, is never a problem.
final class Translator {
  var sketch = WorkflowSketch()
  /// Of denoisers that have files of their own, by the nodes that load them.
  var families: [Int: ComfyFamily] = [:]
  /// Why outputs are broken.
  private var causes: [Cause] = []
  private var meanings: [String: [Meaning]] = [:]
  /// How many nodes write each file.
  private var outputs: [String: Int] = [:]
  /// Causes that keep a file from being written.
  private var reported: Set<Int> = []
  let models: ComfyFolders
  private let graph: ComfyGraph

  /// A problem of a node, or several other causes.
  private enum Cause {
    case problem(ImportProblem)
    case several([Int])
  }

  init(_ graph: ComfyGraph, models: ComfyFolders) {
    (self.graph, self.models) = (graph, models)
  }

  /// Translates everything; gives the problems that matter, in the order of the file.
  func translate() -> [ImportProblem] {
    let savesPictures = graph.nodes.contains { $0.type.hasPrefix("SaveImage") || $0.type == "SaveLatent" }
    for node in graph.nodes where node.type != "PreviewImage" || !savesPictures {
      let translation = NodeTranslation(node, self)
      switch ComfyClass.all[node.type]?.treatment {
      case .imported(let rule):
        meanings[node.id] = translation.outputs(rule)
      case .folded:
        meanings[node.id] = [
          translation.refuse(
            "its value is computed while the workflow runs, and a workflow here is fixed before it does")
        ]
      case .shown: break
      case .refused(let reason): meanings[node.id] = [translation.refuse(reason)]
      case nil:
        meanings[node.id] = [
          translation.refuse(
            "no class of ComfyUI that pictures of these models are made with"
              + (nearestName(to: node.type, among: ComfyClass.all.keys).map { "; did you mean \($0)?" } ?? ""))
        ]
      }
    }
    return reportedProblems()
  }

  /// All problems that the reported causes come down to.
  private func reportedProblems() -> [ImportProblem] {
    var (open, seen) = (Array(reported), reported)
    var found: [(Int, ImportProblem)] = []
    while let index = open.popLast() {
      switch causes[index] {
      case .problem(let problem): found.append((index, problem))
      case .several(let others): open += others.filter { seen.insert($0).inserted }
      }
    }
    return found.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// Nodes of classes that are not known, which nothing reads: they may write something all the same.
  var unknownEnds: [ComfyNode] {
    var read: Set<String> = []
    for input in graph.nodes.flatMap(\.inputs.values) {
      if case .link(let link) = input.value { read.insert(link.node) }
    }
    return graph.nodes.filter { node in
      ComfyClass.all[node.type] == nil && !read.contains(node.id)
        && node.inputs.values.contains { if case .link = $0.value { true } else { false } }
    }
  }

  /// The file for a prefix: one of its own for every node, as two nodes do not write one file, and none that is read.
  func output(_ prefix: String, ending: String) -> String {
    let path = ComfyFileNames.path(of: prefix, ending: ending)
    while true {
      outputs[path, default: 0] += 1
      guard let count = outputs[path], count > 1 else {
        if inputs.contains(path) { continue }
        return path
      }
      let numbered = "\(path.dropLast(ending.count + 1))_\(count).\(ending)"
      if !inputs.contains(numbered) { return numbered }
    }
  }

  /// The files that nodes read by their names.
  private lazy var inputs: Set<String> = {
    let names = ["LoadImage": "image", "LoadImageMask": "image", "LoadLatent": "latent"]
    return Set(
      graph.nodes.compactMap { node in
        guard let name = names[node.type], case .text(let file)? = node.inputs[name]?.value else { return nil }
        return models.picture(file.replacing(" [input]", with: ""))
      })
  }()

  /// What a link carries; nil for an output that its class does not have.
  func meaning(of link: ComfyLink) -> Meaning? {
    guard let outputs = meanings[link.node] else { return nil }
    // A refused node has one meaning for all.
    if outputs.count == 1, case .broken = outputs[0] { return outputs[0] }
    return outputs.indices.contains(link.slot) ? outputs[link.slot] : nil
  }

  func addProblem(_ reason: String, _ node: ComfyNode) -> Int {
    causes.append(
      .problem(
        ImportProblem(node: node.id, type: node.type, title: node.title, reason: reason, location: node.location)))
    return causes.count - 1
  }

  /// One cause for several.
  func join(_ others: [Int]) -> Int {
    if others.count == 1 { return others[0] }
    causes.append(.several(others))
    return causes.count - 1
  }

  /// Says that a file is not written for want of these.
  func report(_ broken: [Int]) { reported.formUnion(broken) }
}
