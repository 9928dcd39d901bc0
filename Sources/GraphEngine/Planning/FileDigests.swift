/// Digests of files by their contents, each read at most once as long as it is not changed: they are remembered in the cache.
package final class FileDigests {
  private var digests: SourceDigests

  /// - Parameters:
  ///   - cache: where digests are remembered.
  ///   - other: where they are remembered without a cache, if it exists.
  ///   - progress: gets the path of a large file that is being read, the bytes done and all of them.
  package init(
    cache: DiskCache?, other: DiskCache? = nil,
    progress: (@Sendable (_ path: String, _ done: Int, _ all: Int) -> Void)? = nil
  ) {
    digests = SourceDigests(cache: cache, other: other, remembersSmall: true, progress: progress)
  }

  deinit { digests.save() }

  /// Nil for a file that cannot be read.
  package func digest(of path: String) -> ContentDigest? { try? digests.digest(of: path).digest }

  /// In bytes; nil for what is no file.
  package func size(of path: String) -> Int? { FileIdentity(path: path).map { Int($0.size) } }
}
