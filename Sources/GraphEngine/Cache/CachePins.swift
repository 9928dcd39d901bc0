extension DiskCache {
  /// Why a result cannot be pinned.
  package enum PinFailure: Error, Equatable {
    /// Fewer than two digits.
    case tooShort
    /// No key begins like this.
    case unknown
    /// Several keys begin like this.
    case ambiguous(Int)
    /// The system does not let it be read or written.
    case refused(String)
  }

  /// The one key in the cache, or of all pins, that begins with these hexadecimal digits.
  ///
  /// Throws `PinFailure`.
  package func key(startingWith digits: String, amongPins: Bool = false) throws(PinFailure) -> ContentDigest {
    guard digits.utf8.count >= 2 else { throw .tooShort }
    let folder = amongPins ? root + "/pins" : "\(root)/ac/\(digits.prefix(2))"
    let names: [String]
    do throws(CacheFiles.Failure) {
      names = try files.names(in: folder)
    } catch {
      throw .refused(error.message)
    }
    let keys = names.filter { $0.hasPrefix(digits) }.compactMap { ContentDigest(hex: $0) }
    guard let key = keys.first else { throw .unknown }
    guard keys.count == 1 else { throw .ambiguous(keys.count) }
    return key
  }

  /// Makes the collector leave a result alone, or takes that back.
  ///
  /// Throws `PinFailure`.
  package func setPinned(_ key: ContentDigest, _ isPinned: Bool) throws(PinFailure) {
    let path = pinPath(key)
    do throws(CacheFiles.Failure) {
      if isPinned {
        try files.makeFolder(root + "/pins")
        try files.append([], to: path)
      } else if files.status(of: path) != nil {
        try files.delete(path)
      }
    } catch {
      throw .refused(error.message)
    }
  }
}
