import Foundation

/// A path as it is shortest to read: from the working directory on where it is below it.
func pathText(_ path: String) -> String {
  let folder = FileManager.default.currentDirectoryPath
  return path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.utf8.count + 1)) : path
}

/// How long ago something was: `just now`, `5 min`, `3 h`, `12 days`.
func ageText(_ seconds: Int) -> String {
  switch seconds {
  case ..<60: "just now"
  case ..<3600: "\(seconds / 60) min"
  case ..<(48 * 3600): "\(seconds / 3600) h"
  default: "\(seconds / 86400) days"
  }
}
