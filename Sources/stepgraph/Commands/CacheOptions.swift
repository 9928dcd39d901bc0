import ArgumentParser
import Foundation
import GraphEngine

/// Which folder the cache is in.
struct CacheLocation: ParsableArguments {
  @Option(
    name: .customLong("cache"),
    help: ArgumentHelp(
      "The cache folder; $XDG_CACHE_HOME/stepgraph or ~/.cache/stepgraph when left out.", valueName: "dir"),
    completion: .directory)
  var folder: String?

  func validate() throws {
    if folder == "" { throw ValidationError("--cache takes a folder; an empty text was given.") }
  }

  var path: String { folder ?? Self.standard }

  /// Where it is when nothing else is said.
  static var standard: String { UserFolders.cache + "/stepgraph" }
}

/// How much the cache may take of its disk.
struct CacheLimits: ParsableArguments {
  @Option(
    name: .customLong("cache-limit"),
    help: ArgumentHelp(
      "What was not used for longest goes when the cache is larger; $STEPGRAPH_CACHE_LIMIT or \(ByteCount(CacheSettings.defaultLimit)) when left out.",
      valueName: "size"))
  var limit: ByteCount?

  @Option(
    name: .customLong("min-free"),
    help: ArgumentHelp(
      "What the cache leaves free on its disk; $STEPGRAPH_MIN_FREE, or 1 GB but at most a twentieth of the disk, when left out.",
      valueName: "size"))
  var minimumFree: ByteCount?

  func validate() throws {
    for name in ["STEPGRAPH_CACHE_LIMIT", "STEPGRAPH_MIN_FREE"] {
      if let text = environment[name], ByteCount(text) == nil {
        throw ValidationError("\(name) is '\(text)'; a size such as 10GB was expected.")
      }
    }
  }

  func settings(durability: CacheSettings.Durability = .full) -> CacheSettings {
    CacheSettings(
      durability: durability,
      limit: (limit ?? environment["STEPGRAPH_CACHE_LIMIT"].flatMap { ByteCount($0) })?.bytes
        ?? CacheSettings.defaultLimit,
      minimumFree: (minimumFree ?? environment["STEPGRAPH_MIN_FREE"].flatMap { ByteCount($0) })?.bytes)
  }
}

/// How a run writes to the cache.
struct CacheWritingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      What a power cut may cost: nothing that was finished (full), or the last half minute or so (fast); \
      $STEPGRAPH_DURABILITY or full when left out. A killed process costs nothing either way.
      """, valueName: "full|fast"))
  var durability: CacheSettings.Durability?

  @OptionGroup var limits: CacheLimits

  func validate() throws {
    if let text = environment["STEPGRAPH_DURABILITY"], CacheSettings.Durability(rawValue: text) == nil {
      throw ValidationError("STEPGRAPH_DURABILITY is '\(text)'; full or fast was expected.")
    }
  }

  var settings: CacheSettings {
    let named = environment["STEPGRAPH_DURABILITY"].flatMap { CacheSettings.Durability(rawValue: $0) }
    return limits.settings(durability: durability ?? named ?? .full)
  }
}

extension CacheSettings.Durability: ExpressibleByArgument {}

extension ByteCount: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

private var environment: [String: String] { ProcessInfo.processInfo.environment }
