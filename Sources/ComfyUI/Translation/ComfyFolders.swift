import Diagnostics
import Glibc
import YAMLTree

/// Where ComfyUI looks for the files of models, by kind.
package struct ComfyFolders: Sendable {
  package enum Kind: String, Sendable, CaseIterable {
    case checkpoints
    case denoisers = "diffusion_models"
    case textEncoders = "text_encoders"
    case vaes = "vae"
    case loras
    case controlNets = "controlnet"
    case embeddings
    case upscalers = "upscale_models"
    case pictureEncoders = "clip_vision"
    case styleModels = "style_models"
    case modelPatches = "model_patches"

    /// The folders' names, the one of today first.
    var names: [String] {
      switch self {
      case .denoisers: ["diffusion_models", "unet"]
      case .textEncoders: ["text_encoders", "clip"]
      case .controlNets: ["controlnet", "t2i_adapter"]
      default: [rawValue]
      }
    }
  }

  /// Folders of each kind, in the order in which they are searched.
  private var folders: [Kind: [String]] = [:]
  /// Folders of pictures.
  private var inputs: [String] = []
  private let describe: @Sendable (String) -> String?
  private let written: @Sendable (String) -> String

  /// - Parameters:
  ///   - roots: folders of models, or of ComfyUI itself; an `extra_model_paths.yaml` in or beside one tells of more.
  ///   - describe: the family of a file's model, as `stepgraph model` tells it.
  ///   - written: how the workflow says the path of a file that was found.
  package init(
    roots: [String] = [], describe: @escaping @Sendable (String) -> String? = { _ in nil },
    written: @escaping @Sendable (String) -> String = { $0 },
    into collector: DiagnosticCollector = DiagnosticCollector()
  ) {
    (self.describe, self.written) = (describe, written)
    for root in roots {
      let models = Self.isFolder("\(root)/models") ? "\(root)/models" : root
      for kind in Kind.allCases { folders[kind, default: []] += kind.names.map { "\(models)/\($0)" } }
      let parent = models == root ? "\(root)/.." : root
      inputs.append("\(parent)/input")
      let extra = "\(parent)/extra_model_paths.yaml"
      if access(extra, R_OK) == 0 { add(extra, into: collector) }
    }
  }

  /// The path of a file as the workflow says it: where it was found, or below the folder that ComfyUI has for its kind.
  func path(_ kind: Kind, _ name: String) -> String {
    let name = name.replacing("\\", with: "/")
    return found(kind, name).map(written) ?? "\(kind.names[0])/\(name)"
  }

  /// A picture that ComfyUI has among its inputs.
  func picture(_ name: String) -> String {
    // A name leads to a place below the folder.
    if name.split(separator: "/").contains("..") { return name }
    return inputs.map { "\($0)/\(name)" }.first { access($0, F_OK) == 0 }.map(written) ?? name
  }

  /// The folder of embeddings.
  var embeddings: String {
    folders[.embeddings]?.first(where: Self.isFolder).map(written) ?? Kind.embeddings.rawValue
  }

  /// The family of a model, by its file or else by its name.
  func family(_ kind: Kind, _ name: String) -> ComfyFamily? {
    let byName = ModelNames.family(of: name)
    guard let path = found(kind, name.replacing("\\", with: "/")), let family = describe(path) else { return byName }
    switch family {
    case "Stable Diffusion 1.x", "Stable Diffusion 2.x": return .stableDiffusion
    case "SDXL": return .sdxl
    case "SDXL refiner": return .sdxlRefiner
    case "FLUX.1": return byName == .fluxSchnell ? .fluxSchnell : .flux
    case "FLUX.2": return byName == .flux2 ? .flux2 : .flux2Klein
    case "Z-Image": return .zImage
    default: return byName
    }
  }

  private func found(_ kind: Kind, _ name: String) -> String? {
    // A name leads to a place below the folder.
    guard !name.split(separator: "/").contains("..") else { return nil }
    return folders[kind]?.map { "\($0)/\(name)" }.first { access($0, F_OK) == 0 }
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Adds what an `extra_model_paths.yaml` says: sections with a `base_path` and lists of folders below it, a line each.
  private mutating func add(_ path: String, into collector: DiagnosticCollector) {
    let file: SourceFile
    do { file = try SourceFile.read(path) } catch {
      for diagnostic in error.diagnostics { collector.add(diagnostic) }
      return
    }
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    for section in file.parseYAML(into: collector)?.mapping?.entries ?? [] {
      guard let entries = section.value.mapping else { continue }
      let base = entries["base_path"]?.scalar?.text ?? ""
      let root = base.hasPrefix("/") ? base : "\(folder)/\(base)"
      for entry in entries.entries {
        guard let kind = Kind.allCases.first(where: { $0.names.contains(entry.key.value) }) else { continue }
        for line in entry.value.scalar?.text.split(whereSeparator: \.isNewline) ?? [] {
          let name = line.drop(while: \.isWhitespace)
          if !name.isEmpty { folders[kind, default: []].append(name.hasPrefix("/") ? String(name) : "\(root)/\(name)") }
        }
      }
    }
  }
}
