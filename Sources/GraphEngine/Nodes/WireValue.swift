/// What may travel on a wire.
///
/// The engine knows a value by its type's name and by its bytes, and nothing else of it.
package protocol WireValue: Sendable {
  static var wireType: WireType { get }

  /// What can be known of a value before it exists, for nodes that look ahead (`ForecastingNode`).
  associatedtype Forecast: Sendable = Never

  /// The value as bytes for the cache; every value of a `cacheable` type can be written.
  func encoded() throws -> [UInt8]
  /// Reads what `encoded` wrote. Throws when the bytes are not of this type.
  init(decoding bytes: UnsafeRawBufferPointer) throws
  /// About how many bytes of memory the value takes.
  var byteCount: Int { get }
  /// True when every number in the value is finite. A node that puts out anything else fails by name.
  var isFinite: Bool { get }
  /// Takes the value of another type whose `wireType` can feed this one. Throws `NodeFailure` when it does not fit.
  static func converting(_ other: any WireValue) throws -> Self
}

extension WireValue {
  package static func converting(_ other: any WireValue) throws -> Self {
    guard let same = other as? Self else {
      throw NodeFailure("a value of type '\(type(of: other).wireType.name)' cannot feed '\(wireType.name)'")
    }
    return same
  }
}

/// The name and the static shape of what a port carries.
package struct WireType: Sendable, Hashable {
  /// The name that workflow files use, such as `latent`.
  package let name: String
  /// Dimensions, each a number or a letter: `["n", "77", "d"]`; nil for values that are no tensors.
  package let shape: [String]?
  /// Handles (loaded models) never go into the cache.
  package let isCacheable: Bool
  /// A plain tensor, which may feed every tensor port and be fed by each.
  package let isUniversalTensor: Bool
  /// Names of other types whose ports take it; what is on the wire decides whether it fits.
  package let alsoFeeds: Set<String>

  package init(
    _ name: String, shape: [String]? = nil, isCacheable: Bool = true, isUniversalTensor: Bool = false,
    alsoFeeds: Set<String> = []
  ) {
    self.alsoFeeds = alsoFeeds
    self.name = name
    self.shape = shape
    self.isCacheable = isCacheable
    self.isUniversalTensor = isUniversalTensor
  }

  /// Whether a wire may lead from a port of this type to one of type `target`.
  package func canFeed(_ target: WireType) -> Bool {
    if name == target.name || alsoFeeds.contains(target.name) { return true }
    if isUniversalTensor { return target.shape != nil }
    return target.isUniversalTensor && shape != nil
  }
}
