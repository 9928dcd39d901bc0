extension DiskCache {
  /// The undamaged entry of a key, if it fits the outputs and all of its blobs are there.
  package func entry(for key: ContentDigest, outputs: [OutputDeclaration]) -> CacheEntry? {
    guard let entry = entry(for: key), entry.matches(outputs), hasBlobs(entry) else { return nil }
    return entry
  }

  /// The undamaged entry of a key; a damaged one is put aside.
  package func entry(for key: ContentDigest) -> CacheEntry? {
    let path = entryPath(key)
    guard let bytes = read(path, limit: CacheEntry.sizeLimit) else { return nil }
    guard let entry = CacheEntry(bytes), entry.key == key else {
      quarantine(path)
      return nil
    }
    return entry
  }

  /// Whether the blobs of all outputs are there, going by their sizes.
  func hasBlobs(_ entry: CacheEntry) -> Bool {
    entry.outputs.allSatisfy { output in
      files.status(of: blobPath(output.blob)).map { $0.isRegular && $0.size == output.size } ?? false
    }
  }

  /// A blob's bytes, checked against its name; a damaged one is put aside and nil returned.
  package func blob(_ digest: ContentDigest) -> [UInt8]? {
    let path = blobPath(digest)
    guard let bytes = read(path) else { return nil }
    guard ContentDigest(hashing: bytes) == digest else {
      quarantine(path)
      return nil
    }
    return bytes
  }

  /// Outputs of an entry, only those at `positions`; nil when one is missing, damaged or not of its type.
  func values(
    _ positions: [Int], of entry: CacheEntry, as declarations: [OutputDeclaration]
  ) -> [(any WireValue)?]? {
    var values: [(any WireValue)?] = Array(repeating: nil, count: declarations.count)
    for position in positions {
      guard let bytes = blob(entry.outputs[position].blob),
        let value = try? bytes.withUnsafeBytes({ try declarations[position].decode($0) })
      else { return nil }
      values[position] = value
    }
    return values
  }

  /// Notes that results were of use, or belong to a graph that was, for the collector that drops what was not used for
  /// longest; keys that have no entry are passed over.
  package func markUsed(_ keys: some Sequence<ContentDigest>) {
    for key in keys { files.touch(entryPath(key)) }
  }

  /// Digests of large files that earlier runs read.
  func digestMemo() -> DigestMemo { DigestMemo(read(root + "/digests", limit: DigestMemo.sizeLimit) ?? []) }
}
