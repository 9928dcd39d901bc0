import Glibc

/// Paths whose last part may be a link.
enum LinkedPath {
  /// As many as the kernel follows.
  private static let mostLinks = 40

  /// Where a file written to `path` is to be: `path` itself, or where links there lead in the end.
  static func target(of path: String) throws(FileError) -> String {
    var place = path
    for _ in 0..<mostLinks {
      guard let link = link(at: place) else { return place }
      place = link.hasPrefix("/") ? link : folder(of: place) + link
      var status = stat()
      guard stat(folder(of: place) + ".", &status) == 0 else {
        throw FileError(message: "'\(path)' is a link to '\(place)', whose folder is not there")
      }
      if place.hasSuffix("/") { throw FileError(message: "'\(path)' is a link to '\(place)', which names no file") }
    }
    throw FileError(message: "'\(path)' is a link that leads back to itself")
  }

  /// The folder that holds `path`, with a slash at its end; empty for a bare name.
  static func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "" }

  /// What the link at a path says; nil when there is none.
  private static func link(at path: String) -> String? {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &target, target.count)
    return count < 0 ? nil : String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
