import Diagnostics
import Foundation
import Synchronization

/// What files hold: the texts that an editor has open, and the disk for the rest.
final class FileStore: Sendable {
  private struct State {
    /// By absolute path.
    var open: [String: SourceFile] = [:]
    var read: [String: (status: Status, file: SourceFile)] = [:]
  }

  private struct Status: Equatable {
    let device: UInt
    let inode: UInt
    let size: Int
    let seconds: Int
    let nanoseconds: Int

    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = UInt(status.st_dev)
      inode = UInt(status.st_ino)
      size = Int(status.st_size)
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }

  typealias ReadFile =
    @Sendable (_ path: String, _ reference: SourceLocation?) throws(DiagnosticList) -> SourceFile

  private let state = Mutex(State())
  private let readFile: ReadFile

  init(readFile: @escaping ReadFile) { self.readFile = readFile }

  /// Takes a text as what is in a file; nil: what is on the disk.
  func set(_ file: SourceFile?, at path: String) { state.withLock { $0.open[Self.absolute(path)] = file } }

  /// The file at a path; the same object as long as it holds the same text.
  func read(_ path: String, reference: SourceLocation?) throws(DiagnosticList) -> SourceFile {
    let absolute = Self.absolute(path)
    let status = Status(absolute)
    let known = state.withLock { state -> SourceFile? in
      if let open = state.open[absolute] { return open }
      guard let known = state.read[absolute], known.status == status, known.file.path == path else { return nil }
      return known.file
    }
    if let known { return known }
    let file = try readFile(path, reference)
    if let status { state.withLock { $0.read[absolute] = (status, file) } }
    return file
  }

  /// Forgets what was read of all files but these.
  func keep(only paths: Set<String>) {
    let absolute = Set(paths.map(Self.absolute))
    state.withLock { state in state.read = state.read.filter { absolute.contains($0.key) } }
  }

  static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
  }
}
