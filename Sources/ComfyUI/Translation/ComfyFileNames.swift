/// Names of files that ComfyUI writes.
enum ComfyFileNames {
  /// A path below the working directory made of a prefix: words such as `%date:yyyy-MM-dd%`, which stand for what is known when
  /// a file is written, are left out.
  static func path(of prefix: String, ending: String) -> String {
    var name = ""
    for (index, part) in prefix.replacing("\\", with: "/").split(separator: "%", omittingEmptySubsequences: false)
      .enumerated()
    where index.isMultiple(of: 2) {
      name += part
    }
    let parts = name.split(separator: "/").filter { $0 != "." && $0 != ".." && !$0.allSatisfy { "_- ".contains($0) } }
    return (parts.isEmpty ? "ComfyUI" : parts.joined(separator: "/")) + ".\(ending)"
  }
}
