import Foundation
import Synchronization

/// Memory that weights are packed in, counted, so that a model which is larger than memory runs slowly and is not killed:
/// beyond `limit` weights stay in their files, which the system can drop from memory and read again.
package enum PackedMemory {
  private static let used = Atomic<Int>(0)
  private static let setting = Atomic<Int>(0)

  /// Bytes beyond which no weight is packed that can stay in its file; at first two thirds of what this process may use.
  package static var limit: Int {
    get {
      let bytes = setting.load(ordering: .relaxed)
      return bytes > 0 ? bytes : usual
    }
    set { setting.store(max(1, newValue), ordering: .relaxed) }
  }

  private static let usual = available / 3 * 2

  /// What the machine has, or the control group of the process allows.
  private static let available: Int = {
    let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].compactMap { path in
      (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
        Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
      }
    }
    return limits.reduce(machine, min)
  }()

  /// Whether so many bytes more are within the limit.
  static func hasRoom(for bytes: Int) -> Bool { used.load(ordering: .relaxed) <= limit - bytes }

  /// Storage for a packed weight, counted while it lives.
  final class Block: Sendable {
    let storage: AlignedStorage
    private let byteCount: Int

    init(count: Int) {
      byteCount = count * MemoryLayout<Float>.stride
      storage = AlignedStorage(count: count)
      PackedMemory.used.wrappingAdd(byteCount, ordering: .relaxed)
    }

    deinit { PackedMemory.used.wrappingSubtract(byteCount, ordering: .relaxed) }
  }
}
