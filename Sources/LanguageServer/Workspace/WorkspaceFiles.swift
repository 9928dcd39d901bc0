import Foundation

/// What paths say by their form.
enum PathName {
  /// Whether a path is one of the disk, and not a graph that is part of the program.
  static func isOnDisk(_ path: String) -> Bool { !path.hasPrefix("<") }

  static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }
}

extension LanguageServer {
  /// Workflow files below the root, as far as a look through its folders is quick: hidden ones and those of packages are left
  /// out.
  func workflowFiles() -> [String] {
    guard let root else { return [] }
    var files: [String] = []
    var folders = [(path: root, depth: 0)]
    var looked = 0
    while let (folder, depth) = folders.popLast(), looked < 20_000, files.count < 2_000 {
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { continue }
      looked += names.count
      for name in names.sorted() where !name.hasPrefix(".") && name != "node_modules" {
        let path = folder + "/" + name
        if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
          files.append(DocumentPath.shown(path))
        } else if !name.contains("."), depth < 8 {
          var isFolder: ObjCBool = false
          if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            folders.append((path, depth + 1))
          }
        }
      }
    }
    return files
  }
}
