import Foundation

/// What the cache knows of one key: where each output's bytes are, and what was said while they were made.
///
/// On disk an entry is `CheckedText`:
///
///     stepgraph-entry 1
///     key <hex>
///     node DDIMStep
///     descriptor <hex>
///     seconds 0.012
///     output latent latent <hex> 1024
///     ancestor <hex>
///     origin 1793283300 sample[3]/next "/home/me/apple.yaml"
///     warning <hex> text "the prompt was cut"
///
/// an output line being port, wire type, blob and its size in bytes. Lines of other names are for later versions.
package struct CacheEntry: Sendable, Equatable {
  package struct Output: Sendable, Equatable {
    package let port: String
    package let type: String
    package let blob: ContentDigest
    package let size: Int
  }

  /// What the entry is for; part of the text, so that an entry under another key's name is no entry.
  package let key: ContentDigest
  package let node: String
  /// The blob that holds the descriptor's text; its digest is the key, unless the key's format changes.
  package let descriptor: ContentDigest
  /// How long the node took when it was executed.
  package let seconds: Double
  package let outputs: [Output]
  /// Blobs with the descriptors behind this one that have no entry of their own, such as a model's.
  package let ancestors: [ContentDigest]
  /// What the node and those above it warned of.
  package let warnings: [NodeWarning]
  /// Where it was computed first; nil in entries of versions that did not note it.
  package let origin: Origin?

  package struct Origin: Sendable, Equatable {
    /// Seconds since 1970.
    package let time: Int
    /// The workflow's path, absolute.
    package let workflow: String
    /// The node's address in it.
    package let address: String

    package init(time: Int, workflow: String, address: String) {
      (self.time, self.workflow, self.address) = (time, workflow, address)
    }
  }

  private static let header = "stepgraph-entry 1"
  /// Larger files are no entries.
  static let sizeLimit = 1 << 20

  package init(
    key: ContentDigest, node: String, descriptor: ContentDigest, seconds: Double, outputs: [Output],
    ancestors: [ContentDigest] = [], warnings: [NodeWarning] = [], origin: Origin? = nil
  ) {
    self.key = key
    self.node = node
    self.descriptor = descriptor
    self.seconds = seconds
    self.outputs = outputs
    self.ancestors = ancestors
    self.warnings = warnings
    self.origin = origin
  }

  /// All blobs that the entry names.
  var blobs: [ContentDigest] { outputs.map(\.blob) + [descriptor] + ancestors }

  package var bytes: [UInt8] {
    var text = "\(Self.header)\nkey \(key)\nnode \(node)\ndescriptor \(descriptor)\nseconds \(seconds)\n"
    for output in outputs { text += "output \(output.port) \(output.type) \(output.blob) \(output.size)\n" }
    for ancestor in ancestors { text += "ancestor \(ancestor)\n" }
    if let origin {
      var workflow = JSONText()
      workflow.append(origin.workflow)
      text += "origin \(origin.time) \(origin.address) \(workflow.string)\n"
    }
    for warning in warnings {
      var message = JSONText()
      message.append(warning.message)
      text += "warning \(warning.origin) \(warning.port ?? "-") \(message.string)\n"
    }
    return CheckedText.bytes(of: text)
  }

  /// Nil when the bytes are not an undamaged entry of this version.
  package init?(_ bytes: [UInt8]) {
    guard let body = CheckedText.body(of: bytes), body.hasPrefix(Self.header + "\n") else { return nil }
    let lines = body.utf8.split(separator: UInt8(ascii: "\n")).dropFirst().map { line in
      line.split(separator: UInt8(ascii: " "), maxSplits: 4).map { String(Substring($0)) }
    }
    guard lines.count >= 4,
      let key = Self.field("key", lines[0]).flatMap({ ContentDigest(hex: $0) }),
      let node = Self.field("node", lines[1]),
      let descriptor = Self.field("descriptor", lines[2]).flatMap({ ContentDigest(hex: $0) }),
      let seconds = Self.field("seconds", lines[3]).flatMap({ Double($0) })
    else { return nil }
    var outputs: [Output] = []
    var ancestors: [ContentDigest] = []
    var warnings: [NodeWarning] = []
    var origin: Origin?
    for line in lines[4...] {
      switch line.first {
      case "output":
        guard let output = Output(line) else { return nil }
        outputs.append(output)
      case "ancestor":
        guard let ancestor = Self.field("ancestor", line).flatMap({ ContentDigest(hex: $0) }) else { return nil }
        ancestors.append(ancestor)
      case "warning":
        guard let warning = NodeWarning(line) else { return nil }
        warnings.append(warning)
      case "origin": origin = Origin(line)
      default: break
      }
    }
    self.init(
      key: key, node: node, descriptor: descriptor, seconds: seconds, outputs: outputs, ancestors: ancestors,
      warnings: warnings, origin: origin)
  }

  private static func field(_ name: String, _ line: [String]) -> String? {
    line.count == 2 && line[0] == name ? line[1] : nil
  }

  /// Whether the entry holds what a node with these outputs puts out.
  func matches(_ declarations: [OutputDeclaration]) -> Bool {
    outputs.count == declarations.count
      && zip(outputs, declarations).allSatisfy { $0.port == $1.name && $0.type == $1.type.name }
  }
}

extension CacheEntry.Output {
  fileprivate init?(_ line: [String]) {
    guard line.count == 5, let blob = ContentDigest(hex: line[3]), let size = Int(line[4]), size >= 0 else {
      return nil
    }
    self.init(port: line[1], type: line[2], blob: blob, size: size)
  }
}

extension CacheEntry.Origin {
  /// Reads a line of an entry, cut at its first four spaces.
  fileprivate init?(_ line: [String]) {
    guard line.count >= 4, let time = Int(line[1]),
      let workflow = try? JSONDecoder().decode(String.self, from: Data(line[3...].joined(separator: " ").utf8))
    else { return nil }
    self.init(time: time, workflow: workflow, address: line[2])
  }
}

/// Something that a node told the user, kept with its results and told again when they are used.
package struct NodeWarning: Sendable, Hashable {
  /// The key of the node that told it.
  package let origin: ContentDigest
  /// The port or parameter whose line in the workflow it is shown at.
  package let port: String?
  package let message: String

  /// So many are kept with a result, each of so many characters.
  static let (countLimit, lengthLimit) = (32, 2000)

  package init(origin: ContentDigest, port: String?, message: String) {
    self.origin = origin
    self.port = port
    self.message = String(message.prefix(Self.lengthLimit))
  }

  /// Reads a line of an entry, cut at its first four spaces.
  fileprivate init?(_ line: [String]) {
    guard line.count >= 4, let origin = ContentDigest(hex: line[1]),
      let message = try? JSONDecoder().decode(String.self, from: Data(line[3...].joined(separator: " ").utf8))
    else { return nil }
    self.init(origin: origin, port: line[2] == "-" ? nil : line[2], message: message)
  }
}
