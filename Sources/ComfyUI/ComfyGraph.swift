import Diagnostics
import JSONTree

/// A workflow of ComfyUI as its server would run it, whichever of its file formats it came in.
///
/// Subgraphs are opened, values are by name, and what is switched off is gone: bypassed nodes are passed through, and muted
/// ones are absent.
package struct ComfyGraph: Sendable {
  /// In the order of the file, those of a subgraph where it is used.
  package var nodes: [ComfyNode] = []
  /// What people wrote on notes.
  package var notes: [String] = []
  /// Where subgraphs were opened.
  var uses: [Use] = []

  /// A use of a subgraph.
  struct Use: Sendable {
    /// The subgraph's id.
    let definition: String
    let name: String
    /// With which the ids of its nodes begin.
    let prefix: String
  }

  /// Bounds that keep a hostile file from using up memory or time; subgraphs in subgraphs multiply.
  static let nodeLimit = 10_000
  static let nestingLimit = 32
  /// Bytes of the texts that are put together when a workflow is read.
  static let textLimit = 1 << 22
}

/// A node that runs.
package struct ComfyNode: Sendable {
  /// As ComfyUI's server calls it: `7`, or `57:7` within the subgraph that node 57 uses.
  package let id: String
  /// The name of its class, such as `KSampler`.
  package let type: String
  /// What a person called it.
  package let title: String?
  package var inputs: [String: ComfyInput]
  package let location: SourceLocation

  /// How a message calls it: `'Upscale' (KSampler, node 57:7)`.
  package var shown: String { Self.shown(type, id: id, title: title) }

  static func shown(_ type: String, id: String, title: String?) -> String {
    func short(_ text: String) -> String { text.count > 80 ? text.prefix(80) + "..." : text }
    let place = "\(short(type)), node \(short(id))"
    return title.map { "'\(short($0))' (\(place))" } ?? place
  }
}

/// What an input of a node is given, and where that is written.
package struct ComfyInput: Sendable {
  package var value: ComfyValue
  package let location: SourceLocation
}

package enum ComfyValue: Sendable, Hashable {
  case link(ComfyLink)
  case text(String)
  case number(JSONNumber)
  case flag(Bool)
  /// A list, an object or nothing.
  case other

  init(_ node: JSONNode) {
    switch node.content {
    case .string(let text): self = .text(text)
    case .number(let number): self = .number(number)
    case .bool(let flag): self = .flag(flag)
    case .null, .array, .object: self = .other
    }
  }
}

/// An output of a node.
package struct ComfyLink: Sendable, Hashable {
  package let node: String
  /// Counted from 0.
  package let slot: Int
}
