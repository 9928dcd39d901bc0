import ArgumentParser
import Foundation
import GraphEngine

extension CacheCommand {
  struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "bench", abstract: "Measures what caching costs on the cache's disk, in a folder of its own.",
      discussion: """
        Results are of the size of a sampling step of Stable Diffusion 1.5 at 512x512, two tensors of 64 KiB. The simulated run \
        keeps all cores busy in each step.
        """)

    @OptionGroup var location: CacheLocation

    @Option(help: ArgumentHelp("How many results to keep and read.", valueName: "n"))
    var results = 1000

    @Option(name: .customLong("step-seconds"), help: ArgumentHelp("How long a simulated step takes.", valueName: "s"))
    var stepSeconds = 0.5

    @Flag(help: "Print JSON, times in seconds.")
    var json = false

    func validate() throws {
      if results < 10 { throw ValidationError("--results is \(results); 10 or more was expected.") }
      if !(stepSeconds > 0 && stepSeconds < 3600) {
        throw ValidationError("--step-seconds is \(stepSeconds); a time below an hour was expected.")
      }
    }

    func run() async throws {
      try await reporting {
        let benchmark = try await CacheBenchmark(in: location.path, results: results, stepSeconds: stepSeconds)
        try Terminal.write(json ? jsonText(Description(benchmark)) : text(benchmark))
      }
    }

    private func text(_ benchmark: CacheBenchmark) -> String {
      func row(_ name: String, _ times: CacheBenchmark.Times) -> [String] {
        [name] + [0.5, 0.99].map { String(format: "%.3f ms", times.quantile($0) * 1000) }
      }
      func overhead(_ seconds: Double) -> String {
        String(format: "%.2f s (%+.2f %%)", seconds, (seconds / benchmark.withoutCache - 1) * 100)
      }
      let times = tableText([
        ["", "median", "99 %"],
        row("store, full durability", benchmark.storingDurably), row("store, fast", benchmark.storing),
        row("hit", benchmark.hit), row("  of which hashing", benchmark.verifying),
      ])
      return times + """

        collector: \(Int(benchmark.filesLookedAt)) files a second looked at, \(Int(benchmark.filesRemoved)) removed
        20 steps: \(String(format: "%.2f s", benchmark.withoutCache)) without a cache, \
        \(overhead(benchmark.withCache)) with full durability, \(overhead(benchmark.withFastCache)) with fast

        """
    }

    private struct Description: Encodable {
      struct Times: Encodable {
        let p50: Double
        let p99: Double

        init(_ times: CacheBenchmark.Times) { (p50, p99) = (times.quantile(0.5), times.quantile(0.99)) }
      }

      struct Run: Encodable {
        let withoutCache: Double
        let full: Double
        let fast: Double
      }

      let storeFull: Times
      let storeFast: Times
      let hit: Times
      let hashing: Times
      let collectorFilesPerSecond: Double
      let collectorRemovalsPerSecond: Double
      let run: Run

      init(_ benchmark: CacheBenchmark) {
        storeFull = Times(benchmark.storingDurably)
        storeFast = Times(benchmark.storing)
        hit = Times(benchmark.hit)
        hashing = Times(benchmark.verifying)
        collectorFilesPerSecond = benchmark.filesLookedAt
        collectorRemovalsPerSecond = benchmark.filesRemoved
        run = Run(
          withoutCache: benchmark.withoutCache, full: benchmark.withCache, fast: benchmark.withFastCache)
      }
    }
  }
}
