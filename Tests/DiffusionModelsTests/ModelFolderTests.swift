import Foundation
import Safetensors
import Synchronization
import Testing

import DiffusionModels

@Suite struct ModelFolderTests {
  @Test func listsFilesWithoutReadingWeights() throws {
    let copy = try ModelCopy("sd1-tiny")
    try copy.write("not a safetensors file", to: "unet/diffusion_pytorch_model.safetensors")
    let folder = try Model(path: copy.path)
    #expect(
      try folder.files(of: .unet)
        == copy.paths(
          "unet/config.json", "unet/diffusion_pytorch_model.safetensors", "scheduler/scheduler_config.json"))
    #expect(
      try folder.files(of: .clip)
        == copy.paths(
          "text_encoder/config.json", "text_encoder/model.safetensors", "tokenizer/vocab.json", "tokenizer/merges.txt",
          "tokenizer/tokenizer_config.json", "tokenizer/special_tokens_map.json"))
    #expect(try folder.files(of: .vae) == copy.paths("vae/config.json", "vae/diffusion_pytorch_model.safetensors"))
    #expect(throws: WeightFileError.self) { try folder.unet() }
    _ = try folder.vae()
  }

  /// The same text, from its letters on: the text configs' token ids are those of old checkpoints, and wrong.
  @Test(arguments: ["sd1-tiny", "sd2-tiny"])
  func tokenizerAndTextEncoderWorkTogether(_ name: String) throws {
    let fixture = try Fixture(name)
    let folder = try Model(path: fixture.modelPath)
    let texts = [
      "prompt": "a red apple on a blue background", "negative": "blurry, a cat's face", "empty": "",
      "long": String(repeating: "green heart, ", count: 40),
    ]
    for (text, words) in texts {
      let tokens = try folder.clipEncoders()[0].tokenizer.encode(words)
      #expect(try [tokens.ids] == fixture.ids("text.\(text).ids"))
      let hidden = try folder.clipEncoders()[0].model([tokens.ids])
      expectClose(hidden, try fixture.tensor("text.\(text).last_hidden_state"), "\(name) \(text)")
    }
  }

  /// The folder that `StableDiffusionPipeline.save_pretrained` writes today, with its `tokenizer.json` alone.
  @Test func aFolderSavedTodayOpens() throws {
    let model = "\(Fixture.folder)/saved-tiny/model"
    let expected = try Fixture(referencePath: "\(Fixture.folder)/saved-tiny/expected.safetensors")
    let folder = try Model(path: model)
    let tokens = try folder.clipEncoders()[0].tokenizer.encode("a red <Toy> on blue, and MyStyle apples")
    #expect(try tokens.ids.map(Float.init) == expected.tensor("ids").values)
    expectClose(
      try folder.clipEncoders()[0].model([tokens.ids]), try expected.tensor("states"), within: 1e-6,
      "saved today")
    #expect(
      try folder.files(of: .clip).suffix(2)
        == ["\(model)/tokenizer/tokenizer.json", "\(model)/tokenizer/tokenizer_config.json"])
    _ = try (folder.unet(), folder.vae())
  }

  @Test func partsLeftOutAreAbsent() throws {
    let folder = try Model(path: Fixture("variant-tiny").modelPath)
    #expect(folder.textConfigs.isEmpty)
    #expect(try folder.files(of: .clip) == [])
    #expect(try folder.files(of: .unet).count == 2)
    let expected =
      "\(folder.path): the model has no 'text_encoder'; it has a denoiser (Stable Diffusion 1.x), a VAE"
    #expect(throws: ModelError(expected)) {
      try folder.clipEncoders()[0].model
    }
  }

  @Test func halfPrecisionFilesServeWherePlainOnesAreAbsent() throws {
    let copy = try ModelCopy("sd1-tiny")
    try copy.move("vae/diffusion_pytorch_model.safetensors", to: "vae/diffusion_pytorch_model.fp16.safetensors")
    let folder = try Model(path: copy.path)
    #expect(try folder.files(of: .vae) == copy.paths("vae/config.json", "vae/diffusion_pytorch_model.fp16.safetensors"))
    _ = try folder.vae()
  }

  @Test func refusesWhatIsNoModelFolder() throws {
    let copy = try ModelCopy("sd1-tiny")
    #expect(throws: ModelError("\(copy.path)/nowhere: there is no such file or folder")) {
      try Model(path: "\(copy.path)/nowhere")
    }
    #expect(throws: WeightFileError.self) {
      try Model(path: "\(copy.path)/model_index.json")
    }
    #expect(
      throws: ModelError(
        "\(copy.path)/tokenizer: is no model folder: 'model_index.json' was expected in it, with the folders 'unet', 'vae', "
          + "'text_encoder', 'tokenizer' and 'scheduler' beside it")
    ) {
      try Model(path: "\(copy.path)/tokenizer")
    }
    try copy.write("{", to: "model_index.json")
    #expect(throws: ModelError("\(copy.path)/model_index.json: is not valid JSON")) { try Model(path: copy.path) }
    try copy.write("[]", to: "model_index.json")
    #expect(throws: ModelError("\(copy.path)/model_index.json: a JSON object was expected")) {
      try Model(path: copy.path)
    }
  }

  @Test func refusesClassesAndPartsItDoesNotHave() throws {
    let copy = try ModelCopy("sd1-tiny")
    try copy.edit("model_index.json") { $0["vae"] = ["diffusers", "VQModel"] }
    #expect(
      throws: ModelError(
        "\(copy.path)/model_index.json: 'vae' is of class VQModel, which is not supported; "
          + "AutoencoderKL or AutoencoderKLFlux2 or AutoencoderTiny was expected"
      )
    ) {
      try Model(path: copy.path)
    }
    try copy.edit("model_index.json") {
      $0["vae"] = ["diffusers", "AutoencoderKL"]
      $0["prior"] = ["diffusers", "PriorTransformer"]
    }
    #expect(
      throws: ModelError(
        "\(copy.path)/model_index.json: the part 'prior', of class PriorTransformer, is not supported; Stable Diffusion models have "
          + "'unet', 'vae', 'text_encoder', 'tokenizer' and 'scheduler', SDXL 'text_encoder_2' and 'tokenizer_2', and "
          + "FLUX and Z-Image 'transformer' in place of 'unet'")
    ) {
      try Model(path: copy.path)
    }
    try copy.edit("model_index.json") { $0["prior"] = ["diffusers"] }
    #expect(
      throws: ModelError(
        "\(copy.path)/model_index.json: 'prior' is [\"diffusers\"]; a library and a class were expected")
    ) {
      try Model(path: copy.path)
    }
  }

  @Test func namesTheFileThatIsMissing() throws {
    let copy = try ModelCopy("sd1-tiny")
    try copy.remove("scheduler/scheduler_config.json")
    try copy.remove("tokenizer/merges.txt")
    try copy.remove("vae/diffusion_pytorch_model.safetensors")
    let folder = try Model(path: copy.path)
    #expect(throws: ModelError("\(copy.path)/scheduler/scheduler_config.json: is missing from the model")) {
      try folder.files(of: .unet)
    }
    #expect(throws: ModelError("\(copy.path)/tokenizer/merges.txt: is missing from the model")) {
      try folder.files(of: .clip)
    }
    #expect(
      throws: WeightFileError(
        "\(copy.path)/vae: has no weights: 'diffusion_pytorch_model.safetensors' was expected")
    ) {
      try folder.files(of: .vae)
    }
    try copy.write("", to: "vae/diffusion_pytorch_model.bin")
    #expect(
      throws: WeightFileError(
        "\(copy.path)/vae: has no weights: 'diffusion_pytorch_model.safetensors' was expected; "
          + "'diffusion_pytorch_model.bin' is in a format that can run code: convert it to safetensors")
    ) {
      try folder.vae()
    }
    try copy.remove("unet/config.json")
    #expect(throws: ModelError("\(copy.path)/unet/config.json: cannot be read")) { try Model(path: copy.path) }
  }

  /// What a class does not use is passed over, and told once.
  @Test func weightsThatNobodyUsesAreAWarning() throws {
    let copy = try ModelCopy("sd1-tiny")
    try copy.edit("text_encoder/config.json") { $0["num_hidden_layers"] = 2 }
    let told = Mutex<[String]>([])
    let folder = try Model(path: copy.path) { text in told.withLock { $0.append(text) } }
    for _ in 0..<2 { _ = try (folder.textEncoders(), folder.vae()) }
    let warnings = told.withLock { $0 }
    #expect(warnings.count == 1)
    #expect(
      warnings.first?.hasPrefix(
        "\(copy.path)/text_encoder/model.safetensors: the model does not use 'encoder.layers.2.layer_norm1.bias', ")
        == true)
    #expect(warnings.first?.hasSuffix(" and 11 more tensors") == true)
  }

  @Test func refusesPartsThatDoNotFitEachOther() throws {
    let copy = try ModelCopy("sd1-tiny")
    try copy.edit("text_encoder/config.json") { $0["hidden_size"] = 40 }
    #expect(
      throws: ModelError(
        "\(copy.path): the UNet's 'cross_attention_dim' is 32 and the text encoder's 'hidden_size' is 40; "
          + "the same number was expected")
    ) {
      try Model(path: copy.path)
    }
    try copy.edit("text_encoder/config.json") { $0["hidden_size"] = 32 }
    try copy.edit("unet/config.json") { $0["in_channels"] = 7 }
    #expect(
      throws: ModelError(
        "\(copy.path): the UNet's 'in_channels' is 7 and the VAE's 'latent_channels' is 4; the same number was expected, "
          + "or 8 or 9 of a model that also sees a picture"
      )
    ) {
      try Model(path: copy.path)
    }
  }

  @Test func weightsThatDoNotFitTheConfigAreNamed() throws {
    let copy = try ModelCopy("sd1-tiny")
    try copy.edit("text_encoder/config.json") { $0["num_hidden_layers"] = 4 }
    let folder = try Model(path: copy.path)
    let error = #expect(throws: WeightFileError.self) { try folder.textEncoders() }
    let message = try #require(error).message
    #expect(message.hasPrefix("\(copy.path)/text_encoder/model.safetensors: the weights do not fit the model's config"))
    #expect(message.contains("missing: 16\n    'encoder.layers.3.layer_norm1.bias' [32]"))
    try copy.edit("text_encoder/config.json") { $0["num_hidden_layers"] = 3 }
    try copy.edit("vae/config.json") { $0["latent_channels"] = 3 }
    try copy.edit("unet/config.json") {
      $0["in_channels"] = 3
      $0["out_channels"] = 3
    }
    let other = #expect(throws: WeightFileError.self) { try Model(path: copy.path).vae() }
    #expect(try #require(other).message.contains("'post_quant_conv.weight' is [4, 4, 1, 1], expected [3, 3, 1, 1]"))
  }
}

/// A fixture's model folder copied to a temporary place, to be spoilt.
private final class ModelCopy {
  let path: String

  init(_ name: String) throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("stepgraph-\(UUID().uuidString)").path
    try FileManager.default.copyItem(atPath: Fixture(name).modelPath, toPath: path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func paths(_ names: String...) -> [String] { names.map { "\(path)/\($0)" } }

  func write(_ text: String, to name: String) throws {
    try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
  }

  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

  func move(_ name: String, to other: String) throws {
    try FileManager.default.moveItem(atPath: "\(path)/\(name)", toPath: "\(path)/\(other)")
  }

  func edit(_ name: String, _ change: (inout [String: Any]) -> Void) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))
    var object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    change(&object)
    try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
  }
}
