import Foundation

/// What is known of a file without reading it.
struct FileStatus: Equatable {
  let isRegular: Bool
  let isFolder: Bool
  let size: Int
  /// When it was written or used last, in nanoseconds since 1970.
  let modified: Int64

  /// Nil when the open file has no status.
  init?(_ file: Int32) {
    var status = stat()
    guard fstat(file, &status) == 0 else { return nil }
    self.init(status)
  }

  init(_ status: stat) {
    isRegular = status.st_mode & S_IFMT == S_IFREG
    isFolder = status.st_mode & S_IFMT == S_IFDIR
    size = Int(status.st_size)
    modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
  }

  /// What the file takes of the disk.
  var sizeOnDisk: Int { Self.sizeOnDisk(size) }

  /// Bytes in whole blocks of 4 KiB.
  static func sizeOnDisk(_ bytes: Int) -> Int { (bytes &+ 4095) & ~4095 }
}
