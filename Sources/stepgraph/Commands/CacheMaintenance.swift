import ArgumentParser
import Diagnostics
import GraphEngine

/// The commands that look after the cache.
extension CacheCommand {
  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify",
      abstract: "Reads and checks everything; what is damaged is set aside, to be computed again when it is needed.",
      discussion: "Exit codes: 0 all is sound, 1 something was damaged.")

    @OptionGroup var location: CacheLocation

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
      try await reporting {
        let cache = DiskCache(at: location.path)
        let report = cache.verify()
        let trouble = cache.takeTrouble()
        try Terminal.write(json ? jsonText(Description(report, isKnown: trouble == nil)) : text(report, trouble))
        if let trouble { throw Diagnostic("not all could be read, or set aside: \(trouble.text)") }
        if !report.isSound { throw ExitCode.nodeFailed }
      }
    }

    private func text(_ report: VerificationReport, _ trouble: CacheTrouble?) -> String {
      var text = "\(report.entries) entries, \(report.blobs) blobs, \(ByteCount(report.bytes)) read\n"
      if report.isSound, trouble == nil { text += "all is sound\n" }
      let (aside, removed) = trouble == nil ? (" set aside", " removed") : ("", "")
      if report.damagedBlobs > 0 { text += "\(report.damagedBlobs) damaged blobs\(aside)\n" }
      if report.damagedEntries > 0 { text += "\(report.damagedEntries) damaged entries\(aside)\n" }
      if report.incompleteEntries > 0 { text += "\(report.incompleteEntries) entries\(removed) whose blobs are gone\n" }
      for path in report.foreign { text += "'\(path)' is none of the cache's; it is left as it is\n" }
      return text
    }

    private struct Description: Encodable {
      let entries: Int
      let blobs: Int
      let bytes: Int
      let damagedEntries: Int
      let damagedBlobs: Int
      let incompleteEntries: Int
      let foreign: [String]
      let sound: Bool

      init(_ report: VerificationReport, isKnown: Bool) {
        entries = report.entries
        blobs = report.blobs
        bytes = report.bytes
        damagedEntries = report.damagedEntries
        damagedBlobs = report.damagedBlobs
        incompleteEntries = report.incompleteEntries
        foreign = report.foreign
        sound = report.isSound && isKnown
      }
    }
  }

  struct Collect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "gc", abstract: "Removes what was not used for longest, until the cache is within its limits.")

    @OptionGroup var location: CacheLocation
    @OptionGroup var limits: CacheLimits

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
      try await reporting {
        let cache = DiskCache(at: location.path, settings: limits.settings())
        try report(cache.collect(), of: cache, json: json)
      }
    }
  }

  struct Clear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "clear", abstract: "Removes all results but what is pinned, and what running processes write.")

    @OptionGroup var location: CacheLocation

    @Flag(help: "Remove the records of runs too, which 'runs', 'diff' and 'explain' read.")
    var runs = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
      try await reporting {
        let cache = DiskCache(at: location.path)
        try report(cache.clear(runs: runs), of: cache, json: json)
      }
    }
  }

  struct Pin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pin", abstract: "Keeps results, whatever the limits, until they are unpinned.")

    @OptionGroup var location: CacheLocation

    @Argument(help: ArgumentHelp("The first digits of a key, as 'cache ls' prints them.", valueName: "key"))
    var keys: [String]

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws { try await setPinned(keys, true, in: location, json: json) }
  }

  struct Unpin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "unpin", abstract: "Leaves pinned results to the limits again.")

    @OptionGroup var location: CacheLocation

    @Argument(help: ArgumentHelp("The first digits of a pinned key.", valueName: "key"))
    var keys: [String]

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws { try await setPinned(keys, false, in: location, json: json) }
  }
}

private func setPinned(_ names: [String], _ isPinned: Bool, in location: CacheLocation, json: Bool) async throws {
  try await reporting {
    let cache = DiskCache(at: location.path)
    var keys: [ContentDigest] = []
    for name in names {
      do throws(DiskCache.PinFailure) {
        keys.append(try cache.key(startingWith: name, amongPins: !isPinned))
      } catch {
        throw Diagnostic(message(error, name: name, isPinned: isPinned))
      }
    }
    for key in keys {
      do throws(DiskCache.PinFailure) {
        try cache.setPinned(key, isPinned)
      } catch {
        throw Diagnostic(message(error, name: key.description, isPinned: isPinned))
      }
    }
    let texts = keys.map(\.description)
    let verb = isPinned ? "pinned" : "unpinned"
    try Terminal.write(json ? jsonText([verb: texts]) : texts.map { "\(verb) \($0)\n" }.joined())
  }
}

private func message(_ failure: DiskCache.PinFailure, name: String, isPinned: Bool) -> String {
  switch failure {
  case .tooShort: "'\(name)' is too short; give at least two digits of the key, as 'cache ls' prints them"
  case .unknown: "there is no \(isPinned ? "result" : "pinned result") whose key begins with '\(name)'"
  case .ambiguous(let count): "\(count) keys begin with '\(name)'; give more of its digits"
  case .refused(let reason): reason
  }
}

private func report(_ report: CollectionReport?, of cache: DiskCache, json: Bool) throws {
  struct Description: Encodable {
    let removedEntries: Int
    let removedFiles: Int
    let freedBytes: Int
    let bytesOnDisk: Int
  }

  let trouble = cache.takeTrouble()
  if let trouble, report == nil { throw Diagnostic("nothing was removed: \(trouble.text)") }
  let report = report ?? CollectionReport()
  let description = Description(
    removedEntries: report.removedEntries, removedFiles: report.removedFiles, freedBytes: report.freedBytes,
    bytesOnDisk: report.bytes)
  try Terminal.write(
    json
      ? jsonText(description)
      : "\(report.removedEntries) entries and \(ByteCount(report.freedBytes)) removed; \(ByteCount(report.bytes)) left\n"
  )
  if let trouble { throw Diagnostic("not all could be removed: \(trouble.text)") }
}

extension CacheTrouble {
  /// For a message: what was refused first, and how often something was.
  var text: String { count == 1 ? first : "\(first), and \(count - 1) more" }
}
