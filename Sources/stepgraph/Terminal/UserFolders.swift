import Foundation

/// Folders of the person who runs the command, by the XDG base directory specification: where the variable is no absolute
/// path, it is ignored.
enum UserFolders {
  /// What can be computed again.
  static var cache: String { folder("XDG_CACHE_HOME", below: ".cache") }
  /// What belongs to the person.
  static var data: String { folder("XDG_DATA_HOME", below: ".local/share") }

  private static func folder(_ variable: String, below place: String) -> String {
    if let folder = environment[variable], folder.hasPrefix("/") { return folder }
    return home + "/" + place
  }

  /// As POSIX has it: HOME comes before the password file, which is asked where HOME is no absolute path.
  private static var home: String {
    if let home = environment["HOME"], home.hasPrefix("/") { return home }
    if let entry = getpwuid(getuid()), let home = entry.pointee.pw_dir { return String(cString: home) }
    return ""
  }

  private static var environment: [String: String] { ProcessInfo.processInfo.environment }
}
