/// What this machine can do at best, measured: the floors of a profile.
package enum MachineSpeed {
  /// Multiplications and additions a second in matrix products, on `threads` threads, from the first-level cache.
  package static func products(_ precision: Precision, threads: Int) -> Double {
    let (rows, depth, repeats) = (96, 128, 500)
    let factors = AlignedStorage(count: (rows + PanelProduct.width) * depth)
    factors.elements.update(repeating: 0, count: (rows + PanelProduct.width) * depth)
    let pointers = (0..<rows).map { Optional(UnsafePointer(factors.elements + $0 * depth)) }
    let seconds = best {
      Parallel.forEach(threads, scratch: rows * PanelProduct.width) { _, result in
        for _ in 0..<repeats {
          PanelProduct.multiply(
            precision, rows: rows, columns: PanelProduct.width, depth: depth, a: pointers,
            fetchesRows: false, b: factors.elements + rows * depth, c: result, cStride: PanelProduct.width, adds: false)
        }
      }
    }
    let perCall = 2 * rows * PanelProduct.width * depth * precision.factorsPerWord
    return Double(threads * repeats * perCall) / seconds
  }

  /// Bytes a second read from memory and written to it, on all threads.
  package static func memory() -> Double {
    let x = Tensor(repeating: 1, shape: [16 << 20])
    return Double(8 * x.count) / best { _ = 2 * x }
  }

  /// The shortest of a few times.
  private static func best(_ body: () -> Void) -> Double {
    (0..<5).map { _ in ContinuousClock().measure(body) / .seconds(1) }.min() ?? .infinity
  }
}
