import GraphEngine
import Tensors
import Testing

import StepgraphNodes

struct ConditioningMixTests {
  private let to = Conditioning(
    Tensor(shape: [1, 2, 2], values: [1, 2, 3, 4]), pooled: Tensor(shape: [1, 2], values: [1, 1]))
  private let from = Conditioning(
    Tensor(shape: [1, 3, 2], values: [10, 20, 30, 40, 50, 60]), pooled: Tensor(shape: [1, 2], values: [3, 5]))
  private let short = Conditioning(Tensor(shape: [1, 1, 2], values: [8, 8]))

  private func mix(
    _ mode: String, _ to: Conditioning, _ from: Conditioning?, strength: Double = 0.25
  ) throws -> Conditioning {
    let node = ConditioningMix()
    var io = NodeIO(
      parameters: NodeParameters(["mode": .string(mode), "strength": .float(strength)]),
      inputs: ["to": [to]].merging(from.map { ["from": [$0]] } ?? [:]) { $1 })
    try node.run(&io)
    return try #require(io.outputs["conditioning"] as? Conditioning)
  }

  /// As ConditioningAverage: the other is cut to as many states, or filled up with zeros.
  @Test func averages() throws {
    let cut = try mix("average", to, from)
    #expect(cut.tensor.values == [7.75, 15.5, 23.25, 31])
    #expect(cut.pooled?.values == [2.5, 4])
    let filled = try mix("average", to, short)
    #expect(filled.tensor.values == [6.25, 6.5, 0.75, 1])
    #expect(filled.pooled?.values == [1, 1])
    #expect(try mix("average", short, from).pooled?.values == [3, 5])
    #expect(try mix("average", to, from, strength: 1).tensor == to.tensor)
  }

  @Test func concatenates() throws {
    let joined = try mix("concatenate", to, from)
    #expect(joined.tensor.shape == [1, 5, 2])
    #expect(joined.tensor.values == [1, 2, 3, 4, 10, 20, 30, 40, 50, 60])
    #expect(joined.pooled?.values == [1, 1])
    let two = Conditioning(Tensor(shape: [2, 1, 2], values: [1, 2, 3, 4]))
    #expect(try mix("concatenate", two, short).tensor.values == [1, 2, 8, 8, 3, 4, 8, 8])
  }

  @Test func zeroes() throws {
    let zeros = try mix("zero", to, nil)
    #expect(zeros.tensor == .zeros([1, 2, 2]) && zeros.pooled == .zeros([1, 2]))
  }

  @Test func combinesAnyNumber() throws {
    let two = try mix("combine", to, from)
    #expect(two.parts.map(\.tensor) == [to.tensor, from.tensor])
    let four = try mix("combine", two, mix("combine", short, to))
    #expect(four.parts.map(\.tensor) == [to.tensor, from.tensor, short.tensor, to.tensor])
    // What is done to a combination is done to each of its parts.
    #expect(try mix("zero", two, nil).parts.map(\.tensor) == [.zeros([1, 2, 2]), .zeros([1, 3, 2])])
    #expect(try mix("concatenate", two, short).parts.map(\.tensor.shape) == [[1, 3, 2], [1, 4, 2]])
  }

  @Test func aCombinationIsKept() throws {
    let two = try mix("combine", to, short)
    let bytes = try two.encoded()
    let again = try bytes.withUnsafeBytes { try Conditioning(decoding: $0) }
    #expect(again.parts.map(\.tensor) == two.parts.map(\.tensor))
    #expect(again.parts.map(\.pooled) == two.parts.map(\.pooled))
    #expect(two.byteCount == 4 * (4 + 2 + 2))
    let plain = try to.encoded().withUnsafeBytes { try Conditioning(decoding: $0) }
    #expect(plain.parts.count == 1 && plain.tensor == to.tensor && plain.pooled == to.pooled)
  }

  @Test func whatDoesNotFit() throws {
    let wide = Conditioning(.zeros([1, 2, 3]))
    func message(_ body: () throws -> Conditioning) -> String? {
      do {
        _ = try body()
        return nil
      } catch {
        return (error as? NodeFailure)?.message
      }
    }
    #expect(
      message { try mix("average", to, wide) }
        == "'from' is [1, 2, 3], but 'to' is [1, 2, 2]; the same width and number were expected")
    #expect(message { try mix("combine", to, nil) } == "combine takes two conditionings; 'from' was expected")
    #expect(message { try mix("zero", to, from) } == "zeros are made of 'to' alone; no 'from' was expected")
  }
}
