import Foundation

/// A folder of textual inversions: learned vectors that a prompt calls by the names of their files.
///
/// Files end in `.safetensors` and may lie in folders below; of two with one name the one nearer to the top counts.
package struct EmbeddingFolder: Sendable {
  /// A textual inversion by its name.
  package struct File: Sendable, Hashable {
    package let name: String
    package let path: String
  }

  package let path: String
  /// Folders to look in, relative to `path`, the nearer to the top first.
  private let folders: [String]
  /// Files by their path relative to `path`.
  private let files: Set<String>

  private static let ending = ".safetensors"
  /// How textual inversions are also published; these formats can run code when they are opened.
  private static let pickles = [".pt", ".bin", ".pth", ".ckpt"]

  /// Throws `ModelError` when there is no such folder.
  package init(path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw ModelError("\(path): there is no such folder")
    }
    guard isFolder.boolValue else { throw ModelError("\(path): is a file; a folder of embeddings was expected") }
    self.path = path
    var (folders, files): ([String], Set<String>) = ([""], [])
    let below = FileManager.default.enumerator(atPath: path)
    while let name = below?.nextObject() as? String {
      if FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder), isFolder.boolValue {
        folders.append(name + "/")
      } else {
        files.insert(name)
      }
    }
    let depth = { (name: String) in name.utf8.count { $0 == UInt8(ascii: "/") } }
    self.folders = folders.sorted { (depth($0), $0) < (depth($1), $1) }
    self.files = files
  }

  /// The file that a prompt means by a name, with or without its ending, perhaps with the folder that it is in.
  ///
  /// Nil when there is none. Throws `ModelError` when there is one in a format that could run code.
  package func file(named name: String) throws -> File? {
    for folder in folders where !name.isEmpty {
      for path in [folder + name, folder + name + Self.ending] where files.contains(path) {
        guard path.hasSuffix(Self.ending) else { throw pickled(path) }
        return File(name: name, path: "\(self.path)/\(path)")
      }
    }
    if let path = pickle(named: name) { throw pickled(path) }
    return nil
  }

  /// Files and their names without endings and folders.
  package var named: [File] {
    var named: [String: File] = [:]
    for folder in folders {
      for path in files where path.hasSuffix(Self.ending) && Self.folder(of: path) == folder {
        let name = String(path.dropFirst(folder.count).dropLast(Self.ending.count))
        if named[name] == nil { named[name] = File(name: name, path: "\(self.path)/\(path)") }
      }
    }
    return named.values.sorted { $0.name < $1.name }
  }

  /// The names of files in formats that are not read.
  package var pickledNames: [String] {
    files.compactMap { path in
      let name = path.dropFirst(Self.folder(of: path).count)
      return Self.pickles.first(where: name.hasSuffix).map { String(name.dropLast($0.count)) }
    }.sorted()
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  private func pickle(named name: String) -> String? {
    for folder in folders {
      if let path = Self.pickles.lazy.map({ folder + name + $0 }).first(where: files.contains) { return path }
    }
    return nil
  }

  private func pickled(_ path: String) -> ModelError {
    ModelError(
      "\(self.path)/\(path): is no .safetensors file; formats that can run code are never opened: save it as .safetensors"
    )
  }
}
