import Foundation

/// Between the names that a client gives documents and the paths that files are known by.
enum DocumentPath {
  /// The path of a `file:` URI as a person would type it.
  ///
  /// It is relative to the working directory for what is below it. Any other URI is its own path.
  static func path(of uri: String) -> String {
    guard uri.hasPrefix("file://") else { return uri }
    let rest = uri.dropFirst("file://".count)
    let encoded = rest.hasPrefix("/") ? rest : rest.drop { $0 != "/" }
    let path = String(encoded).removingPercentEncoding ?? String(encoded)
    return shown(path)
  }

  /// An absolute path as a person would type it.
  static func shown(_ path: String) -> String {
    let folder = FileManager.default.currentDirectoryPath
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
  }

  static func uri(of path: String) -> String {
    if !path.hasPrefix("/"), path.prefix(while: { $0 != "/" }).contains(":") {
      return path
    }
    var allowed = CharacterSet.urlPathAllowed
    allowed.remove(charactersIn: ":;=@&$+!*'(),")
    let absolute = FileStore.absolute(path)
    return "file://" + (absolute.addingPercentEncoding(withAllowedCharacters: allowed) ?? absolute)
  }
}
