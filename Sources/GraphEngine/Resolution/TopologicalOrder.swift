/// Sorts the members of a body so that each comes after what it depends on, otherwise as written.
///
/// Cycles are reported to `onCycle`, each as the members along it in the direction of the wires, the first one again
/// at the end; the order then ignores the wire that closes it.
func topologicalOrder(dependencies: [[Int]], onCycle: ([Int]) -> Void) -> [Int] {
  enum Mark { case new, open, done }
  var marks = [Mark](repeating: .new, count: dependencies.count)
  var order: [Int] = []
  // Pairs of a member and the number of its dependencies already followed, in place of recursion.
  var path: [(member: Int, next: Int)] = []
  for start in dependencies.indices where marks[start] == .new {
    marks[start] = .open
    path.append((start, 0))
    while let (member, next) = path.last {
      guard next < dependencies[member].count else {
        marks[member] = .done
        order.append(member)
        path.removeLast()
        continue
      }
      path[path.count - 1].next += 1
      let dependency = dependencies[member][next]
      switch marks[dependency] {
      case .done: break
      case .new:
        marks[dependency] = .open
        path.append((dependency, 0))
      case .open:
        guard let first = path.firstIndex(where: { $0.member == dependency }) else { break }
        onCycle(cycle(path[first...].map(\.member)))
      }
    }
  }
  return order
}

/// Each member of `chain` depends on the next and the last on the first; returns them along the wires, from the first written.
private func cycle(_ chain: [Int]) -> [Int] {
  let alongWires = Array(chain.reversed())
  guard let start = alongWires.indices.min(by: { alongWires[$0] < alongWires[$1] }) else { return [] }
  return Array(alongWires[start...] + alongWires[..<start]) + [alongWires[start]]
}
