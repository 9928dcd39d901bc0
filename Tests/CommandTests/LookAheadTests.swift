import Foundation
import Testing

/// What is told when a run is planned, and nothing was computed yet.
struct LookAheadTests {
  private static let model = "\(Repository.tinyModel)"

  private static func head(_ nodes: String) -> String {
    """
    stepgraph: 1
    nodes:
      model:    {node: LoadModel, with: {path: \(model)}}
      text:     {node: TextEncode, in: {clip: model.clip}, with: {text: x}}
      start:    {node: EmptyLatent, in: {vae: model.vae}, with: {width: 16, height: 16, seed: 3}}
      schedule: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 4, convention: k, spacing: leading}}

    """ + nodes
  }

  private func call(_ command: String, _ nodes: String, _ arguments: [String]) throws -> CommandResult {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(Self.head(nodes), to: "g.yaml")
    return try stepgraph.call([command, "g.yaml", "--no-cache"] + arguments)
  }

  private static func sampler(_ method: String, _ with: String, latent: String = "start", as name: String = "sample")
    -> String
  {
    """
      \(name):
        graph: \(Repository.graphs.path)/samplers/\(method).yaml
        in: {unet: model.unet, positive: text, uncond: text, latent: \(latent)}
        with: {steps: 4\(with)}

    """
  }

  /// The last step that is asked for, of as many evaluations as the method has.
  @Test(arguments: ["euler": 4, "lms": 4, "lcm": 4, "plms": 5, "heun": 7, "dpm2-ancestral": 7])
  func stepsBeyondTheLastAreErrors(_ method: String, _ evaluation: Int) throws {
    let result = try call("plan", Self.sampler(method, ", last: 5"), ["--target", "sample"])
    #expect(result.status == 2)
    let told = result.errors.split(separator: "\n").filter { $0.contains("error: ") }
    // One line, at the first prediction that asks for it.
    #expect(told.count == 1)
    #expect(
      told.first?.hasSuffix(
        "error: node 'sample/sample[\(evaluation)]/eps_u' (Predict): step is \(evaluation), but 'sample/schedule' has the "
          + "steps 0 to \(evaluation - 1)") == true, "\(result.errors)")
  }

  @Test func iterationsBeyondTheLastAreErrors() throws {
    let loop = """
        sample:
          loop: {times: 6, index: i}
          carry: {latent: start}
          nodes:
            eps:
              node: UNetPredict
              in: {unet: model.unet, latent: carry.latent, conditioning: text, schedule: schedule}
              with: {step: $(i)}
            next: {node: EulerStep, in: {latent: carry.latent, noise: eps, schedule: schedule}, with: {step: $(i)}}
          yield: {latent: next.latent}

      """
    let result = try call("run", loop, ["--target", "sample", "--quiet"])
    #expect(result.status == 2)
    #expect(
      result.errors.hasPrefix(
        "g.yaml:14:22: error: node 'sample[4]/eps' (UNetPredict): step is 4, but 'schedule' has the steps 0 to 3\n"),
      "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count { $0.contains("error: ") } == 1)
  }

  @Test(arguments: ["euler", "heun", "plms", "unipc"])
  func aFirstStepBeyondTheLastIsAnError(_ method: String) throws {
    let result = try call("plan", Self.sampler(method, ", first: 5"), ["--target", "sample"])
    #expect(result.status == 2)
    #expect(result.errors.contains("error: 'to' takes "))
  }

  /// Two calls that do not join: neither is computed, and both schedules are named with their settings.
  @Test func levelsThatDoNotFitAreToldBeforeAnythingRuns() throws {
    let nodes =
      Self.sampler("ddim", ", last: 2", as: "one")
      + Self.sampler("dpmpp-2m", ", first: 2", latent: "one.latent", as: "two")
    let result = try call("run", nodes, ["--target", "two", "--events", "events", "--quiet"])
    #expect(result.status == 2)
    let lines = result.errors.split(separator: "\n").map(String.init)
    #expect(
      lines.first?.hasSuffix(
        "error: node 'two/sample[2]/eps_u' (Predict): the latent is at level 0.672151, where step 2 of 'one/schedule' "
          + "(ddim, 4 steps, spacing leading) starts, but step 2 of 'two/schedule' (dpm, 4 steps, spacing leading, curve "
          + "none, end zero) starts at level 0.422881") == true, "\(result.errors)")
    #expect(
      Array(lines.suffix(2)) == [
        "     = levels go from 0, pure noise, to 1, clean",
        "     = wire 'one/schedule' into 'after' of 'two/schedule' to go on from there, or spread both alike, as "
          + "'spacing: trailing' does in most conventions",
      ])
    #expect(result.errors.split(separator: "\n").count { $0.contains("error: ") } == 1)
  }

  @Test func aNoisyLatentThatIsDecodedIsWarnedOf() throws {
    let nodes =
      Self.sampler("euler", ", last: 3") + "  image: {node: Decode, in: {vae: model.vae, latent: sample.latent}}\n"
    for command in ["plan", "run"] {
      let result = try call(command, nodes, ["--target", "image"] + (command == "run" ? ["--quiet"] : []))
      #expect(result.status == 0)
      #expect(
        result.errors == """
          g.yaml:11:54: warning: node 'image' (Decode): the latent is still noisy, at level 0.998296, where step 3 of \
          'sample/schedule' (k, 4 steps, spacing leading, curve none) starts; the picture will show the noise
            11 |   image: {node: Decode, in: {vae: model.vae, latent: sample.latent}}
               |                                                      ^

          """)
    }
    let whole = try call(
      "run", nodes.replacingOccurrences(of: ", last: 3", with: ""), ["--target", "image", "--quiet"])
    #expect(whole.status == 0 && whole.errors.isEmpty)
  }

  /// A level is where a schedule starts from noise or not, however its sigmas were given.
  @Test func aCurveAndTheSameSigmasAsAListTakeTheSameStart() throws {
    for (spacing, status) in [("leading", Int32(0)), ("trailing", 2)] {
      for sigmas in ["curve: ddim_uniform, steps: 4", "sigmas: [6.5, 2, 0.7, 0.04, 0]"] {
        let nodes = """
            other: {node: NoiseSchedule, in: {unet: model.unet}, with: {convention: k, spacing: \(spacing), \(sigmas)}}
            eps:
              node: UNetPredict
              in: {unet: model.unet, latent: start, conditioning: text, schedule: other}
              with: {step: 0}

          """
        let result = try call("run", nodes, ["--target", "eps", "--quiet"])
        #expect(result.status == status, "\(spacing) \(sigmas): \(result.errors)")
      }
    }
  }
}
