/// The transforms of Winograd's F(4, 3): `y = Aᵀ ((G g) ⊙ (Bᵀ d))` gives four outputs of a kernel of three taps.
///
/// Made by the Cook-Toom method from the points 0, ±√½, ±√2 and infinity. Reciprocal points keep the numbers of a size: in
/// single precision a convolution comes out half as exact as a direct one, with the usual 0, ±1, ±2 a quarter.
/// Sources: Lavin and Gray 2016; on the points, Alam, Anderson, Barabasz and Gregg 2022.
enum WinogradTransforms {
  /// Taps, inputs and outputs of one tile along one axis.
  static let (taps, inputs, outputs) = (3, 6, 4)

  /// Bᵀ d.
  @inline(__always) static func input(
    _ d: (Vector, Vector, Vector, Vector, Vector, Vector)
  ) -> (Vector, Vector, Vector, Vector, Vector, Vector) {
    let (small, large) = (Vector(repeating: 0.707_106_77), Vector(repeating: 1.414_213_5))
    let evenSmall = d.4.addingProduct(d.2, Vector(repeating: -2))
    let oddSmall = (small * d.3).addingProduct(d.1, -large)
    let evenLarge = d.4.addingProduct(d.2, Vector(repeating: -0.5))
    let oddLarge = (large * d.3).addingProduct(d.1, -small)
    return (
      (d.0 + d.4).addingProduct(d.2, Vector(repeating: -2.5)),
      evenSmall + oddSmall, evenSmall - oddSmall, evenLarge + oddLarge, evenLarge - oddLarge,
      (d.1 + d.5).addingProduct(d.3, Vector(repeating: -2.5))
    )
  }

  /// G g.
  @inline(__always) static func weight(
    _ g: (Vector, Vector, Vector)
  ) -> (Vector, Vector, Vector, Vector, Vector, Vector) {
    let evenSmall = (Vector(repeating: -2.0 / 3) * g.0).addingProduct(g.2, Vector(repeating: -1.0 / 3))
    let evenLarge = (Vector(repeating: 1.0 / 6) * g.0).addingProduct(g.2, Vector(repeating: 1.0 / 3))
    let (small, large) = (Vector(repeating: 0.471_404_52), Vector(repeating: 0.235_702_26))  // 2/3 √½ and 1/6 √2
    return (
      g.0, evenSmall.addingProduct(g.1, -small), evenSmall.addingProduct(g.1, small),
      evenLarge.addingProduct(g.1, large), evenLarge.addingProduct(g.1, -large), g.2
    )
  }

  /// Aᵀ m.
  @inline(__always) static func output(
    _ m: (Vector, Vector, Vector, Vector, Vector, Vector)
  ) -> (Vector, Vector, Vector, Vector) {
    let (evenSmall, oddSmall, evenLarge, oddLarge) = (m.1 + m.2, m.1 - m.2, m.3 + m.4, m.3 - m.4)
    let (small, large) = (Vector(repeating: 0.707_106_77), Vector(repeating: 1.414_213_5))
    return (
      m.0 + evenSmall + evenLarge,
      (small * oddSmall).addingProduct(oddLarge, large),
      (Vector(repeating: 0.5) * evenSmall).addingProduct(evenLarge, Vector(repeating: 2)),
      m.5.addingProduct(oddSmall, 0.5 * small).addingProduct(oddLarge, 2 * large)
    )
  }
}
