import Foundation

/// A copy of a file or folder in a place of its own, which goes with its owner.
final class ScratchCopy {
  private let folder: URL
  let path: String

  init(of original: String) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "stepgraph-copy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.appending(path: (original as NSString).lastPathComponent).path
    try FileManager.default.copyItem(atPath: original, toPath: path)
  }

  /// Workflow files and folders of them, without the models beside them.
  init(ofWorkflowsIn root: URL) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "stepgraph-copy-\(UUID().uuidString)")
    path = folder.path
    for part in ["Graphs", "Examples"] {
      let original = root.appending(path: part).path
      for item in FileManager.default.enumerator(atPath: original)?.compactMap({ $0 as? String }) ?? []
      where item.hasSuffix(".yaml") {
        let place = "\(path)/\(part)/\(item)"
        try FileManager.default.createDirectory(
          atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: "\(original)/\(item)", toPath: place)
      }
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Files below, or "" for a file itself.
  var files: [String] {
    let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    let files = names.filter { name in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder) && !isFolder.boolValue
    }
    return files.isEmpty ? [""] : files.sorted()
  }

  /// What `body` gives with one byte of a file changed; texts get one more, which readers pass over.
  func changing<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    let file = URL(filePath: name.isEmpty ? path : "\(path)/\(name)")
    let original = try Data(contentsOf: file)
    var changed = original
    if ["json", "txt"].contains(file.pathExtension) {
      changed.append(UInt8(ascii: "\n"))
    } else {
      changed[changed.count - 1] ^= 1
    }
    try changed.write(to: file)
    defer { try? original.write(to: file) }
    return try body()
  }
}
