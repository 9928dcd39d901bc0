import Diagnostics
import Glibc
import GraphEngine

/// Finds models that are not where a workflow says: in folders that the user keeps models in, by the digests of a record, or
/// else by name.
package struct ModelSearch: Sendable {
  /// Searched in this order.
  package let folders: [String]
  /// Beginnings of paths, and what to put in their place.
  package let remaps: [(old: String, new: String)]

  package init(folders: [String], remaps: [(old: String, new: String)] = []) {
    (self.folders, self.remaps) = (folders, remaps)
  }

  /// Gives the nodes that open models the paths where they are; `record` tells what a model is made of.
  package func locate(_ graph: inout ResolvedGraph, record: WorkflowRecord?, digests: FileDigests) {
    var known: [String: String] = [:]
    var files: [ModelFile]?
    for index in graph.nodes.indices where graph.nodes[index].declaration.isHandle {
      guard let path = graph.nodes[index].readPath else { continue }
      if known[path.actual] == nil {
        known[path.actual] = place(of: path.actual, record: record, digests: digests, files: &files) ?? path.actual
      }
      if let place = known[path.actual], place != path.actual {
        graph.nodes[index].relocate(path.parameter, to: place)
      }
    }
  }

  private func place(
    of path: String, record: WorkflowRecord?, digests: FileDigests, files: inout [ModelFile]?
  ) -> String? {
    let mapped = remapped(path)
    if let mapped, exists(mapped) { return mapped }
    if exists(path) { return nil }
    if let record {
      let wanted = record.files(ofModel: path)
      let all = files ?? ModelFile.all(below: folders)
      files = all
      if let found = search(for: wanted, among: all, digests: digests) { return found }
    }
    return named(path) ?? mapped
  }

  private func remapped(_ path: String) -> String? {
    let absolute = absolutePath(path)
    for (old, new) in remaps {
      let start = absolutePath(old)
      if absolute == start { return new }
      if absolute.hasPrefix(start + "/") { return new + absolute.dropFirst(start.utf8.count) }
    }
    return nil
  }

  /// The longest end of the path that a folder has: `models/sd15` before `sd15`.
  private func named(_ path: String) -> String? {
    let parts = path.split(separator: "/").filter { $0 != "." && $0 != ".." }
    for start in parts.indices {
      for folder in folders {
        let candidate = "\(folder)/\(parts[start...].joined(separator: "/"))"
        if exists(candidate) { return candidate }
      }
    }
    return nil
  }

  /// A model all of whose recorded files are there, under whatever name.
  private func search(
    for wanted: [String: (digest: ContentDigest, size: Int?)], among files: [ModelFile], digests: FileDigests
  ) -> String? {
    // The weights tell models apart; configurations are alike in many.
    let weights = wanted.filter { name, _ in name.isEmpty || ModelFile.weightEndings.contains { name.hasSuffix($0) } }
    guard let first = (weights.isEmpty ? wanted : weights).min(by: { $0.key < $1.key }) else { return nil }
    func holds(_ path: String, _ file: (digest: ContentDigest, size: Int?)) -> Bool {
      if let size = file.size, digests.size(of: path) != size { return false }
      return digests.digest(of: path) == file.digest
    }
    for file in files {
      guard let root = file.root(as: first.key), holds(file.path, first.value) else { continue }
      if wanted.allSatisfy({ $0.key == first.key || holds("\(root)/\($0.key)", $0.value) }) { return root }
    }
    return nil
  }

  private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Without `.` and `..`; nothing here looks at the disk.
  private func absolutePath(_ path: String) -> String {
    var parts: [Substring] = []
    let start = path.hasPrefix("/") ? "" : workingDirectory
    for part in (start + "/" + path).split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  private var workingDirectory: String {
    guard let buffer = getcwd(nil, 0) else { return "" }
    defer { free(buffer) }
    return String(cString: buffer)
  }
}

/// A file in a folder of models.
private struct ModelFile {
  let path: String

  static let weightEndings = [".safetensors", ".ckpt", ".pt", ".bin", ".gguf"]
  /// Bounds on what is looked at: a folder may lead back into itself.
  private static let (depthLimit, countLimit) = (6, 100_000)

  /// The model's path if this is its file of the given name; the empty name is that of a model of one file.
  func root(as name: String) -> String? {
    if name.isEmpty { return Self.weightEndings.contains { path.hasSuffix($0) } ? path : nil }
    return path.hasSuffix("/" + name) ? String(path.dropLast(name.utf8.count + 1)) : nil
  }

  static func all(below folders: [String]) -> [ModelFile] {
    var files: [ModelFile] = []
    var stack = folders.reversed().map { (path: $0, depth: 0) }
    while let (folder, depth) = stack.popLast(), files.count < countLimit {
      guard let stream = opendir(folder) else { continue }
      defer { closedir(stream) }
      var entries: [(path: String, isFolder: Bool)] = []
      while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name.hasPrefix(".") { continue }
        let path = "\(folder)/\(name)"
        var isFolder = entry.pointee.d_type == UInt8(DT_DIR)
        if entry.pointee.d_type == UInt8(DT_LNK) || entry.pointee.d_type == UInt8(DT_UNKNOWN) {
          var status = stat()
          isFolder = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }
        entries.append((path, isFolder))
      }
      for entry in entries.sorted(by: { $0.path > $1.path }) {
        if !entry.isFolder {
          files.append(ModelFile(path: entry.path))
        } else if depth < depthLimit {
          stack.append((entry.path, depth + 1))
        }
      }
    }
    return files
  }
}
