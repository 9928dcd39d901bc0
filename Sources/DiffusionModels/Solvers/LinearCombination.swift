import Tensors

/// A weighted sum of tensors that is not computed yet: what every sampling method makes of samples and predictions.
///
/// Formulas read as in the papers, `(x - sigma * e) / alpha`; weights stay in double precision and are merged where a
/// tensor occurs more than once, and `evaluated` passes over the tensors' memory once, in the order of their first
/// mention. Two combinations made of one tensor by two calls of `init` are not merged: the bits of a result depend on
/// the formula alone, and never on where in memory its tensors came to lie.
package struct LinearCombination: Sendable {
  /// A tensor under a name of its own.
  private final class Variable: Sendable {
    let tensor: Tensor
    init(_ tensor: Tensor) { self.tensor = tensor }
  }

  private var terms: [(variable: Variable, weight: Double)]

  private init(terms: [(variable: Variable, weight: Double)]) { self.terms = terms }

  /// The sum of nothing, to begin with.
  static let zero = Self(terms: [])

  /// The tensor itself.
  package init(_ tensor: Tensor) { terms = [(Variable(tensor), 1)] }

  package static func + (x: Self, y: Self) -> Self {
    y.terms.reduce(into: x) { sum, term in
      if let index = sum.terms.firstIndex(where: { $0.variable === term.variable }) {
        sum.terms[index].weight += term.weight
      } else {
        sum.terms.append(term)
      }
    }
  }

  package static func - (x: Self, y: Self) -> Self { x + -1 * y }
  package static func * (a: Double, x: Self) -> Self { Self(terms: x.terms.map { ($0.variable, a * $0.weight) }) }
  package static func / (x: Self, a: Double) -> Self { Self(terms: x.terms.map { ($0.variable, $0.weight / a) }) }
  package static func += (x: inout Self, y: Self) { x = x + y }

  /// The sum, in single precision.
  package func evaluated() -> Tensor {
    if terms.count == 1, terms[0].weight == 1 { return terms[0].variable.tensor }
    return .weightedSum(terms.map { (Float($0.weight), $0.variable.tensor) })
  }
}
