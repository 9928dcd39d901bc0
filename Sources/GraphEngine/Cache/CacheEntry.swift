/// What the cache knows of one key: where each output's bytes are.
///
/// On disk an entry is `CheckedText`:
///
///     stepgraph-entry 1
///     key <hex>
///     node DDIMStep
///     descriptor <hex>
///     seconds 0.012
///     output latent latent <hex> 1024
///
/// an output line being port, wire type, blob and its size in bytes.
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

  private static let header = "stepgraph-entry 1"
  /// Larger files are no entries.
  static let sizeLimit = 1 << 20

  package init(
    key: ContentDigest, node: String, descriptor: ContentDigest, seconds: Double, outputs: [Output]
  ) {
    self.key = key
    self.node = node
    self.descriptor = descriptor
    self.seconds = seconds
    self.outputs = outputs
  }

  var bytes: [UInt8] {
    var text = "\(Self.header)\nkey \(key)\nnode \(node)\ndescriptor \(descriptor)\nseconds \(seconds)\n"
    for output in outputs { text += "output \(output.port) \(output.type) \(output.blob) \(output.size)\n" }
    return CheckedText.bytes(of: text)
  }

  /// Nil when the bytes are not an undamaged entry of this version.
  init?(_ bytes: [UInt8]) {
    guard let body = CheckedText.body(of: bytes) else { return nil }
    let lines = body.split(separator: "\n").map { $0.split(separator: " ") }
    guard lines.count >= 5, body.hasPrefix(Self.header + "\n"),
      let key = Self.field("key", lines[1]).flatMap({ ContentDigest(hex: $0) }),
      let node = Self.field("node", lines[2]),
      let descriptor = Self.field("descriptor", lines[3]).flatMap({ ContentDigest(hex: $0) }),
      let seconds = Self.field("seconds", lines[4]).flatMap({ Double($0) })
    else { return nil }
    var outputs: [Output] = []
    for line in lines[5...] {
      guard line.count == 5, line[0] == "output", let blob = ContentDigest(hex: line[3]), let size = Int(line[4]),
        size >= 0
      else { return nil }
      outputs.append(Output(port: String(line[1]), type: String(line[2]), blob: blob, size: size))
    }
    self.init(key: key, node: String(node), descriptor: descriptor, seconds: seconds, outputs: outputs)
  }

  private static func field(_ name: String, _ line: [Substring]) -> Substring? {
    line.count == 2 && line[0] == name ? line[1] : nil
  }

  /// Whether the entry holds what a node with these outputs puts out.
  func matches(_ declarations: [OutputDeclaration]) -> Bool {
    outputs.count == declarations.count
      && zip(outputs, declarations).allSatisfy { $0.port == $1.name && $0.type == $1.type.name }
  }
}
