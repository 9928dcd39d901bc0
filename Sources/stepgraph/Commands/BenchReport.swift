import Foundation
import Tensors

/// What a benchmark measured, as `--json` prints it.
struct BenchReport: Encodable {
  struct Layer: Encodable {
    let kind: String
    let calls: Int
    let seconds: Double
    /// Of the time of a run.
    let share: Double
    /// What the kind takes at least on this machine: its products at the peak of one that stays in the first-level cache,
    /// or its activations and weights at the speed of memory, whichever is longer.
    let floorSeconds: Double
  }

  let part: String
  let size: Int
  let batch: Int
  let precision: String
  let threads: Int
  let numerics: String
  /// The library that multiplies where our own products cannot, and the processor it takes this one for.
  let openBLAS: String
  let loadSeconds: Double
  let firstSeconds: Double
  let seconds: [Double]
  let medianSeconds: Double
  let minimumSeconds: Double
  let peakMegabytes: Int
  /// Operations of one run by the definition of its layers, in units of 10^9.
  let gigaOperations: Double
  let gigaOperationsPerSecond: Double
  let layers: [Layer]?

  init(
    part: String, size: Int, batch: Int, precision: String, load: Double, first: Double, times: [Double],
    layers: [Profile.Kind: Profile.Entry], showsProfile: Bool
  ) {
    (self.part, self.size, self.batch, self.precision) = (part, size, batch, precision)
    (threads, numerics, openBLAS) = (Parallel.threadCount, Numerics.identifier, Numerics.library)
    (loadSeconds, firstSeconds, seconds) = (load, first, times)
    let sorted = times.sorted()
    medianSeconds = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    minimumSeconds = sorted[0]
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    peakMegabytes = Int(usage.ru_maxrss) / 1024
    let runs = Double(times.count)
    gigaOperations = layers.values.reduce(0) { $0 + $1.operations } / runs / 1e9
    gigaOperationsPerSecond = gigaOperations / medianSeconds
    self.layers = showsProfile ? Self.layers(layers, runs: runs, total: times.reduce(0, +)) : nil
  }

  private static func layers(
    _ entries: [Profile.Kind: Profile.Entry], runs: Double, total: Double
  ) -> [Layer] {
    let memory = MachineSpeed.memory()
    let peaks = Precision.allCases.filter(\.isSupported).map {
      ($0, MachineSpeed.products($0, threads: Parallel.threadCount))
    }
    let speeds = Dictionary(uniqueKeysWithValues: peaks)
    return entries.sorted { $0.value.seconds > $1.value.seconds }.map { kind, entry in
      let products = entry.products.reduce(0) { $0 + $1.value / (speeds[$1.key] ?? .infinity) }
      return Layer(
        kind: kind.rawValue, calls: Int((Double(entry.calls) / runs).rounded()), seconds: entry.seconds / runs,
        share: entry.seconds / total, floorSeconds: max(products, entry.bytes / memory) / runs)
    }
  }

  /// For people.
  var text: String {
    func number(_ value: Double, _ digits: Int = 3) -> String { String(format: "%.\(digits)f", value) }
    var rows = [
      ["part", "\(part), \(size)x\(size), batch \(batch), \(precision), \(threads) threads"],
      ["numerics", numerics],
      ["load", "\(number(loadSeconds)) s"],
      ["first run", "\(number(firstSeconds)) s"],
      ["median of \(seconds.count)", "\(number(medianSeconds)) s"],
      ["minimum", "\(number(minimumSeconds)) s"],
      ["operations", "\(number(gigaOperations, 1)) G, \(number(gigaOperationsPerSecond, 0)) G/s"],
      ["peak memory", "\(peakMegabytes) MB"],
    ]
    var text = tableText(rows)
    guard let layers else { return text }
    rows = [["layers", "calls", "seconds", "share", "floor"]]
    for layer in layers {
      rows.append([
        layer.kind, "\(layer.calls)", number(layer.seconds, 4), "\(number(100 * layer.share, 1)) %",
        number(layer.floorSeconds, 4),
      ])
    }
    let rest = uncounted(layers)
    rows.append(["rest", "", number(rest.seconds, 4), "\(number(100 * rest.share, 1)) %", ""])
    text += "\n" + tableText(rows)
    return text
  }

  /// What no layer counted.
  private func uncounted(_ layers: [Layer]) -> (seconds: Double, share: Double) {
    let mean = seconds.reduce(0, +) / Double(seconds.count)
    let counted = layers.reduce(0) { $0 + $1.seconds }
    return (mean - counted, 1 - counted / mean)
  }
}
