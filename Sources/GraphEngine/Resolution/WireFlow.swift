import Diagnostics

/// The types of what may come along a wire, found by letting them flow from outputs to inputs.
///
/// A loop's carry takes the type of its start and of its yield, and so on around the loop: whatever is added here reaches
/// everything that listens, at once or later.
package final class WireFlow {
  enum Item: Hashable {
    case type(WireType)
    /// Nothing comes, at least sometimes; with the reason.
    case none(String)
    /// What comes is a list, such as what a loop collects.
    case list
  }

  private var items: [Item] = []
  private var listeners: [(Item) -> Void] = []

  /// The types so far.
  package var types: [WireType] { items.compactMap { if case .type(let type) = $0 { type } else { nil } } }
  package var isList: Bool { items.contains(.list) }
  package var mayBeNone: Bool { items.contains { if case .none = $0 { true } else { false } } }

  init(_ types: WireType...) { items = types.map { .type($0) } }

  func add(_ item: Item) {
    guard !items.contains(item) else { return }
    items.append(item)
    for listener in listeners { listener(item) }
  }

  func listen(_ listener: @escaping (Item) -> Void) {
    listeners.append(listener)
    for item in items { listener(item) }
  }

  /// Lets go of what listens: flows of a loop listen to each other.
  func close() { listeners = [] }

  func feed(_ other: WireFlow) { listen { other.add($0) } }

  /// What comes of this flow for each iteration of a loop, as a list.
  func feed(itemsOf list: WireFlow) {
    list.add(.list)
    feed(list)
  }
}

extension WireType {
  /// Whether a value of this type's shape fits `target`'s: as many dimensions, and the same numbers where both have one.
  package func shapeFits(_ target: WireType) -> Bool {
    guard let shape, let wanted = target.shape else { return true }
    guard shape.count == wanted.count else { return false }
    return zip(shape, wanted).allSatisfy { $0 == $1 || Int($0) == nil || Int($1) == nil }
  }

  /// `latent [n, c, h, w]`, for messages.
  package var label: String { shape.map { "\(name) [\($0.joined(separator: ", "))]" } ?? name }
}
