import Diagnostics
import GraphEngine

/// From names to what they stand for, and back.
extension LanguageServer {
  func definition(_ params: DocumentPlace) -> [Place] {
    guard let (_, inspection) = workflow(params.textDocument.uri) else { return [] }
    for found in marks(at: params.position, in: inspection) {
      if case .file(let path) = found.mark.meaning, PathName.isOnDisk(path) {
        let start = Position(line: 0, character: 0)
        return [Place(uri: uri(of: path), range: TextRange(start, start))]
      }
      if let location = found.mark.definition, PathName.isOnDisk(location.file.path) { return [place(location)] }
    }
    return []
  }

  func references(_ params: ReferenceParameters) -> [Place] {
    guard let (_, inspection) = workflow(params.textDocument.uri),
      let found = namedMark(at: params.position, in: inspection), let definition = found.mark.definition
    else { return [] }
    return uses(of: Definition(definition)).filter { params.context.includeDeclaration || !$0.isDefinition }
      .compactMap { mark in mark.range.map { Place(uri: uri(of: mark.location.file.path), range: $0) } }
  }

  func highlights(_ params: DocumentPlace) -> [DocumentHighlight] {
    guard let (_, inspection) = workflow(params.textDocument.uri),
      let found = namedMark(at: params.position, in: inspection), let location = found.mark.definition
    else { return [] }
    let definition = Definition(location)
    return Self.distinct(inspection.marks.filter { $0.definition.map(Definition.init) == definition })
      .compactMap { mark in
        mark.range.map { DocumentHighlight(range: $0, kind: mark.isDefinition ? 3 : 2) }
      }
  }

  /// Every word that stands for what is defined at a place, in all files of the workspace, by file and place.
  func uses(of definition: Definition) -> [Mark] {
    var marks: [Mark] = []
    for inspection in inspections(concerning: definition.path) {
      marks += inspection.allMarks.filter { !$0.isLiteral && $0.definition.map(Definition.init) == definition }
    }
    return Self.distinct(marks)
  }

  private static func distinct(_ marks: [Mark]) -> [Mark] {
    struct Key: Hashable {
      let place: Definition
      let offset: Int
    }
    var seen: Set<Key> = []
    return marks.filter { seen.insert(Key(place: Definition($0.location), offset: $0.offset)).inserted }
      .sorted {
        ($0.location.file.path, $0.location.line, $0.location.column, $0.offset)
          < ($1.location.file.path, $1.location.line, $1.location.column, $1.offset)
      }
  }

  /// What is known of a file and of all that call it: documents that are open, and workflows below the root.
  private func inspections(concerning path: String) -> [WorkflowInspection] {
    var found: [String: WorkflowInspection] = [:]
    for document in documents.values where isWorkflow(document) {
      let inspection = inspection(of: document)
      if document.path == path || inspection.paths.contains(path) { found[document.path] = inspection }
    }
    let open = Set(documents.values.map(\.path))
    for other in Set(workflowFiles() + [path]) where !open.contains(other) && PathName.isOnDisk(other) {
      let inspection = loader.inspect(other, cache: cache, unrolls: false, noting: .everything)
      if inspection.isWorkflow, other == path || inspection.paths.contains(path) { found[other] = inspection }
    }
    forgetFiles()
    return found.sorted { $0.key < $1.key }.map(\.value)
  }

  // MARK: Renaming

  func prepareRename(_ params: DocumentPlace) throws(ResponseError) -> RenamePlace? {
    guard let (_, inspection) = workflow(params.textDocument.uri),
      let found = namedMark(at: params.position, in: inspection), found.mark.definition != nil
    else { throw .failed("this is no name that a workflow gives") }
    return RenamePlace(range: found.range, placeholder: found.mark.text)
  }

  func rename(_ params: RenameParameters) throws(ResponseError) -> WorkspaceEdit? {
    guard let (_, inspection) = workflow(params.textDocument.uri),
      let found = namedMark(at: params.position, in: inspection), let location = found.mark.definition
    else { throw .failed("this is no name that a workflow gives") }
    let name = params.newName
    let allowsHyphen = if case .member = found.mark.meaning { true } else { false }
    guard WorkflowName.isName(name, allowsHyphen: allowsHyphen) else {
      throw .failed("'\(name)' is no name: it starts with a letter or '_', and has letters, digits and '_'")
    }
    guard PathName.isOnDisk(location.file.path) else {
      throw .failed("'\(found.mark.text)' is part of the program's own graph \(location.file.path)")
    }
    let uses = uses(of: Definition(location)).filter { $0.text == found.mark.text }
    var edits: [String: [TextEdit]] = [:]
    for mark in uses {
      guard let range = mark.range else {
        throw .failed("'\(mark.text)' at \(mark.location) is not written in a way that can be renamed")
      }
      edits[mark.location.file.path, default: []].append(TextEdit(range: range, newText: name))
    }
    try check(edits)
    return WorkspaceEdit(changes: Dictionary(edits.map { (uri(of: $0), $1) }, uniquingKeysWith: { $0 + $1 }))
  }

  /// Refuses edits after which there would be problems that there are not now.
  private func check(_ edits: [String: [TextEdit]]) throws(ResponseError) {
    var files: [String: SourceFile] = [:]
    for (path, edits) in edits {
      guard let file = try? store.read(path, reference: nil) else { continue }
      var text = TextDocument(file.text)
      for edit in edits.sorted(by: { $1.range.start < $0.range.start }) { text.replace(edit.range, with: edit.newText) }
      files[path] = SourceFile(path: path, text: text.text)
    }
    let store = store
    let changed = files
    let after = WorkflowLoader(catalog: catalog) { path, reference throws(DiagnosticList) in
      if let file = changed[path] { return file }
      return try store.read(path, reference: reference)
    }
    for path in files.keys.sorted() {
      let before = loader.inspect(path, cache: cache).diagnostics.filter { $0.severity == .error }
      let problems = after.inspect(path, cache: DocumentCache()).diagnostics.filter { $0.severity == .error }
      let known = Set(before.map(\.message))
      guard problems.count > before.count,
        let problem = problems.first(where: { !known.contains($0.message) }) ?? problems.first
      else { continue }
      throw .failed("after that, \(problem.location.map { "at \($0), " } ?? "")\(problem.message)")
    }
  }
}
