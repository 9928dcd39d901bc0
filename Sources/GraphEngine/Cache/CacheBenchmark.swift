import Diagnostics
import Dispatch
import Foundation

/// What a cache costs on the disk of a folder.
package struct CacheBenchmark: Sendable {
  /// Seconds that one operation took, over many.
  package struct Times: Sendable {
    private let sorted: [Double]

    init(_ seconds: [Double]) { sorted = seconds.sorted() }

    /// The time that a fraction of the operations kept within.
    package func quantile(_ fraction: Double) -> Double {
      sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(fraction * Double(sorted.count)))]
    }
  }

  /// Keeping a node's results, one after the other.
  package let storingDurably: Times
  package let storing: Times
  /// From a key to its checked bytes.
  package let hit: Times
  /// The part of that which is hashing.
  package let verifying: Times
  /// Files that a collection looks at in a second, and those that it removes.
  package let filesLookedAt: Double
  package let filesRemoved: Double
  /// Wall time of a simulated run of 20 steps: without a cache, with one, with one that need not survive a power cut.
  package let withoutCache: Double
  package let withCache: Double
  package let withFastCache: Double

  /// The results of one sampling step of Stable Diffusion 1.5 at 512x512: two tensors of 64 KiB.
  private static let (outputCount, outputSize) = (2, 64 << 10)

  /// Measures in a new folder below `folder`, which is removed again; a simulated step keeps all cores busy for
  /// `stepSeconds`.
  ///
  /// Throws when the folder cannot be made.
  package init(in folder: String, results: Int, stepSeconds: Double) async throws {
    let scratch = "\(folder)/bench-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    func cache(_ name: String, _ durability: CacheSettings.Durability) -> DiskCache {
      DiskCache(at: "\(scratch)/\(name)", settings: CacheSettings(durability: durability, minimumFree: 0), fault: nil)
    }

    storingDurably = Self.store(max(results / 10, 10), in: cache("full", .full))
    let fast = cache("fast", .fast)
    storing = Self.store(results, in: fast)
    (hit, verifying) = Self.read(results, in: fast)
    let (collected, collecting) = timed { fast.collect() }
    filesLookedAt = Double(collected?.files ?? 0) / collecting
    let (cleared, clearing) = timed { fast.clear() }
    filesRemoved = Double(cleared?.removedFiles ?? 0) / clearing

    // In turn, the quickest of three each: what else the machine does comes and goes.
    let work = SimulatedStep.work(for: stepSeconds)
    var fastest = [Double](repeating: .infinity, count: 3)
    for round in 0..<3 {
      let caches = [nil, cache("run-\(round)", .full), cache("fast-run-\(round)", .fast)]
      for (index, cache) in caches.enumerated() {
        fastest[index] = min(fastest[index], try await SimulatedStep.run(20, work: work, cache: cache))
      }
    }
    (withoutCache, withCache, withFastCache) = (fastest[0], fastest[1], fastest[2])
  }

  private static func key(_ index: Int) -> ContentDigest { ContentDigest(hashing: Array("benchmark \(index)".utf8)) }

  private static func store(_ count: Int, in cache: DiskCache) -> Times {
    var generator = SystemRandomNumberGenerator()
    return Times(
      (0..<count).map { index in
        let outputs = (0..<outputCount).map { port in
          let bytes = [UInt8](unsafeUninitializedCapacity: outputSize) { buffer, count in
            for word in stride(from: 0, to: outputSize, by: 8) {
              UnsafeMutableRawBufferPointer(buffer).storeBytes(
                of: generator.next(), toByteOffset: word, as: UInt64.self)
            }
            count = outputSize
          }
          return (port: "\(port)", type: "bytes", bytes: bytes)
        }
        return timed {
          cache.store(
            key: key(index), node: "Benchmark", descriptor: Array("\(index)".utf8), seconds: 1, outputs: outputs)
        }.seconds
      })
  }

  private static func read(_ count: Int, in cache: DiskCache) -> (hit: Times, verifying: Times) {
    var (hits, checks): ([Double], [Double]) = ([], [])
    for index in (0..<count).shuffled() {
      let (blobs, hit) = timed { cache.entry(for: key(index))?.outputs.compactMap { cache.blob($0.blob) } ?? [] }
      hits.append(hit)
      checks.append(timed { for blob in blobs { _ = ContentDigest(hashing: blob) } }.seconds)
    }
    return (Times(hits), Times(checks))
  }
}

/// A node that keeps all cores busy for a while and puts out what a sampling step does.
private struct SimulatedStep: Node {
  static let info = NodeInfo(type: "SimulatedStep", version: 1, lane: .compute, summary: "Keeps the cores busy.")

  let previous = OptionalInput<SimulatedLatent>("previous", "The step before.")
  let work = Parameter<Int>("work", "How much each core does.")
  let latent = Output<SimulatedLatent>("latent", "What comes of it.")
  let denoised = Output<SimulatedLatent>("denoised", "What else comes of it.")

  func run(_ io: inout NodeIO) throws {
    let work = io[work]
    DispatchQueue.concurrentPerform(iterations: ProcessInfo.processInfo.activeProcessorCount) { _ in Self.spin(work) }
    io[latent] = SimulatedLatent()
    io[denoised] = SimulatedLatent()
  }

  /// The amount that takes so long.
  static func work(for seconds: Double) -> Int {
    let sample = 20_000
    let duration = (0..<3).map { _ in timed { spin(sample) }.seconds }.min() ?? 1
    return max(1, Int(seconds / duration * Double(sample)))
  }

  private static func spin(_ work: Int) {
    let block = [UInt8](repeating: 1, count: 1024)
    for _ in 0..<work { _ = ContentDigest(hashing: block) }
  }

  /// Seconds that a chain of steps takes.
  static func run(_ count: Int, work: Int, cache: DiskCache?) async throws -> Double {
    let declaration = NodeDeclaration(SimulatedStep.self)
    let file = SourceFile(path: "benchmark", text: "")
    let nodes = (0..<count).map { index in
      ResolvedNode(
        address: "step[\(index)]", declaration: declaration,
        inputs: [index == 0 ? [] : [WireSource(node: index - 1, output: 0)]],
        parameters: NodeParameters(["work": .int(Int128(work))]),
        location: SourceLocation(file: file, line: 1, column: 1))
    }
    let graph = ResolvedGraph(nodes: nodes, targets: [count - 1])
    return try await Executor(cache: cache, numerics: "benchmark").run(graph).seconds
  }
}

/// A tensor of 64 KiB, each another one.
private struct SimulatedLatent: WireValue {
  static let wireType = WireType("simulated")
  let bytes: [UInt8]

  init() {
    let seed = UInt64.random(in: 0...UInt64.max)
    bytes = (0..<(64 << 10)).map { UInt8(truncatingIfNeeded: (UInt64($0) &* seed) >> 32) }
  }

  init(decoding bytes: UnsafeRawBufferPointer) throws { self.bytes = Array(bytes) }
  func encoded() throws -> [UInt8] { bytes }
  var byteCount: Int { bytes.count }
  var isFinite: Bool { true }
}
