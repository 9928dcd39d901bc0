import Foundation
import Safetensors
import Tensors
import TestSupport
import Testing

import DiffusionModels

/// The graphs in Graphs/samplers/comfyui, against latents that ComfyUI 0.8.0 made (`Fixtures/comfyui/compare.py`).
///
/// What the model predicted is in the fixture, so that a small file stands for a model that ComfyUI takes: the graphs are
/// run with these predictions in place of Predict and CFGCombine.
struct ComfyUISamplerTests {
  private struct Reference: Decodable {
    struct Run: Decodable {
      let name: String
      let sampler: String
      let curve: String
      let steps: Int
      let seed: UInt64
      let batch: Int
      /// Of NoiseSchedule, beside sampler, curve and steps.
      let options: String?
      /// Of a flow's.
      let sigmas: [Double]?
      /// Steps after which ComfyUI's latent is known, beside the last one.
      let prefixes: [Int]?
    }
    let width: Int
    let height: Int
    /// Of a flow model.
    let mu: Double?
    let runs: [Run]
  }

  private static let fixtures = Repository.fixtures.appending(path: "comfyui")
  private static let graphs = Repository.graphs.appending(path: "samplers/comfyui")

  private static func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: graphs.path).filter { $0.hasSuffix(".yaml") }
      .map { String($0.dropLast(5)) }.sorted()
  }

  private static func reference(_ name: String) throws -> Reference {
    try JSONDecoder().decode(Reference.self, from: Data(contentsOf: fixtures.appending(path: "\(name).json")))
  }

  @Test func everyLatentOfADiffusionIsComfyUIs() throws {
    try expectLatents("samplers", model: "\(Self.fixtures.deletingLastPathComponent().path)/sd1-tiny/model")
  }

  /// Those of a flow model, whose evaluations are also at ComfyUI's sigmas.
  @Test func everyLatentOfAFlowIsComfyUIs() throws {
    let folder = try TemporaryFolder()
    try TinyPipeline.writeModel("flux-schnell", to: folder.url)
    try expectLatents("flows", model: folder.path)
    let reference = try Self.reference("flows")
    let config = try Model(path: folder.path).schedulerConfig()
    for run in reference.runs {
      var options = ScheduleOptions(steps: run.steps, convention: .comfyui)
      (options.sampler, options.curve) = (ComfyUISampler(rawValue: run.sampler), SigmaCurve(rawValue: run.curve))
      (options.mu, options.discard) = (reference.mu, false)
      let schedule = try Schedule(config, options)
      let ours = schedule.levels.map { 1 - $0 }
      let theirs = run.sigmas ?? []
      #expect(
        ours.count == theirs.count && zip(ours, theirs).allSatisfy { abs($0 - $1) <= 3e-7 }, "\(run.name): \(ours)")
    }
  }

  /// A run in two calls has the keys of one call, also where they part between the evaluations of a step.
  @Test func callsOneAfterAnotherAreOneRun() throws {
    let stepgraph = try Stepgraph()
    var (whole, parts) = ("", "")
    let head = """
      stepgraph: 1
      nodes:
        model: {node: LoadModel, with: {path: \(Self.fixtures.deletingLastPathComponent().path)/sd1-tiny/model}}
        text:  {node: TextEncode, in: {clip: model.clip}, with: {text: a}}
        other: {node: TextEncode, in: {clip: model.clip}, with: {text: b}}
        empty: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 64, height: 64}}

      """
    for (index, name) in try Self.names().enumerated() {
      let text = try String(contentsOf: Self.graphs.appending(path: "\(name).yaml"), encoding: .utf8)
      let remembers = text.contains(#/\n  history: +{type: history/#)
      let isTwice = text.contains(#/\n  from: +{type: int/#)
      let common = """
          schedule_\(index): {node: NoiseSchedule, in: {denoiser: model.denoiser}, with: {convention: comfyui, sampler: \(name), steps: 4}}
          start_\(index): {node: AddNoise, in: {latent: empty, schedule: schedule_\(index)}, with: {seed: 3, rng: comfyui}}
          save_\(index): {node: SaveTensor, in: {tensor: run_\(index).latent}, with: {path: \(index).safetensors}}

        """
      func call(_ node: String, _ latent: String, _ history: String?, _ range: String) -> String {
        let wires = "latent: \(latent)\(history.map { ", history: \($0)" } ?? "")"
        return """
            \(node)_\(index):
              graph: \(Self.graphs.path)/\(name).yaml
              in: {denoiser: model.denoiser, positive: text, uncond: other, schedule: schedule_\(index), \(wires)}
              with: {steps: 4, cfg: 3, seed: 3\(range)}

          """
      }
      whole += common + call("run", "start_\(index)", nil, "")
      parts += common + call("first", "start_\(index)", nil, isTwice ? ", to: 3" : ", last: 2")
      parts += call(
        "run", "first_\(index).latent", remembers ? "first_\(index).history" : nil, isTwice ? ", from: 3" : ", first: 2"
      )
    }
    try stepgraph.folder.write(head + whole, to: "whole.yaml")
    try stepgraph.folder.write(head + parts, to: "parts.yaml")
    #expect(try stepgraph.run("whole.yaml").executed.count > 200)
    #expect(try stepgraph.run("parts.yaml").executed == [])
  }

  private func expectLatents(_ fixture: String, model: String) throws {
    let reference = try Self.reference(fixture)
    let stepgraph = try Stepgraph()
    let expected = try SafetensorsReader(path: Self.fixtures.appending(path: "\(fixture).safetensors").path)
    for name in try Self.names() {
      try stepgraph.folder.write(try Self.replayed(name, fixture), to: "\(name).yaml")
    }
    try stepgraph.folder.write(Self.workflow(reference, model: model), to: "all.yaml")
    _ = try stepgraph.run("all.yaml", [], "--no-cache")
    var worst: (relative: Double, name: String) = (0, "")
    for run in reference.runs {
      for step in (run.prefixes ?? []) + [run.steps] {
        let name = "\(run.name).\(step)"
        let relative = try stepgraph.expect("\(name).latent", is: expected.tensor(name), name: "latent_tensor")
        if relative > worst.relative { worst = (relative, name) }
      }
    }
    print(
      "\(reference.runs.count) runs of ComfyUI's, the largest relative error is \(worst.relative), of \(worst.name)")
  }

  /// A graph with the predictions of the fixture for those of a model.
  private static func replayed(_ name: String, _ fixture: String) throws -> String {
    let text = try String(contentsOf: graphs.appending(path: "\(name).yaml"), encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
      let word = line.trimmingPrefix(while: { $0 == " " }).prefix { $0 != ":" }
      switch word {
      case "eps_u", "eps_p", "eps_m", "eps", "dual", "even", "bare": return []
      case "eps_n", "mild":
        let kind = word == "mild" ? "noise" : "uncond"
        let path = "\(fixtures.path)/\(fixture).safetensors"
        return ["      \(word): {node: LoadTensor, with: {path: \(path), name: $(run).\(kind).$(i)}}"]
      case "params": return [String(line), "  run: {type: string}"]
      default: return [String(line)]
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func workflow(_ reference: Reference, model: String) -> String {
    let size = "width: \(reference.width), height: \(reference.height)"
    let isFlow = reference.mu != nil
    let options = reference.mu.map { ", mu: \($0), discard: false" } ?? ""
    var lines = [
      "stepgraph: 1", "nodes:",
      "  model: {node: LoadModel, with: {path: \(model)}}",
      "  text:  {node: TextEncode, in: {clip: model.clip}, with: {text: \"\"}}",
    ]
    for (index, run) in reference.runs.enumerated() {
      let pairs = ["heun", "dpm_2", "dpm_2_ancestral", "dpmpp_2s_ancestral", "dpmpp_sde"].contains(run.sampler)
      let steps = run.options ?? ", steps: \(run.steps)"
      let empty =
        isFlow
        ? "{node: LoadTensor, with: {path: \(fixtures.path)/flows.safetensors, name: empty.\(run.batch)}}"
        : "{node: EmptyLatent, in: {vae: model.vae}, with: {\(size), batch: \(run.batch)}}"
      lines.append(
        """
          empty_\(index): \(empty)
          schedule_\(index):
            node: NoiseSchedule
            in: {denoiser: model.denoiser}
            with: {convention: comfyui, sampler: \(run.sampler), curve: \(run.curve)\(steps)\(options)}
          start_\(index):
            node: AddNoise
            in: {latent: empty_\(index), schedule: schedule_\(index)}
            with: {seed: \(run.seed), rng: comfyui}
          run_\(index):
            graph: \(run.sampler).yaml
            in: {denoiser: model.denoiser, positive: text, uncond: text, latent: start_\(index), schedule: schedule_\(index)}
            with: {steps: \(run.steps), seed: \(run.seed), run: \(run.name)}
        """)
      lines.append(save("run_\(index).latent", "\(run.name).\(run.steps)", isFlow))
      for step in run.prefixes ?? [] {
        let evaluation = pairs ? 2 * step - 1 : step - 1
        lines.append(save("\"run_\(index)/sample[\(evaluation)]/next.latent\"", "\(run.name).\(step)", isFlow))
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func save(_ wire: String, _ name: String, _ isFlow: Bool) -> String {
    let scale = isFlow ? ", factor: 0.3611, shift: 0.1159" : ""
    return
      "  save_\(name.replacing(".", with: "_")): {node: SaveLatent, in: {latent: \(wire)}, with: {path: \(name).latent\(scale)}}"
  }
}
