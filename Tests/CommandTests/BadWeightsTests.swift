import Foundation
import Safetensors
import Tensors
import Testing

/// Models whose files are damaged, and what a run makes of them: the message at the node that opens them, and the exit code.
struct BadWeightsTests {
  private static let draw = """
    stepgraph: 1
    nodes:
      model: {node: LoadModel, with: {path: model}}
      text:  {node: TextEncode, in: {clip: model.clip}, with: {text: x}}
      noise: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 2}}
      start: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 64, height: 64, seed: 1}}
      eps:   {node: UNetPredict, in: {unet: model.unet, latent: start, conditioning: text, schedule: noise}, with: {step: 0}}
      save:  {node: SaveTensor, in: {tensor: eps}, with: {path: a.safetensors}}

    """
  private static let weights = "model/unet/diffusion_pytorch_model.safetensors"
  private static let atWeights = "graph.yaml:3:41: error: node 'model' (LoadModel): \(weights): "

  /// Draws with a model after `change`; gives the first line and the notes of the message.
  private func drawing(status: Int32, _ change: (inout Stepgraph) throws -> Void) throws -> [String] {
    var stepgraph = try Stepgraph()
    try stepgraph.copyModel()
    try change(&stepgraph)
    try stepgraph.folder.write(Self.draw, to: "graph.yaml")
    let result = try stepgraph.failure(["run", "graph.yaml", "--quiet"])
    #expect(result.status == status)
    let lines = result.errors.split(separator: "\n").map(String.init)
    return lines.prefix(1) + lines.dropFirst().filter { $0.contains("= ") }
  }

  @Test func folderThatIsNoModel() throws {
    let lines = try drawing(status: 2) { stepgraph in
      try FileManager.default.removeItem(at: stepgraph.folder.file("model/model_index.json"))
    }
    #expect(
      lines == [
        "graph.yaml:3:41: error: node 'model' (LoadModel): model: is no model folder: 'model_index.json' was expected "
          + "in it, with the folders 'unet', 'vae', 'text_encoder', 'tokenizer' and 'scheduler' beside it"
      ])
  }

  @Test func nothingToMultiplyWith() throws {
    let lines = try drawing(status: 2) { stepgraph in
      stepgraph.environment["STEPGRAPH_PRODUCTS"] = "openblas"
      stepgraph.environment["LD_LIBRARY_PATH"] = stepgraph.folder.path
      try stepgraph.folder.write("no library", to: "libopenblas.so.0")
    }
    #expect(
      lines == [
        "graph.yaml:3:41: error: node 'model' (LoadModel): models need OpenBLAS on this processor, and "
          + "libopenblas.so.0 cannot be loaded; Debian has it in libopenblas0"
      ])
  }

  @Test func absentWeights() throws {
    let lines = try drawing(status: 2) { try FileManager.default.removeItem(at: $0.folder.file(Self.weights)) }
    #expect(
      lines == [
        "graph.yaml:3:41: error: node 'model' (LoadModel): model/unet: has no weights: "
          + "'diffusion_pytorch_model.safetensors' was expected"
      ])
  }

  @Test func truncatedWeights() throws {
    let lines = try drawing(status: 2) { stepgraph in
      let bytes = try stepgraph.folder.contents(Self.weights)
      try bytes.prefix(bytes.count / 2).write(to: stepgraph.folder.file(Self.weights))
    }
    #expect(lines.count == 1 && lines[0].hasPrefix(Self.atWeights + "truncated: tensor '"))
  }

  @Test func lyingWeights() throws {
    let lines = try drawing(status: 2) { stepgraph in
      let file = stepgraph.folder.file(Self.weights)
      // The same length, so that every offset stays right.
      let text = String(decoding: try Data(contentsOf: file), as: Unicode.ASCII.self)
      let place = try #require(text.range(of: "\"conv_in.bias\":{\"dtype\":\"F16\",\"shape\":[8]"))
      var bytes = try Data(contentsOf: file)
      bytes[text.distance(from: text.startIndex, to: place.upperBound) - 2] = UInt8(ascii: "9")
      try bytes.write(to: file)
    }
    #expect(lines.count == 1)
    let expected = "malformed header: tensor 'conv_in.bias': F16 [9] takes 18 bytes, its data_offsets give 16"
    #expect(lines[0].hasPrefix(Self.atWeights + expected))
  }

  @Test func missingExtraAndMisshapenWeights() throws {
    let lines = try drawing(status: 2) { stepgraph in
      try rewriteWeights(stepgraph) { name, tensor in
        switch name {
        case "conv_in.weight": ("conv_in.wieght", tensor)
        case "conv_out.bias": (name, .zeros([7]))
        default: (name, tensor)
        }
      }
    }
    #expect(
      lines == [
        Self.atWeights + "the weights do not fit the model's config", "    =   missing: 1",
        "    =     'conv_in.weight' [8, 4, 3, 3]; is it 'conv_in.wieght'?", "    =   misshapen: 1",
        "    =     'conv_out.bias' is [7], expected [4]", "    =   unused: 1",
        "    =     'conv_in.wieght' [8, 4, 3, 3]",
      ])
  }

  @Test func notANumberInAPrediction() throws {
    let lines = try drawing(status: 1) { stepgraph in
      try rewriteWeights(stepgraph) { name, tensor in
        (name, name == "conv_out.bias" ? Tensor(repeating: .nan, shape: tensor.shape) : tensor)
      }
    }
    #expect(
      lines == [
        "graph.yaml:7:3: error: node 'eps' (UNetPredict): its output 'noise' holds NaN or infinity; "
          + "nothing of it was kept"
      ])
  }

  @Test func aLongPromptIsCutWithAWarning() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.copyModel()
    let prompt = Array(repeating: "apple", count: 74).joined(separator: " ") + " on a blue background"
    try stepgraph.folder.write(Self.draw.replacingOccurrences(of: "text: x", with: "text: \(prompt)"), to: "graph.yaml")
    let result = try stepgraph("run", "graph.yaml", "--quiet")
    #expect(result.status == 0)
    let warning = "graph.yaml:4:66: warning: the prompt is longer than 77 tokens; this was cut: \"a blue background\""
    #expect(result.errors.hasPrefix(warning + "\n"))
  }

  private func rewriteWeights(_ stepgraph: Stepgraph, _ change: (String, Tensor) -> (String, Tensor)) throws {
    let path = stepgraph.folder.file(Self.weights).path
    let reader = try SafetensorsReader(path: path)
    var writer = SafetensorsWriter()
    for name in reader.names {
      let (name, tensor) = change(name, try reader.tensor(name))
      writer.add(name, tensor)
    }
    try Data(writer.bytes()).write(to: URL(filePath: path))
  }
}
