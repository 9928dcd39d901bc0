import Foundation

/// Why a file was not written, in words for the user.
package struct AtomicFileError: Error, Sendable {
  package let message: String
}

/// Files that a user asked for: written whole or not at all.
package enum AtomicFile {
  /// What may be replaced by what.
  package enum Kind: String {
    case png = "PNG"
    case safetensors
    case workflow

    /// Whether a file that begins with `start` is of this kind.
    func describes(_ start: [UInt8]) -> Bool {
      switch self {
      case .png: start.starts(with: PNG.signature)
      // The header's length as a little-endian u64, then JSON.
      case .safetensors: start.count > 8 && start[5...7].allSatisfy { $0 == 0 } && start[8] == UInt8(ascii: "{")
      case .workflow: String(decoding: start, as: UTF8.self).contains("stepgraph:")
      }
    }
  }

  /// Writes `bytes` to `path`, creating missing folders.
  ///
  /// An existing file is replaced only when it is of the kind written, so that a slip in a workflow destroys nothing.
  package static func write(_ bytes: [UInt8], to path: String, kind: Kind) throws(AtomicFileError) {
    let url = URL(filePath: path)
    let folder = url.deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw AtomicFileError(message: "cannot create the folder '\(folder.relativePath)': \(reason(error))")
    }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      if isFolder.boolValue { throw AtomicFileError(message: "'\(path)' is a folder; expected a file name") }
      let start = try? FileHandle(forReadingFrom: url).read(upToCount: 4096)
      guard kind.describes(Array(start ?? Data())) else {
        throw AtomicFileError(message: "'\(path)' exists and is not a \(kind.rawValue) file; it is left as it is")
      }
    }
    do {
      try Data(bytes).write(to: url, options: .atomic)
    } catch {
      throw AtomicFileError(message: "cannot write '\(path)': \(reason(error))")
    }
  }

  /// The system's word for an error, without Foundation's wrapping.
  static func reason(_ error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    let code = underlying ?? error as NSError
    return code.domain == NSPOSIXErrorDomain ? String(cString: strerror(Int32(code.code))) : error.localizedDescription
  }
}
