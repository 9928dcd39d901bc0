/// What lies in a file that was to be a safetensors file and is none, known by how it begins: each is a mistake people make.
enum ForeignFile {
  private static let beginnings: [(bytes: String, what: String)] = [
    (
      "version https://git-lfs.github.com/",
      "is a pointer of Git LFS, not the file itself: 'git lfs pull' fetches that, or a download of the file"
    ),
    ("<!doctype", "is a web page, not the file itself: the download gave an error or a login page"),
    ("<html", "is a web page, not the file itself: the download gave an error or a login page"),
    ("{\"error", "is an error message of the site that it was downloaded from, not the file itself"),
    (
      "Invalid username or password", "is an error message of the site that it was downloaded from, not the file itself"
    ),
    ("Entry not found", "is an error message of the site that it was downloaded from, not the file itself"),
    (
      "PK\u{3}\u{4}",
      "is a PyTorch file in a zip archive, which can run code when it is read; convert it to safetensors"
    ),
    ("GGUF", "is a GGUF file, which is not supported here; safetensors was expected"),
  ]

  /// What to say of a file that begins so; nil where nothing is known of it.
  static func description(_ file: UnsafeRawBufferPointer) -> String? {
    let start = file.prefix(64).drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    if file.first == 0x80, file.count > 2, [2, 3, 4].contains(file[1]) {
      return "is a Python pickle, which can run code when it is read; convert it to safetensors"
    }
    return beginnings.first { beginning, _ in
      beginning.utf8.count <= start.count
        && zip(beginning.utf8, start).allSatisfy { a, b in
          a == b || (0x41...0x5A ~= b && beginning.hasPrefix("<") && a == b + 0x20)
        }
    }?.what
  }
}
