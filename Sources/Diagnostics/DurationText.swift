import Foundation

/// A duration as people read it: `84 ms`, `1.3 s`, `2 min 05 s`, `1 h 02 min`.
package func durationText(_ seconds: Double) -> String {
  switch seconds {
  case ..<0.9995: return "\(Int((seconds * 1000).rounded())) ms"
  case ..<59.95: return String(format: "%.1f s", seconds)
  case ..<3599.5:
    let whole = Int(seconds.rounded())
    return String(format: "%d min %02d s", whole / 60, whole % 60)
  default:
    let minutes = Int((seconds / 60).rounded())
    return String(format: "%d h %02d min", minutes / 60, minutes % 60)
  }
}
