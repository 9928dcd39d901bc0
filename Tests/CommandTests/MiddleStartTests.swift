import Foundation
import Safetensors
import Testing

/// Every method of Graphs/samplers that begins in the middle of its steps, against diffusers' class started there.
struct MiddleStartTests {
  /// What `make_start_fixtures.py` wrote.
  private struct Reference: Decodable {
    struct Run: Decodable {
      let name: String
      let graph: String
      /// The method whose schedule it goes on from; nil for one that begins on its own.
      let after: String?
      let seed: UInt64
      let evaluations: Int
    }
    struct Settings: Decodable {
      let uncond: String
      let prompt: String
      let negative: String
      let cfg: Double
      let steps: Int
      let first: Int
      let size: Int
    }
    let settings: Settings
    let runs: [Run]
  }

  private static let folder = Repository.fixtures.appending(path: "samplers")
  /// The parameters of `NoiseSchedule` that the graph of a method gives, with its own spacing.
  private static func convention(of graph: String) throws -> String {
    let text = try String(contentsOf: Repository.graphs.appending(path: "samplers/\(graph).yaml"), encoding: .utf8)
    let spacing = try #require(text.firstMatch(of: /spacing: +\{type: choice, default: (\w+)/)?.1)
    return try String(#require(text.firstMatch(of: /with: \{first: \$\(first\), (steps: .*?)\}\}/)?.1))
      .replacing("$(spacing)", with: spacing)
  }

  @Test func everyStepMatchesDiffusers() throws {
    let reference = try JSONDecoder().decode(
      Reference.self, from: Data(contentsOf: Self.folder.appending(path: "starts.json")))
    let graphs = try FileManager.default.contentsOfDirectory(atPath: Repository.graphs.appending(path: "samplers").path)
      .filter { $0.hasSuffix(".yaml") }
    #expect(Set(reference.runs.filter { $0.after == nil }.map { "\($0.graph).yaml" }) == Set(graphs))

    let stepgraph = try Stepgraph()
    for run in reference.runs {
      try stepgraph.folder.write(tapped(run), to: "\(run.name).yaml")
    }
    try stepgraph.folder.write(workflow(of: reference), to: "all.yaml")
    _ = try stepgraph.run("all.yaml", [], "--no-cache")
    let expected = try SafetensorsReader(path: Self.folder.appending(path: "starts.safetensors").path)
    for run in reference.runs {
      try stepgraph.expect("\(run.name).start.safetensors", is: expected.tensor("\(run.name).start"))
      let latents = try expected.tensor("\(run.name).latent")
      let files = stepgraph.folder.names.filter { $0.hasPrefix("\(run.name).latent.") }
      let places = files.compactMap { Int($0.split(separator: ".")[2]) }.sorted()
      try #require(places.count == run.evaluations, "\(run.name)")
      for (place, evaluation) in places.enumerated() {
        let theirs = latents.sample(place).reshaped(Array(latents.shape.dropFirst()))
        try stepgraph.expect("\(run.name).latent.\(evaluation).safetensors", is: theirs)
      }
    }
  }

  /// A shipped graph with a tap that writes what every evaluation gives.
  private func tapped(_ run: Reference.Run) throws -> String {
    let tap =
      "      tap: {node: SaveTensor, in: {tensor: next.latent}, with: {path: \(run.name).latent.$(i).safetensors}}\n"
    return try String(
      contentsOf: Repository.graphs.appending(path: "samplers/\(run.graph).yaml"), encoding: .utf8
    ).replacingOccurrences(of: "    yield:", with: tap + "    yield:")
  }

  private func workflow(of reference: Reference) throws -> String {
    let settings = reference.settings
    var lines = [
      "stepgraph: 1", "nodes:",
      "  model:    {node: LoadModel, with: {path: \(Repository.tinyModel)}}",
      "  uncond:   {node: TextEncode, in: {clip: model.clip}, with: {text: \"\(settings.uncond)\"}}",
      "  positive: {node: TextEncode, in: {clip: model.clip}, with: {text: \"\(settings.prompt)\"}}",
      "  negative: {node: TextEncode, in: {clip: model.clip}, with: {text: \"\(settings.negative)\"}}",
      "  empty: {node: EmptyLatent, in: {vae: model.vae}, with: {width: \(settings.size), height: \(settings.size)}}",
    ]
    for (index, run) in reference.runs.enumerated() {
      // The level of the start is that of the schedule it begins in, or goes on from.
      let options = try Self.convention(of: run.after ?? run.graph)
        .replacing("$(steps)", with: "\(settings.steps)")
        .replacing("$(curve)", with: "none").replacing("$(end)", with: "zero")
      let isDoubled = ["heun", "dpm2", "dpm2-ancestral"].contains(run.after ?? run.graph)
      let step = isDoubled ? 2 * settings.first : run.graph == "plms" ? settings.first + 1 : settings.first
      let after = run.after == nil ? "" : ", after: schedule_\(index)"
      lines += [
        "  schedule_\(index): {node: NoiseSchedule, in: {unet: model.unet}, with: {\(options)}}",
        "  start_\(index): {node: AddNoise, in: {latent: empty, schedule: schedule_\(index)}, with: {step: \(step), seed: \(run.seed)}}",
        "  tap_\(index): {node: SaveTensor, in: {tensor: start_\(index)}, with: {path: \(run.name).start.safetensors}}",
        "  run_\(index):",
        "    graph: \(run.name).yaml",
        "    in: {unet: model.unet, positive: positive, uncond: uncond, negative: negative, latent: start_\(index)\(after)}",
        "    with: {steps: \(settings.steps), first: \(settings.first), cfg: \(settings.cfg), seed: \(run.seed)}",
      ]
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
