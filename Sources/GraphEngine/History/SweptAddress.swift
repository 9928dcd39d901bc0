/// An address taken apart: the point of the sweep, and the place in the workflow, which is the same at every point.
struct SweptAddress {
  /// `seed=1,cfg=5/` for `seed=1,cfg=5/sample[3]/next`; empty without a sweep.
  let point: Substring
  /// `sample[3]/next`.
  let place: Substring

  init(_ address: String) {
    let bytes = address.utf8
    let end = bytes.firstIndex(of: UInt8(ascii: "/")).map { bytes.index(after: $0) } ?? address.startIndex
    // No name of a node holds this sign.
    let start = bytes[..<end].contains(UInt8(ascii: "=")) ? end : address.startIndex
    (point, place) = (address[..<start], address[start...])
  }

  /// The point's values by param.
  var settings: [(name: Substring, value: Substring)] {
    point.dropLast().split(separator: ",").compactMap { setting in
      setting.firstIndex(of: "=").map { (setting[..<$0], setting[setting.index(after: $0)...]) }
    }
  }

  /// The address of another place at the same point.
  func withPlace(_ place: String) -> String { point + place }

  /// The places of the loops around the node, the outermost first: `sample` for `sample[3]/next`.
  var loops: [String] {
    place.indices.filter { place[$0] == "[" }.map { String(place[..<$0]) }
  }

  /// For the places of one node in two iterations: the earlier of both, and the outermost loop whose iterations differ.
  func lastCommonIteration(with other: SweptAddress) -> (place: String, loop: String)? {
    let (mine, others) = (place.split(separator: "/"), other.place.split(separator: "/"))
    guard mine.count == others.count else { return nil }
    var parts: [Substring] = []
    var loop: String?
    for (part, otherPart) in zip(mine, others) {
      guard part != otherPart else {
        parts.append(part)
        continue
      }
      guard let index = part.iteration, let otherIndex = otherPart.iteration, index.loop == otherIndex.loop else {
        return nil
      }
      if loop == nil { loop = (parts + [index.loop]).joined(separator: "/") }
      parts.append(index.number < otherIndex.number ? part : otherPart)
    }
    return loop.map { (parts.joined(separator: "/"), $0) }
  }
}

extension Substring {
  /// `sample` and 3 for `sample[3]`.
  fileprivate var iteration: (loop: Substring, number: Int)? {
    guard last == "]", let bracket = firstIndex(of: "["), let number = Int(self[index(after: bracket)...].dropLast())
    else { return nil }
    return (self[..<bracket], number)
  }
}

/// How often each loop ran, by the addresses of the nodes in it.
struct LoopIterations {
  private let addresses: [String]

  init(_ addresses: [String]) { self.addresses = addresses }

  /// Of the loop of this address, such as `seed=1/sample`.
  func count(of loop: String) -> Int {
    let start = loop + "["
    return Set(addresses.filter { $0.hasPrefix(start) }.map { $0.dropFirst(start.count).prefix { $0 != "]" } }).count
  }
}
