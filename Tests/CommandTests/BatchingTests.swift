import Foundation
import Safetensors
import Tensors
import Testing

/// Predictions of one step run as one batch, which changes nothing but the time.
struct BatchingTests {
  private static let txt2img = Repository.graphs.appending(path: "txt2img.yaml").path
  private static let tiny = "model=\(Repository.tinyModel)"

  /// Digests of everything that a run keeps.
  private func contents(of stepgraph: Stepgraph) -> Set<String> {
    Set(stepgraph.folder.names.filter { $0.contains("/cas/") })
  }

  @Test(arguments: [
    Repository.demoModel, "\(Repository.tinyModel)", "\(Repository.fixtures.path)/sd2-tiny/model",
  ])
  func everyResultHasTheSameBits(_ model: String) throws {
    let settings = ["model=\(model)", "negative=a blue apple", "steps=3", "width=72", "height=88", "batch=2"]
    let alone = try Stepgraph()
    let events = try alone.run(Self.txt2img, settings, "--no-batch")
    #expect(events.batches == [])
    let expected = contents(of: alone)
    #expect(expected.count > 20)
    for threads in ["1", "2", "3"] {
      let stepgraph = try Stepgraph()
      let events = try stepgraph.run(Self.txt2img, settings, "--threads", threads)
      #expect(events.batches == (0..<3).map { step in ["u", "p", "n"].map { "sample[\(step)]/eps_\($0)" } })
      #expect(contents(of: stepgraph) == expected)
    }
  }

  @Test func whatIsCachedLeavesASmallerBatch() throws {
    let stepgraph = try Stepgraph()
    let settings = [Self.tiny, "negative=a blue apple", "steps=2"]
    _ = try stepgraph.run(Self.txt2img, settings, "--target", "sample[0]/eps_p")
    let rest = try stepgraph.run(Self.txt2img, settings)
    #expect(
      rest.batches == [
        ["sample[0]/eps_u", "sample[0]/eps_n"], ["sample[1]/eps_u", "sample[1]/eps_p", "sample[1]/eps_n"],
      ])
  }

  /// All prompts are encoded first, and then the first step is one batch: it starts from one latent.
  @Test func theFirstStepOfASweepOverPromptsIsOneBatch() throws {
    let stepgraph = try Stepgraph()
    let events = try stepgraph.run(
      Self.txt2img, [Self.tiny, "steps=2"], "--sweep", "prompt=a|b|c", "--no-sheet", "--no-cache")
    #expect(
      events.batches.first == ["prompt=a/sample[0]/eps_u"] + ["a", "b", "c"].map { "prompt=\($0)/sample[0]/eps_p" })
    #expect(
      events.batches.dropFirst()
        == ["a", "b", "c"].map { prompt in
          ["u", "p"].map { "prompt=\(prompt)/sample[1]/eps_\($0)" }
        }[...])
  }

  /// A conditioning that the model cannot take fails its node alone.
  @Test func whatDoesNotFitIsToldByNameAndLosesNothing() throws {
    let stepgraph = try Stepgraph()
    var file = SafetensorsWriter()
    file.add("tensor", Tensor(repeating: 0.5, shape: [1, 77, 40]))
    try Data(file.bytes()).write(to: stepgraph.folder.file("wide.safetensors"))
    var graph = """
      stepgraph: 1
      nodes:
        model:    {node: LoadModel, with: {path: \(Repository.tinyModel)}}
        one:      {node: TextEncode, in: {clip: model.clip}, with: {text: one}}
        two:      {node: TextEncode, in: {clip: model.clip}, with: {text: two}}
        wide:     {node: LoadTensor, with: {path: wide.safetensors}}
        start:    {node: EmptyLatent, in: {vae: model.vae}, with: {width: 16, height: 16, seed: 3}}
        schedule: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 4}}

      """
    for name in ["one", "wide", "two"] {
      graph +=
        "  eps_\(name): {node: UNetPredict, in: {unet: model.unet, latent: start, conditioning: \(name),"
        + " schedule: schedule}, with: {step: 0}}\n"
    }
    graph += "outputs: {one: eps_one, wide: eps_wide, two: eps_two}\n"
    try stepgraph.folder.write(graph, to: "g.yaml")
    let result = try stepgraph("run", "g.yaml", "--quiet", "--events", ".events")
    #expect(result.status == 1)
    #expect(
      result.errors.contains(
        "node 'eps_wide' (UNetPredict): the conditioning is [1, 77, 40]; the UNet takes [1, t, 32]"))
    #expect(try stepgraph.events().batches == [["eps_one", "eps_two"]])
    let kept = try stepgraph.run("g.yaml", [], "--target", "eps_one", "--target", "eps_two")
    #expect(kept.executed == [])
  }
}
