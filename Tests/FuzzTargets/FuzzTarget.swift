import ComfyUI
import Diagnostics
import DiffusionModels
import Foundation
import GGUF
import GraphEngine
import Safetensors
import StepgraphNodes
import Tensors
import YAMLTree

/// Every place where bytes from outside are read first, to be fed with hostile ones.
///
/// A target may throw nothing: what is wrong with its bytes is a message to a user, and a crash is a fault.
package enum FuzzTarget: String, CaseIterable, Sendable {
  /// From the text of a workflow file to a plan and its picture, and to formatted text.
  case workflow
  /// A text with `$(...)`, to its value.
  case expression
  case safetensors
  /// As tensors and metadata, as a tokenizer and as a model.
  case gguf
  /// `vocab.json`, `merges.txt`, `tokenizer_config.json`, `special_tokens_map.json`, a prompt, `added_tokens.json` and
  /// `tokenizer.json`, with 0xFF between them.
  case tokenizer
  /// A SentencePiece model, or a `tokenizer.json` of T5 or Qwen.
  case vocabulary
  /// A prompt, in every syntax.
  case prompt
  case png
  case jpeg
  /// The tensors of a single model file, or of a part in one, one a line: a name and a shape.
  case model
  /// A workflow of ComfyUI in either format, or settings of A1111, to a workflow file.
  case comfyui
  /// An entry of the cache, a run's record, a lock file, a value: each is tried.
  case entry

  package func take(_ bytes: UnsafeRawBufferPointer) {
    switch self {
    case .workflow: Self.takeWorkflow(Array(bytes))
    case .expression: Self.takeExpression(String(decoding: bytes, as: UTF8.self))
    case .safetensors: Self.takeSafetensors(bytes)
    case .gguf: Self.takeGGUF(bytes)
    case .tokenizer: Self.takeTokenizer(Array(bytes))
    case .vocabulary: Self.takeVocabulary(Array(bytes))
    case .prompt: Self.takePrompt(String(decoding: bytes, as: UTF8.self))
    case .model: Self.takeModel(String(decoding: bytes, as: UTF8.self))
    case .png: Self.takePNG(Array(bytes))
    case .comfyui: Self.takeComfyUI(String(decoding: bytes, as: UTF8.self))
    case .jpeg: Self.takeJPEG(Array(bytes))
    case .entry: Self.takeEntry(bytes)
    }
  }

  /// Formatted text is the same when it is formatted again.
  private static func takeFormat(_ bytes: [UInt8]) {
    guard let file = try? SourceFile(path: "fuzz.yaml", bytes: bytes), let text = try? WorkflowFormat.formatted(file)
    else { return }
    let again = try? WorkflowFormat.formatted(SourceFile(path: "fuzz.yaml", text: text))
    precondition(again == text, "formatted text is formatted anew")
  }

  private static func takeWorkflow(_ bytes: [UInt8]) {
    takeFormat(bytes)
    let loader = WorkflowLoader(
      catalog: .stepgraph, workingDirectory: "/nowhere",
      readFile: { path, reference throws(DiagnosticList) in
        guard path == "/nowhere/fuzz.yaml" else { throw DiagnosticList([Diagnostic("no file", at: reference)]) }
        return try SourceFile(path: path, bytes: bytes, reference: reference)
      },
      draw: { 1 })
    do {
      let graph = try loader.resolve("/nowhere/fuzz.yaml")
      let plan = try makePlan(graph, cache: nil, numerics: "fuzz")
      if plan.nodes.count < 100 {
        for isUnrolled in [false, true] { _ = SVGDrawing(Diagram(plan, isUnrolled: isUnrolled)).text }
      }
    } catch let list as DiagnosticList {
      _ = render(list.diagnostics, color: false)
    } catch {}
  }

  private static func takeExpression(_ text: String) {
    let values: [String: ParameterValue] = [
      "n": .int(20), "cfg": .float(7.5), "on": .bool(true), "prompt": .string("a cat"), "path": .path("x/y"),
      "scales": .list([.float(5), .float(7.5)]), "seeds": .list([.int(1), .int(.init(UInt64.max))]),
    ]
    for type in [ParameterType.int, .float, .bool, .string, .path(.write), .list(.float)] {
      guard let template = try? TextTemplate(text, as: type, values: values, indices: ["i"]) else { continue }
      // What a picture's workflow says of it means the same.
      guard let again = try? TextTemplate(template.text, as: type, values: values, indices: ["i"]) else {
        preconditionFailure("'\(text)' is written as '\(template.text)', which cannot be read")
      }
      for index in [0, 1, -1, 19, .max, .min] {
        let (value, second) = (try? template.value([index]), try? again.value([index]))
        precondition(value == second, "'\(text)' is written as '\(template.text)', which is another value")
        if case .float(let number)? = value { precondition(number.isFinite) }
      }
    }
  }

  private static func takeSafetensors(_ bytes: UnsafeRawBufferPointer) {
    guard let file = try? SafetensorsReader(borrowing: bytes, source: "fuzz") else { return }
    for name in file.names { _ = try? file.tensor(name) }
    for encoder in [TextualInversion.Encoder.clipL, .clipG] {
      _ = try? TextualInversion.vectors(file, for: encoder, width: 4)
    }
    _ = try? LoRAFile(file).readAll()
  }

  private static func takeGGUF(_ bytes: UnsafeRawBufferPointer) {
    guard let file = try? GGUFReader(borrowing: bytes, source: "fuzz") else { return }
    for name in file.names { _ = try? file.tensor(name) }
    for key in file.keys {
      _ = try? (file.string(key), file.integer(key), file.number(key), file.flag(key))
      _ = (try? file.strings(key), try? file.integers(key), try? file.floats(key))
    }
    let path = "\(folder)/model.gguf"
    try? Data(bytes).write(to: URL(filePath: path))
    openModel(path)
    guard let vocabulary = GGUFVocabulary(file) else { return }
    for text in texts {
      _ = try? T5Tokenizer(.gguf(vocabulary)).contentIDs(text)
      _ = try? Qwen2Tokenizer(.gguf(vocabulary)).contentIDs(text)
    }
  }

  private static func takeModel(_ lines: String) {
    var writer = SafetensorsWriter()
    var names: Set<String> = ["__metadata__"]
    for line in lines.split(separator: "\n").prefix(4000) {
      let words = line.split(separator: " ")
      let shape = words.dropFirst().compactMap { Int($0) }
      guard let name = words.first.map(String.init), names.insert(name).inserted,
        let size = DType.f8e4m3.byteCount(shape: shape), size <= 1 << 16
      else { continue }
      writer.add(name, .f8e4m3, shape: shape, bytes: Array(repeating: 0x30, count: size))
    }
    let path = "\(folder)/model.safetensors"
    try? Data(writer.bytes()).write(to: URL(filePath: path))
    openModel(path)
  }

  private static func openModel(_ path: String) {
    guard let description = try? ModelDescription(path: path) else { return }
    _ = description.parts.map(\.problem)
    // Small parts are built as well; what is missing is told.
    let model = try? Model(path: path)
    _ = try? model?.vae()
    _ = try? model?.textEncoders()
    _ = try? model?.denoiser()
  }

  private static let texts = ["", "a photo\n of  a café's 3½ <unk></s> ▁ 日本\u{301}", "\r\n \u{0} it's <|im_end|>"]

  /// As a SentencePiece model, and as a `tokenizer.json`.
  private static func takeVocabulary(_ bytes: [UInt8]) {
    if let tokenizer = try? T5Tokenizer(.sentencePiece(bytes, source: "fuzz")) {
      for text in texts { _ = tokenizer.decode(tokenizer.contentIDs(text)) }
    }
    let path = "\(folder)/whole"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try? Data(bytes).write(to: URL(filePath: "\(path)/tokenizer.json"))
    if let tokenizer = try? T5Tokenizer(.folder(path)) {
      for text in texts { _ = tokenizer.decode(tokenizer.contentIDs(text)) }
    }
    if let tokenizer = try? Qwen2Tokenizer(.folder(path)) {
      for text in texts { _ = tokenizer.decode(tokenizer.contentIDs(text)) }
    }
  }

  private static func takePrompt(_ text: String) {
    for syntax in PromptSyntax.allCases {
      guard let prompt = try? Prompt(text, syntax: syntax, embeddings: embeddings) else { continue }
      _ = prompt.embeddings
      guard let promptTokenizer else { continue }
      _ = try? TokenizedPrompt(prompt, promptTokenizer) { _ in [Tensor.zeros([4]), .zeros([4])] }
    }
  }

  /// Larger pictures, which a few kilobytes may hold, take longer than a fuzzer waits.
  private static let mostPixels = 1 << 22

  private static func takePNG(_ bytes: [UInt8]) {
    // As bare data too, in chunks of which no fuzzer finds the checksum.
    _ = Exif.orientation(in: bytes[...])
    _ = Exif.orientation(inProfile: bytes[...])
    _ = XMP.orientation(in: bytes)
    guard let file = try? PNGFile(ByteSource(bytes)) else { return }
    _ = try? file.text("stepgraph")
    _ = try? file.texts(["prompt", "parameters"])
    _ = try? file.orientation()
    if let reader = try? PNGReader(file), reader.width * reader.height <= mostPixels { _ = try? DecodedPicture(file) }
  }

  private static func takeJPEG(_ bytes: [UInt8]) {
    guard let reader = try? JPEGReader(ByteSource(bytes)), reader.width * reader.height <= mostPixels else { return }
    _ = try? DecodedPicture(ByteSource(bytes))
  }

  private static func takeComfyUI(_ text: String) {
    let (file, collector) = (SourceFile(path: "fuzz.json", text: text), DiagnosticCollector())
    let imports = [
      ComfyFile.read(file, into: collector).flatMap {
        ComfyImport($0, from: "fuzz.json", models: ComfyFolders(), into: collector)
      },
      A1111Settings(file).imported(from: "fuzz.txt", models: ComfyFolders(), into: collector),
    ]
    _ = render(collector.sorted, color: false)
    for imported in imports.compactMap(\.self) {
      // Whatever stands in the JSON, what is written of it can be read.
      let problems = DiagnosticCollector()
      let tree = SourceFile(path: "imported.yaml", text: imported.text).parseYAML(into: problems)
      precondition(tree != nil && problems.errorCount == 0, render(problems.sorted, color: false))
    }
  }

  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/prompts").path
  private static let embeddings = try? EmbeddingFolder(path: "\(fixtures)/embeddings")
  private static let promptTokenizer = try? CLIPTokenizer(folder: "\(fixtures)/model/tokenizer")

  /// In memory where there is such a file system; gone when the process ends.
  private static let folder: String = {
    let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    let path = "\(base)/stepgraph-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(atPath: FuzzTarget.folder) }
    return path
  }()

  private static func takeTokenizer(_ bytes: [UInt8]) {
    let parts = bytes.split(separator: 0xFF, maxSplits: 6, omittingEmptySubsequences: false)
    let names = [
      "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json", nil, "added_tokens.json",
      "tokenizer.json",
    ]
    for (index, name) in names.enumerated() {
      guard let name else { continue }
      let path = "\(folder)/\(name)"
      if parts.indices.contains(index), !parts[index].isEmpty {
        try? Data(parts[index]).write(to: URL(filePath: path))
      } else {
        try? FileManager.default.removeItem(atPath: path)
      }
    }
    guard let tokenizer = try? CLIPTokenizer(folder: folder) else { return }
    _ = tokenizer.encode(parts.count > 4 ? String(decoding: parts[4], as: UTF8.self) : "a red apple")
  }

  private static func takeEntry(_ bytes: UnsafeRawBufferPointer) {
    let whole = Array(bytes)
    _ = CacheEntry(whole)
    // With the right check, which no fuzzer finds.
    let text = String(decoding: whole, as: UTF8.self)
    if let entry = CacheEntry(CheckedText.bytes(of: text)) { _ = entry.bytes }
    _ = RunManifest(CheckedText.bytes(of: text))
    _ = try? WorkflowLock(reading: whole, path: "fuzz.lock")
    for declaration in NodeCatalog.stepgraph.declarations {
      for output in declaration.outputs where output.type.isCacheable { _ = try? output.decode(bytes) }
    }
  }
}
