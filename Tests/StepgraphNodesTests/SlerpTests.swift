import DiffusionModels
import Foundation
import GraphEngine
import StepgraphNodes
import Tensors
import Testing

private func slerp(_ from: Latent, _ to: Latent, _ amount: Double) throws -> Latent {
  var io = NodeIO(
    parameters: NodeParameters(["amount": .float(amount)]), inputs: ["from": [from], "to": [to]])
  try Slerp().run(&io)
  return try #require(io.outputs["latent"] as? Latent)
}

private func latent(_ values: [Float], _ shape: [Int]? = nil, level: Double? = 0) -> Latent {
  Latent(Tensor(shape: shape ?? [1, 1, 1, values.count], values: values), level: level.map { NoiseLevel($0) })
}

struct SlerpTests {
  @Test func theEndsAreTheLatentsThemselves() throws {
    let (a, b) = (latent([1, -2, 0.3]), latent([0.5, 4, -7]))
    #expect(try slerp(a, b, 0).tensor.values == a.tensor.values)
    #expect(try slerp(a, b, 1).tensor.values == b.tensor.values)
  }

  /// On the unit circle the angle goes from one to the other evenly.
  @Test(arguments: [0.1, 0.25, 0.5, 0.9])
  func theWayIsAnArc(_ amount: Double) throws {
    let (start, end) = (0.3, 2.1)
    func point(_ angle: Double) -> Latent { latent([Float(cos(angle)), Float(sin(angle))]) }
    let result = try slerp(point(start), point(end), amount).tensor.values
    let expected = point(start + amount * (end - start)).tensor.values
    for (a, b) in zip(result, expected) { #expect(abs(a - b) < 1e-6) }
  }

  @Test func eachSampleGoesItsOwnWay() throws {
    let shape = [2, 1, 1, 2]
    let result = try slerp(latent([1, 0, 3, 0], shape), latent([0, 1, 9, 0], shape), 0.5)
    for (a, b) in zip(result.tensor.values, [0.70710678, 0.70710678, 6, 0] as [Float]) {
      #expect(abs(a - b) < 1e-6)
    }
  }

  @Test func zerosAndOppositesHaveNoArc() throws {
    #expect(try slerp(latent([0, 0]), latent([2, 4]), 0.5).tensor.values == [1, 2])
    #expect(try slerp(latent([1, 2]), latent([-1, -2]), 0.5).tensor.values == [0, 0])
  }

  @Test func levelsAndShapesMustBeEqual() throws {
    #expect(try slerp(latent([1], level: nil), latent([2], level: 0.25), 0.5).level == NoiseLevel(0.25))
    let level = #expect(throws: NodeFailure.self) { try slerp(latent([1]), latent([1], level: 0.5), 0.5) }
    #expect(level?.message == "'to' is at level 0.5, but 'from' is at level 0")
    let shape = #expect(throws: NodeFailure.self) { try slerp(latent([1]), latent([1, 2]), 0.5) }
    #expect(shape?.message == "'to' is [1, 1, 1, 2], but 'from' is [1, 1, 1, 1]")
    #expect(shape?.port == "to")
  }
}
