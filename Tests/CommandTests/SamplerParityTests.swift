import Foundation
import Safetensors
import Tensors
import Testing

import DiffusionModels

/// Every method of Graphs/samplers through the command, against diffusers' class at every step.
struct SamplerParityTests {
  /// What `make_sampler_fixtures.py` wrote.
  private struct Reference: Decodable {
    struct Run: Decodable {
      let model: String
      let name: String
      let graph: String
      let steps: Int
      let evaluations: Int
      /// Of a long run the reference keeps every so many-th evaluation, and the last.
      let every: Int
      let params: [String: String]
      let seed: UInt64
      let width: Int
      let height: Int
      let batch: Int
    }
    struct Settings: Decodable {
      let uncond: String
      let prompt: String
      let negative: String
      let cfg: Double
    }
    let settings: Settings
    let runs: [Run]
  }

  private static let folder = Repository.fixtures.appending(path: "samplers")

  /// All runs of a model stand in one workflow, so that it is loaded once.
  @Test(arguments: ["sd1-tiny", "sd2-tiny"])
  func everyStepMatchesDiffusers(_ model: String) throws {
    let reference = try Self.reference()
    let runs = reference.runs.filter { $0.model == model }
    let stepgraph = try Stepgraph()
    for graph in Set(runs.map(\.graph)) {
      try stepgraph.folder.write(tapped(graph), to: "\(graph).yaml")
    }
    try stepgraph.folder.write(workflow(of: runs, on: model, reference.settings), to: "all.yaml")
    _ = try stepgraph.run("all.yaml", [], "--no-cache")

    let expected = try SafetensorsReader(path: Self.folder.appending(path: "\(model).safetensors").path)
    var worst: (relative: Double, name: String) = (0, "")
    func check(_ file: String, against theirs: Tensor) throws {
      let relative = try stepgraph.expect("\(file).safetensors", is: theirs)
      if relative > worst.relative { worst = (relative, file) }
    }
    for run in runs {
      let kept = (0..<run.evaluations).filter { ($0 + 1).isMultiple(of: run.every) || $0 + 1 == run.evaluations }
      try check("\(run.name).start", against: expected.tensor("\(run.name).start"))
      for part in ["latent", "denoised"] where expected.names.contains("\(run.name).\(part)") {
        let theirs = try expected.tensor("\(run.name).\(part)")
        try #require(theirs.shape[0] == kept.count)
        for (place, evaluation) in kept.enumerated() {
          let one = theirs.sample(place)
          try check("\(run.name).\(part).\(evaluation)", against: one.reshaped(Array(one.shape.dropFirst())))
        }
      }
    }
    print("\(model): \(runs.count) runs, the largest relative error is \(worst.relative), of \(worst.name)")
  }

  /// The schedules that the graphs ask for have the timesteps of the class.
  @Test(arguments: ["sd1-tiny", "sd2-tiny"])
  func timestepsAreThoseOfDiffusers(_ model: String) throws {
    let config = try Model(path: Repository.fixtures.appending(path: "\(model)/model").path).schedulerConfig()
    let expected = try SafetensorsReader(path: Self.folder.appending(path: "\(model).safetensors").path)
    for run in try Self.reference().runs where run.model == model {
      let graph = try text(of: run.graph)
      let convention = try #require(graph.firstMatch(of: /convention: (\w+)/)?.1)
      var options = ScheduleOptions(
        steps: run.steps, convention: try #require(ScheduleConvention(rawValue: String(convention))))
      let spacing = try #require(graph.firstMatch(of: /spacing: +\{type: choice, default: (\w+)/)?.1)
      options.spacing = TimestepSpacing(rawValue: run.params["spacing"] ?? String(spacing))
      options.curve = run.params["curve"].flatMap(SigmaCurve.init)
      let ours = try Schedule(config, options).timesteps
      let theirs = try expected.tensor("\(run.name).timesteps").values.map(Double.init)
      #expect(ours.count == theirs.count, "\(run.name)")
      for (time, reference) in zip(ours, theirs) {
        // Whole times are equal; others are interpolated in the logarithm of sigma, in single precision there.
        let tolerance = 1e-6 * Double(config.trainSteps)
        #expect(abs(time - reference) <= tolerance, "\(run.name): \(time) for \(reference)")
      }
    }
  }

  private static func reference() throws -> Reference {
    try JSONDecoder().decode(Reference.self, from: Data(contentsOf: folder.appending(path: "samplers.json")))
  }

  private func text(of graph: String) throws -> String {
    try String(contentsOf: Repository.graphs.appending(path: "samplers/\(graph).yaml"), encoding: .utf8)
  }

  /// A shipped graph with taps that write what every evaluation gives.
  private func tapped(_ name: String) throws -> String {
    let taps = ["latent", "denoised"].map { output in
      "      \(output)_tap: {node: SaveTensor, in: {tensor: next.\(output)}, "
        + "with: {path: $(tap).\(output).$(i).safetensors}}\n"
    }
    return try text(of: name)
      .replacingOccurrences(of: "params:\n", with: "params:\n  tap: {type: string}\n")
      .replacingOccurrences(of: "    yield:", with: taps.joined() + "    yield:")
  }

  private func workflow(of runs: [Reference.Run], on model: String, _ settings: Reference.Settings) -> String {
    var lines = [
      "stepgraph: 1", "nodes:",
      "  model:    {node: LoadModel, with: {path: \(Repository.fixtures.path)/\(model)/model}}",
      "  uncond:   {node: TextEncode, in: {clip: model.clip}, with: {text: \"\(settings.uncond)\"}}",
      "  positive: {node: TextEncode, in: {clip: model.clip}, with: {text: \"\(settings.prompt)\"}}",
      "  negative: {node: TextEncode, in: {clip: model.clip}, with: {text: \"\(settings.negative)\"}}",
    ]
    for (index, run) in runs.enumerated() {
      let size = "width: \(run.width), height: \(run.height), batch: \(run.batch)"
      var start = "{node: EmptyLatent, in: {vae: model.vae}, with: {\(size), seed: \(run.seed)}}"
      if let spacing = run.params["spacing"], spacing != "leading", run.graph.hasPrefix("euler") {
        // The k family starts from sqrt(1 - a_T) z here.
        lines += [
          "  empty_\(index): {node: EmptyLatent, in: {vae: model.vae}, with: {\(size)}}",
          "  schedule_\(index):",
          "    node: NoiseSchedule",
          "    in: {unet: model.unet}",
          "    with: {steps: \(run.steps), convention: k, spacing: \(spacing)}",
        ]
        start =
          "{node: AddNoise, in: {latent: empty_\(index), schedule: schedule_\(index)}, with: {step: 0, seed: \(run.seed)}}"
      }
      let params = run.params.sorted { $0.key < $1.key }.map { ", \($0.key): \($0.value)" }.joined()
      lines += [
        "  start_\(index): \(start)",
        "  start_tap_\(index): {node: SaveTensor, in: {tensor: start_\(index)}, with: {path: \(run.name).start.safetensors}}",
        "  run_\(index):",
        "    graph: \(run.graph).yaml",
        "    in: {unet: model.unet, positive: positive, uncond: uncond, negative: negative, latent: start_\(index)}",
        "    with: {steps: \(run.steps), cfg: \(settings.cfg), seed: \(run.seed), tap: \(run.name)\(params)}",
      ]
    }
    return lines.joined(separator: "\n")
  }
}
