import Diagnostics
import Foundation
import Testing

/// What is found where a model or a picture was expected.
struct FileNatureTests {
  private static let pointer = """
    version https://git-lfs.github.com/spec/v1
    oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
    size 3438167540

    """

  /// As `torch.save` writes it: a zip whose first file is `NAME/data.pkl`.
  private static func zip(_ name: String) -> [UInt8] {
    [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [UInt8(name.utf8.count), 0, 0, 0] + Array(name.utf8)
  }

  @Test(arguments: [
    ("", "empty"),
    (pointer, "a Git LFS pointer to a file of 3438167540 bytes that was not fetched; 'git lfs pull' fetches it"),
    (
      "version https://git-lfs.github.com/spec/v1\r\noid",
      "a Git LFS pointer to a file that was not fetched; 'git lfs pull' fetches it"
    ),
    (
      "/annex/objects/SHA256E-s1048576--deadbeef.safetensors\n",
      "a git-annex pointer to a file that was not fetched; 'git annex get' fetches it"
    ),
    (
      "../.git/annex/objects/zz/0W/SHA256E-s9--ab/SHA256E-s9--ab",
      "a git-annex pointer to a file that was not fetched; 'git annex get' fetches it"
    ),
    (
      "\n <!DOCTYPE html>\n<html><head><title>404 Not Found</title>",
      "an HTML page titled '404 Not Found', perhaps a server's error message"
    ),
    ("<HTML lang=en>", "an HTML page, perhaps a server's error message"),
    (
      "\u{FEFF}<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>",
      "an XML document, perhaps a server's error message"
    ),
    ("<Error><Code>NoSuchKey</Code></Error>", "an XML document, perhaps a server's error message"),
    (
      #"{"error":"Repository not found"}"#,
      #"JSON text that begins with '{"error":"Repository not found"}', perhaps a server's error message"#
    ),
    ("[ ]", "JSON text that begins with '[ ]', perhaps a server's error message"),
    ("Entry not found", "text that begins with 'Entry not found'"),
    ("\n\nInvalid ünï\nmore", "text that begins with 'Invalid ünï'"),
    (String(repeating: "long ", count: 30), "text that begins with '\(String(repeating: "long ", count: 12))...'"),
  ])
  func texts(_ text: String, _ nature: String) {
    #expect(FileNature.describe(beginning: text.utf8) == nature)
  }

  private static let files: [(bytes: [UInt8], nature: String)] = [
    (zip("archive/data.pkl"), "a checkpoint of PyTorch, which can run code; convert it to safetensors"),
    (zip("unet/weights.bin"), "a zip archive"), ([0x50, 0x4B, 5, 6, 0, 0], "an empty zip archive"),
    ([0x50, 0x4B, 3, 4], "a zip archive"), ([0x1F, 0x8B, 8, 0], "compressed with gzip"),
    ([0x28, 0xB5, 0x2F, 0xFD, 4], "compressed with Zstandard"),
    ([0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC], "pickled Python data, which can run code; convert it to safetensors"),
    ([0x80, 4, 0x95, 1, 0], "pickled Python data, which can run code; convert it to safetensors"),
    ([0xFF, 0xD8, 0xFF, 0xE0], "a JPEG picture"), ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "a PNG picture"),
    (Array("RIFF1234WEBPVP8 ".utf8), "a WebP picture"), (Array("\0\0\0 ftypavif".utf8), "an AVIF picture"),
    (Array((String(repeating: " ", count: 257) + "ustar").utf8), "a tar archive"),
    (Array("@\0\0\0\0\0\0\0{\"a\":".utf8), "a safetensors file"), (Array("GGUF\u{3}".utf8), "a GGUF file"),
  ]

  @Test(arguments: files)
  func binaryFiles(_ bytes: [UInt8], _ nature: String) {
    #expect(FileNature.describe(beginning: bytes) == nature)
  }

  @Test func whatIsNotKnown() {
    #expect(FileNature.describe(beginning: [1, 2, 3]) == nil)
    #expect(FileNature.describe(beginning: [UInt8](repeating: 0xFF, count: 4096)) == nil)
    #expect(FileNature.describe(beginning: Array("text with a \u{1}".utf8)) == nil)
    #expect(FileNature.describe(beginning: [0x74, 0xFF, 0x74]) == nil)
    for length in 0..<8 { _ = FileNature.describe(beginning: Self.zip("archive/data.pkl").prefix(28 + length)) }
  }

  /// A character that the end of what is looked at cuts does not make a text binary.
  @Test func textLongerThanItsBeginning() {
    for shift in 0..<3 {
      let text = String(repeating: "a", count: shift) + String(repeating: "✓", count: 1000)
      #expect(FileNature.describe(beginning: text.utf8)?.hasPrefix("text that begins with '") == true)
    }
  }

  @Test func linksToNothing() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "stepgraph-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    symlink("../blobs/abc", "\(folder)/a")
    symlink("../.git/annex/objects/SHA256E-s9--ab", "\(folder)/b")
    symlink("d", "\(folder)/c")
    try Data().write(to: URL(filePath: "\(folder)/d"))
    #expect(FileNature.describe(linkAt: "\(folder)/a") == "a link to '../blobs/abc', which is not there")
    #expect(
      FileNature.describe(linkAt: "\(folder)/b")
        == "a link to '../.git/annex/objects/SHA256E-s9--ab', which is not there, as git-annex has not fetched the file; 'git annex get' fetches it"
    )
    for name in ["c", "d", "none"] { #expect(FileNature.describe(linkAt: "\(folder)/\(name)") == nil) }
  }
}
