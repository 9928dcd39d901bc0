import Foundation
import TestSupport

/// A folder that is gone after its test.
final class Folder {
  let url: URL

  init() throws { url = try makeScratchFolder() }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path }

  func uri(_ name: String) -> String { url.appending(path: name).absoluteString }

  func write(_ text: String, to name: String) throws {
    try FileManager.default.createDirectory(
      at: url.appending(path: name).deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url.appending(path: name))
  }

  func text(_ name: String) throws -> String { try String(contentsOf: url.appending(path: name), encoding: .utf8) }
}

/// Text of a graph that is part of the repository.
func repositoryText(_ path: String) throws -> String {
  try String(contentsOf: repository.appending(path: path), encoding: .utf8)
}

let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()
