/// What the names of files say of their contents.
package enum FileEnding {
  /// The ending of a name that belongs to another format than what is written: `jpg` of `out.jpg` where PNG files are written.
  ///
  /// Nil for names without an ending, and for endings that are no format's, as in `v1.5`.
  package static func foreign(in path: String, written: [String]) -> String? {
    guard let name = path.split(separator: "/").last, let dot = name.lastIndex(of: "."), dot > name.startIndex else {
      return nil
    }
    let ending = name[name.index(after: dot)...].lowercased()
    return written.contains(ending) || !formats.contains(ending) ? nil : ending
  }

  /// Why a path is refused; nil for one that is not.
  package static func refusal(of path: String, written: [String], kind: String) -> FileError? {
    foreign(in: path, written: written).map {
      FileError(message: "'\(path)' would hold \(kind), which is no .\($0); end the name in .\(written[0])")
    }
  }

  private static let formats: Set = [
    "png", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "bmp", "tif", "tiff", "avif", "heic", "heif", "jxl", "ppm",
    "tga",
    "ico", "exr", "hdr", "svg", "pdf", "eps", "ps", "psd", "mp4", "webm", "mov", "avi", "mkv", "dot", "gv",
    "safetensors", "ckpt", "pt", "pth", "bin", "gguf", "npy", "npz", "onnx", "zip", "tar", "gz", "json", "jsonl",
    "yaml", "yml",
    "toml", "xml", "csv", "txt", "md", "html", "lock",
  ]
}
