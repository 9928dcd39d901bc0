import Diagnostics
import GraphEngine

/// A document that an editor has open.
final class OpenDocument {
  let uri: String
  /// As messages show it.
  let path: String
  let languageID: String
  var version: Int?
  private(set) var text: TextDocument
  /// The text as it is now.
  private(set) var file: SourceFile
  /// The problems of the text; nil until somebody asks.
  var check: WorkflowInspection?
  /// What the words of the text mean; nil until somebody asks.
  var inspection: WorkflowInspection?
  /// The last one that knew the document's parts, for what can be told of one that is broken beyond that.
  private(set) var lastGood: WorkflowInspection?

  init(uri: String, path: String, languageID: String, version: Int?, text: String) {
    self.uri = uri
    self.path = path
    self.languageID = languageID
    self.version = version
    self.text = TextDocument(text)
    file = SourceFile(path: path, text: text)
  }

  func apply(_ changes: [ChangeParameters.Change]) {
    for change in changes {
      if let range = change.range {
        text.replace(range, with: change.text)
      } else {
        text = TextDocument(change.text)
      }
    }
    file = SourceFile(path: path, text: text.text)
    unsettle()
  }

  /// Has the text looked at again.
  func unsettle() { (check, inspection) = (nil, nil) }

  func take(check new: WorkflowInspection) {
    check = new
    if new.isWorkflow { lastGood = new }
  }

  /// Whether the text says that it is a workflow, as far as it can be read.
  var saysItIsWorkflow: Bool {
    languageID == "stepgraph"
      || file.lines.contains { line in
        var rest = line.utf8.drop { "{\"' ".utf8.contains($0) }
        guard line.utf8.first != UInt8(ascii: " "), rest.starts(with: "stepgraph".utf8) else { return false }
        rest = rest.dropFirst("stepgraph".utf8.count)
        return rest.first { !"\"' ".utf8.contains($0) } == UInt8(ascii: ":")
      }
  }
}
