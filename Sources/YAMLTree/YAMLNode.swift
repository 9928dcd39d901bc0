import Diagnostics

/// A node of a YAML document with aliases expanded: text, a list or a mapping, and where it is written.
package struct YAMLNode: Sendable {
  package enum Content: Sendable {
    case scalar(YAMLScalar)
    case sequence([YAMLNode])
    case mapping(YAMLMapping)
  }

  package let content: Content
  package let location: SourceLocation

  package init(_ content: Content, at location: SourceLocation) {
    self.content = content
    self.location = location
  }

  package var scalar: YAMLScalar? {
    if case .scalar(let scalar) = content { scalar } else { nil }
  }

  package var sequence: [YAMLNode]? {
    if case .sequence(let items) = content { items } else { nil }
  }

  package var mapping: YAMLMapping? {
    if case .mapping(let mapping) = content { mapping } else { nil }
  }

  /// What the node is, for messages: "a mapping".
  package var kind: String {
    switch content {
    case .scalar: "a text"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

/// Text, with nothing guessed of its type.
package struct YAMLScalar: Sendable, Hashable {
  package let text: String
  /// Written without quotes, on one or more lines.
  package let isPlain: Bool

  package init(_ text: String, isPlain: Bool) {
    self.text = text
    self.isPlain = isPlain
  }
}

/// Keys and values in the order they are written; every key once.
package struct YAMLMapping: Sendable {
  package let entries: [YAMLEntry]
  /// Written in braces, where a comma ends an unquoted text.
  package let isFlow: Bool

  package init(_ entries: [YAMLEntry], isFlow: Bool) {
    self.entries = entries
    self.isFlow = isFlow
  }

  package subscript(key: String) -> YAMLNode? { entries.first { $0.key.value == key }?.value }
}

package struct YAMLEntry: Sendable {
  package let key: Located<String>
  package let value: YAMLNode

  package init(_ key: Located<String>, _ value: YAMLNode) {
    self.key = key
    self.value = value
  }
}

/// Bounds that keep a hostile file from using up memory or time.
package struct YAMLLimits: Sendable {
  package var bytes = 1 << 20
  package var depth = 64
  package var aliases = 100
  /// Nodes after aliases are expanded, mapping keys not counted.
  package var nodes = 10_000

  package init() {}
}
