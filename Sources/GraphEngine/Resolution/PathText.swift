import Diagnostics

extension SourceFile {
  /// The folder that paths in the file are relative to; empty for the working directory.
  var folder: String { base ?? PathText.folder(of: path) }
}

/// Paths as texts: nothing here looks at the disk.
enum PathText {
  /// `path` without empty and `.` parts, and with `..` taking away the part before it.
  static func normalized(_ path: String) -> String {
    let isAbsolute = path.hasPrefix("/")
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != ".." {
        parts.removeLast()
      } else if part != ".." || !isAbsolute {
        parts.append(part)
      }
    }
    let joined = parts.joined(separator: "/")
    return isAbsolute ? "/" + joined : joined.isEmpty ? "." : joined
  }

  /// The name of `path`'s file without its extension.
  static func stem(_ path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    return String(name.dropLast(ending(name).count))
  }

  /// `path` with `suffix` before its extension.
  static func inserting(_ suffix: String, into path: String) -> String {
    let ending = ending(path)
    return "\(path.dropLast(ending.count))\(suffix)\(ending)"
  }

  /// The extension of `path`'s file with its dot; empty where there is none.
  static func ending(_ path: some StringProtocol) -> String {
    guard let name = path.split(separator: "/").last, let dot = name.lastIndex(of: "."), dot > name.startIndex
    else { return "" }
    return String(name[dot...])
  }

  /// What of `path` a shell would put something else for: `~`, `~name`, `$NAME` or `${NAME}`; nil for a plain path.
  static func shellWord(in path: String) -> String? {
    let start = path.prefix { $0 != "/" }
    // A file may be called `~draft.png`.
    if start == "~" || start.hasPrefix("~") && start.count < path.count { return String(start) }
    for dollar in path.indices where path[dollar] == "$" {
      let rest = path[path.index(after: dollar)...]
      if rest.hasPrefix("{"), let end = rest.firstIndex(of: "}") { return String(path[dollar...end]) }
      let name = rest.prefix { $0 == "_" || $0.isASCII && $0.isUppercase }
      if name.count > 1 { return "$\(name)" }
    }
    return nil
  }

  /// How many parts of `path` lead a folder up.
  static func climbCount(_ path: String) -> Int { path.split(separator: "/").count { $0 == ".." } }

  /// `path` as seen from where `folder` is seen; `folder` is empty for the same place.
  static func join(_ folder: String, _ path: String) -> String {
    if shippedName(path) != nil { return path }
    return normalized(folder.isEmpty || path.hasPrefix("/") ? path : folder + "/" + path)
  }

  /// The name of a graph that is part of the program, `<samplers/euler.yaml>`, which is the same in every folder; nil for
  /// any other path.
  static func shippedName(_ path: String) -> String? {
    path.hasPrefix("<") && path.hasSuffix(">") ? String(path.dropFirst().dropLast()) : nil
  }

  /// The folder that holds `path`; empty for a bare name.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Whether a path relative to the working directory leads out of it.
  static func leavesWorkingDirectory(_ path: String) -> Bool {
    let path = normalized(path)
    return path.hasPrefix("/") || path == ".." || path.hasPrefix("../")
  }

  /// `path`, relative or absolute, written as relative to the absolute `workingDirectory`.
  static func relative(_ path: String, to workingDirectory: String) -> String {
    let path = normalized(path)
    guard path.hasPrefix("/") else { return path }
    let target = path.split(separator: "/")
    let base = normalized(workingDirectory).split(separator: "/")
    let common = zip(target, base).prefix { $0 == $1 }.count
    let parts = base.dropFirst(common).map { _ in ".." } + target.dropFirst(common)
    return parts.isEmpty ? "." : parts.joined(separator: "/")
  }
}
