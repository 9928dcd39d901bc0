import Foundation
import Testing

import DiffusionModels

/// Parts of a run against the evaluations at which ComfyUI 0.8.0 lets something act (`Fixtures/comfyui/make_guidance.py`).
struct ComfyUIPartTests {
  private struct Parts: Decodable {
    let ranges: [[Double]]
    /// By model, curve and number of steps, the first evaluation and the one after the last.
    let models: [String: [String: [String: [[Int]]]]]
  }

  private func evaluations(
    _ model: String, steps: Int, _ curve: SigmaCurve, _ sampler: ComfyUISampler = .euler
  ) throws -> ComfyUIEvaluations {
    var options = ScheduleOptions(steps: steps, convention: .comfyui)
    (options.curve, options.sampler) = (curve, sampler)
    let words = model.split(separator: " ")
    if words.count > 1 {
      if words[1] == "shift" { options.shift = Double(words[2]) } else { options.mu = Double(words[2]) }
    }
    let values: [String: JSONValue] =
      words.count > 1 ? ["_class_name": .string("FlowMatchEulerDiscreteScheduler")] : [:]
    return try ComfyUIEvaluations(
      SchedulerConfig(ConfigFile(path: "scheduler_config.json", values: values)), options)
  }

  @Test func partsActWhereComfyUIsDo() throws {
    let path = "\(Fixture.folder)/comfyui/parts.json"
    let parts = try JSONDecoder().decode(Parts.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    var count = 0
    for (model, curves) in parts.models {
      for (curve, runs) in curves {
        for (steps, expected) in runs {
          let times = try evaluations(model, steps: Int(steps) ?? 0, try #require(SigmaCurve(rawValue: curve)))
          for (range, places) in zip(parts.ranges, expected) {
            let acting = times.acting(from: range[0], to: range[1])
            #expect(
              acting == places[0]..<places[1] || acting.isEmpty && places[0] == places[1],
              "\(model) \(curve) \(steps) \(range): \(acting), not \(places)")
            count += 1
          }
        }
      }
    }
    #expect(count == 1650)
  }

  /// What `parts` says of evaluations is where something acts.
  @Test(arguments: [("diffusion", SigmaCurve.karras), ("flow, shift 3", .simple), ("flow, mu 1.15", .normal)])
  func evaluationsAreNamedByParts(_ model: String, _ curve: SigmaCurve) throws {
    let times = try evaluations(model, steps: 12, curve)
    for first in 0..<12 {
      for end in first + 1...12 {
        let parts = try #require(times.parts(of: first..<end), "\(first)..<\(end)")
        #expect(times.acting(from: parts.start, to: parts.end) == first..<end)
      }
    }
    #expect(try #require(times.parts(of: 0..<12)) == (0, 1))
  }

  /// Heun's step ends where the next one begins, and nothing tells the two evaluations apart.
  @Test func evaluationsAtOneSigmaAreOne() throws {
    let times = try evaluations("diffusion", steps: 4, .simple, .heun)
    #expect(times.sigmas.count == 7 && times.sigmas[1] == times.sigmas[2])
    #expect(times.parts(of: 0..<2) == nil)
    #expect(times.parts(of: 2..<4) == nil)
    let parts = try #require(times.parts(of: 0..<3))
    #expect(times.acting(from: parts.start, to: parts.end) == 0..<3)
  }
}
