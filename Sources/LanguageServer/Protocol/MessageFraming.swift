import Foundation

/// Takes the messages of JSON-RPC out of a stream: `Content-Length: N`, an empty line, and N bytes of JSON each.
package struct MessageReader {
  private var bytes: [UInt8] = []
  /// Where what is not yet taken begins.
  private var start = 0

  /// Larger messages end the stream: nothing but a mistake is as large.
  private static let limit = 64 << 20

  package enum Failure: Error { case noLength, tooLarge }

  package init() {}

  package mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

  /// The next message; nil until more bytes have come.
  package mutating func next() throws(Failure) -> Data? {
    guard let end = headerEnd() else {
      guard bytes.count - start <= 1 << 16 else { throw .noLength }
      return nil
    }
    let header = String(decoding: bytes[start..<end], as: UTF8.self)
    let lengths = header.split(separator: "\r\n").compactMap { line -> Int? in
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "content-length" else { return nil }
      return Int(parts[1].trimmingCharacters(in: .whitespaces))
    }
    guard let length = lengths.last, length >= 0 else { throw .noLength }
    guard length <= Self.limit else { throw .tooLarge }
    let body = end + 4
    guard bytes.count - body >= length else { return nil }
    let message = Data(bytes[body..<body + length])
    start = body + length
    if start > 1 << 16 || start == bytes.count {
      bytes.removeFirst(start)
      start = 0
    }
    return message
  }

  private func headerEnd() -> Int? {
    guard bytes.count - start >= 4 else { return nil }
    for index in start...(bytes.count - 4)
    where bytes[index] == 13 && bytes[index + 1] == 10 && bytes[index + 2] == 13 && bytes[index + 3] == 10 {
      return index
    }
    return nil
  }
}

extension Data {
  /// A message as it goes over a stream.
  package var framed: Data { Data("Content-Length: \(count)\r\n\r\n".utf8) + self }
}
