/// What is done to the queries or keys of each head before attention: a root-mean-square norm, and the rotation by position.
struct HeadPreparation {
  /// The norm's weight, [d], of stretches of tokens that follow each other.
  let norms: [(tokens: Range<Int>, weight: Tensor)]
  let eps: Float
  let rotation: RotaryEmbedding

  /// Writes what is made of one head of the token at a position.
  func apply(to x: UnsafePointer<Float>, token: Int, result y: UnsafeMutablePointer<Float>) {
    guard let weight = norms.first(where: { $0.tokens.contains(token) })?.weight else {
      preconditionFailure("token \(token) is in no stretch")
    }
    let width = weight.count
    var squares = Vector.zero
    forEachVector(0..<width) { c in
      let value = Vector(loading: x + c)
      squares = squares.addingProduct(value, value)
    } tail: { c, lanes in
      let value = Vector(loading: x + c, count: lanes)
      squares = squares.addingProduct(value, value)
    }
    let scale = Vector(repeating: 1 / (squares.laneSum / Float(width) + eps).squareRoot())
    weight.withUnsafePointer { weight in
      forEachVector(0..<width) { c in
        (Vector(loading: weight + c) * (Vector(loading: x + c) * scale)).store(to: y + c)
      } tail: { c, lanes in
        (Vector(loading: weight + c, count: lanes) * (Vector(loading: x + c, count: lanes) * scale))
          .store(to: y + c, count: lanes)
      }
    }
    rotation.turn(y, token: token, to: y)
  }
}
