import Foundation

import Safetensors

/// A folder of its own for one test, removed with the object.
final class TestFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("stepgraph-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

  func write(_ bytes: [UInt8], to name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
  }
}

/// The bytes of a safetensors file with this header and this many bytes of data.
func file(header: String, dataCount: Int = 0) -> [UInt8] {
  let json = Array(header.utf8)
  let length = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) }
  return length + json + [UInt8](repeating: 0, count: dataCount)
}

/// The message of the error that `body` throws, "no error" when it throws none.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch let error as WeightFileError {
    return error.message
  } catch {
    return "another error: \(error)"
  }
}
