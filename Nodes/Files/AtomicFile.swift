import Foundation
import GraphEngine

/// Files that nodes write: whole or not at all.
enum AtomicFile {
  /// Writes `bytes` to `path`: creates missing folders, and replaces an existing file only when `isOwnKind` says that
  /// its bytes are of the kind written, so that a slip in a workflow cannot destroy something else.
  static func write(_ bytes: [UInt8], to path: String, kind: String, isOwnKind: ([UInt8]) -> Bool) throws {
    let url = URL(filePath: path)
    let folder = url.deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw NodeFailure("cannot create the folder '\(folder.relativePath)': \(reason(error))", at: "path")
    }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      if isFolder.boolValue { throw NodeFailure("'\(path)' is a folder; expected a file name", at: "path") }
      let start = try? FileHandle(forReadingFrom: url).read(upToCount: 4096)
      guard isOwnKind(Array(start ?? Data())) else {
        throw NodeFailure("'\(path)' exists and is not a \(kind) file; it is left as it is", at: "path")
      }
    }
    do {
      try Data(bytes).write(to: url, options: .atomic)
    } catch {
      throw NodeFailure("cannot write '\(path)': \(reason(error))", at: "path")
    }
  }

  /// The system's word for an error, without Foundation's wrapping.
  static func reason(_ error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    let code = underlying ?? error as NSError
    return code.domain == NSPOSIXErrorDomain ? String(cString: strerror(Int32(code.code))) : error.localizedDescription
  }
}
