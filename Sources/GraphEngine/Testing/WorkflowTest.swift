import Diagnostics

/// A file that says what must hold when a workflow runs: `NAME.test.yaml`.
package struct WorkflowTest: Sendable {
  package let file: SourceFile
  /// The workflow's path.
  package let workflow: Located<String>
  /// In the order of the file; one that follows another stands after it.
  package let cases: [WorkflowTestCase]

  /// A path in the file as the process can open it.
  package func path(_ path: String) -> String {
    path.hasPrefix("/") || file.folder.isEmpty ? path : "\(file.folder)/\(path)"
  }
}

/// One run of a workflow, and what must hold of it.
package struct WorkflowTestCase: Sendable {
  package let name: Located<String>
  /// Values for params, those of all cases of the file first.
  package internal(set) var settings: [ParameterSetting] = []
  /// The case whose results the cache holds when this one begins; without one it holds none.
  package internal(set) var predecessor: String?
  /// As `--target` takes them; nil for what the workflow asks for.
  package internal(set) var targets: [Located<String>]?
  package internal(set) var values: [ExpectedValue] = []
  package internal(set) var pictures: [ExpectedPicture] = []
  /// How many nodes execute.
  package internal(set) var runs: Located<Int>?
  /// A text that stands in the error with which the run ends.
  package internal(set) var error: Located<String>?
}

/// A value that is to be like one in a safetensors file.
package struct ExpectedValue: Sendable {
  package let wire: ObservedWire
  /// As it is written.
  package let wireText: String
  /// A path as the process can open it.
  package let file: Located<String>
  /// How far it may be off: the Euclidean norm of the difference over that of the reference; 0 for the same bits.
  package let tolerance: Double
}

/// A picture that is to look like one in a PNG file.
package struct ExpectedPicture: Sendable {
  /// Nil for what the workflow's only sink writes.
  package let wire: ObservedWire?
  package let wireText: String?
  /// A path as the process can open it.
  package let file: Located<String>
  /// The least peak signal-to-noise ratio of the bytes, in dB.
  package let psnr: Double
}
