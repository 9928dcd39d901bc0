import Foundation
import Safetensors
import Tensors
import Testing

import DiffusionModels

/// Files of every format, against the forward pass of the libraries that train them.
struct LoRATests {
  private static let folder = "\(Fixture.folder)/lora"
  private static let model = "\(Fixture.folder)/sd1-tiny/model"

  private let outputs: Fixture

  init() throws { outputs = try Fixture(referencePath: "\(Self.folder)/outputs.safetensors") }

  private func file(_ name: String) throws -> LoRAFile { try LoRAFile(path: "\(Self.folder)/\(name).safetensors") }

  private func patched(_ files: [(name: String, strength: Double)]) throws -> Model {
    try files.reduce(try Model(path: Self.model)) { model, file in
      model.patched(with: LoRAPatch(try self.file(file.name), strength: file.strength))
    }
  }

  private func prediction(_ model: Model) throws -> Tensor {
    try model.unet()(
      latent: outputs.tensor("latent"), timestep: 500, conditioning: outputs.tensor("context"))
  }

  private func states(_ model: Model) throws -> Tensor {
    try model.clipEncoders()[0].model(outputs.ids("ids"))
  }

  private func expectOutputs(of model: Model, _ name: String, _ strength: Double) throws {
    let strength = strength == 1 ? "1" : "\(strength)"
    let (prediction, states) = (try prediction(model), try states(model))
    expectClose(prediction, try outputs.tensor("\(name).\(strength).unet"), within: 2e-6, "\(name) \(strength) unet")
    expectClose(states, try outputs.tensor("\(name).\(strength).text"), within: 2e-6, "\(name) \(strength) text")
  }

  static let formats = [
    "kohya", "locon-tucker", "dora", "dora-inputs", "loha", "loha-tucker", "lokr", "lokr-both", "lokr-full",
    "lokr-tucker",
    "full", "norms", "peft-diffusers", "peft-dora-diffusers",
  ]

  @Test(arguments: formats, [1, 0.6, -0.5])
  func matchesItsLibrary(_ name: String, _ strength: Double) throws {
    let model = try patched([(name, strength)])
    try expectOutputs(of: model, name.replacing("-diffusers", with: ""), strength)
    // The file does something.
    let plain = try outputs.tensor("none.unet")
    let prediction = try prediction(model)
    #expect(zip(prediction.values, plain.values).contains { abs($0 - $1) > 1e-3 })
  }

  @Test func layersAreFoundByTheNamesOfTheOriginalLayout() throws {
    try expectOutputs(of: patched([("kohya-original", 0.6)]), "kohya", 0.6)
  }

  @Test(arguments: ["peft", "peft-dora"])
  func filesOfPEFTItself(_ name: String) throws {
    try expectOutputs(of: patched([("\(name)-unet", 0.6), ("\(name)-text", 0.6)]), name, 0.6)
  }

  @Test func severalAddUp() throws {
    let model = try patched([("kohya", 0.6), ("loha", -0.5)])
    expectClose(try prediction(model), try outputs.tensor("stacked.unet"), within: 2e-6, "stacked unet")
    expectClose(try states(model), try outputs.tensor("stacked.text"), within: 2e-6, "stacked text")
  }

  /// A file with keys renamed by `rename`, which leaves out those it gives nil for.
  private func renamed(_ name: String, _ rename: (String) -> String?) throws -> LoRAFile {
    let source = try SafetensorsReader(path: "\(Self.folder)/\(name).safetensors")
    var writer = SafetensorsWriter()
    for key in source.names {
      guard let name = rename(key) else { continue }
      // Alphas are of types that are no weights'.
      let tensor = try source.number(key).map { Tensor(shape: [], values: [Float($0)]) } ?? source.tensor(key)
      writer.add(name, tensor)
    }
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("stepgraph-\(UUID().uuidString)").path
    try Data(writer.bytes()).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try LoRAFile(path: path)
  }

  /// What diffusers has called these keys over the years.
  @Test(arguments: [
    [("lora_A.weight", "lora.down.weight"), ("lora_B.weight", "lora.up.weight")],
    [("lora_A.weight", "lora_linear_layer.down.weight"), ("lora_B.weight", "lora_linear_layer.up.weight")],
    [("lora_A.weight", "lora_A.default.weight"), ("lora_B.weight", "lora_B.default.weight")],
    [
      (".to_q.lora_A.weight", ".processor.to_q_lora.down.weight"),
      (".to_q.lora_B.weight", ".processor.to_q_lora.up.weight"),
      (".to_k.lora_A.weight", ".processor.to_k_lora.down.weight"),
      (".to_k.lora_B.weight", ".processor.to_k_lora.up.weight"),
      (".to_out.0.lora_A.weight", ".processor.to_out_lora.down.weight"),
      (".to_out.0.lora_B.weight", ".processor.to_out_lora.up.weight"),
    ],
  ])
  func otherNamesOfKeys(_ names: [(String, String)]) throws {
    let file = try renamed("peft-diffusers") { key in names.reduce(key) { $0.replacing($1.0, with: $1.1) } }
    try expectOutputs(
      of: try Model(path: Self.model).patched(with: LoRAPatch(file, strength: 0.6)), "peft", 0.6)
  }

  /// PEFT and diffusers write alphas beside the tensors: here 0.6 times each rank.
  @Test(arguments: ["metadata", "adapter_config.json"])
  func scalesBesideTheTensors(_ place: String) throws {
    let isMetadata = place == "metadata"
    let source = try SafetensorsReader(
      path: "\(Self.folder)/\(isMetadata ? "peft-diffusers" : "peft-unet").safetensors")
    var patterns: [String: Double] = [:]
    for key in source.names where key.hasSuffix(".lora_A.weight") && !key.hasPrefix("text") {
      let module = key.dropLast(".lora_A.weight".count).split(separator: ".").dropFirst(isMetadata ? 1 : 2)
      patterns[module.joined(separator: ".")] = 0.6 * Double(source.info(key)?.shape[0] ?? 0)
    }
    let config: [String: Any] = ["lora_alpha": 100, "alpha_pattern": patterns, "r": 4, "use_rslora": false]
    let all = Dictionary(uniqueKeysWithValues: config.map { (isMetadata ? "unet.\($0)" : $0, $1) })
    let json = try JSONSerialization.data(withJSONObject: all)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stepgraph-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var writer = SafetensorsWriter(
      metadata: isMetadata ? ["lora_adapter_metadata": String(decoding: json, as: UTF8.self)] : [:])
    for key in source.names { writer.add(key, try source.tensor(key)) }
    let path = folder.appendingPathComponent("adapter_model.safetensors").path
    try Data(writer.bytes()).write(to: URL(filePath: path))
    if !isMetadata { try json.write(to: folder.appendingPathComponent(place)) }
    let file = try LoRAFile(path: path)
    #expect(file.paths.count == (isMetadata ? 1 : 2))
    let prediction = try prediction(try Model(path: Self.model).patched(with: LoRAPatch(file, strength: 1)))
    expectClose(prediction, try outputs.tensor("peft.0.6.unet"), within: 2e-6, place)
  }

  // MARK: What is told

  private func problem(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "none"
    } catch let error as ModelError {
      return error.message.replacing(#/^[^ ]*: /#, with: "")
    } catch {
      return "\(error)"
    }
  }

  @Test func filesThatAreNone() throws {
    #expect(problem { _ = try renamed("kohya") { _ in nil } } == "is no LoRA: it has no tensors")
    #expect(
      problem {
        _ = try renamed("norms") { $0.replacing(".w_norm", with: ".w_nrom").replacing(".b_norm", with: ".b_nrom") }
      }
      .hasPrefix("is no LoRA\n  unknown: 8\n    'lora_te_text_model_encoder_layers_0_layer_norm1.b_nrom'\n"))
    #expect(
      problem { _ = try renamed("norms") { $0.hasPrefix("lora_te_text_model_final") ? "x" + $0 + "x" : $0 } }
        .hasPrefix("has keys of no known LoRA format\n  unknown: 2\n    'xlora_te_text_model_final_layer_norm.b_normx'")
    )
    #expect(
      problem { _ = try LoRAFile(path: "/a/b.pt") }
        == "a .pt file can run code when it is read, and is not opened; convert it to safetensors")
    let module = "lora_unet_conv_in"
    #expect(
      problem { _ = try renamed("kohya") { $0 == "\(module).lora_up.weight" ? nil : $0 } }
        == "the module '\(module)' lacks 'lora_up.weight': it has '\(module).lora_down.weight'"
        || problem { _ = try renamed("kohya") { $0 == "\(module).lora_up.weight" ? nil : $0 } }.contains("alpha"))
    #expect(
      problem { _ = try renamed("loha-tucker") { $0.hasSuffix("hada_t2") ? nil : $0 } }
        .hasSuffix("has one of 'hada_t1' and 'hada_t2': both or none were expected"))
    #expect(
      problem { _ = try renamed("full") { $0.hasSuffix(".diff") ? $0.replacing(".diff", with: ".lokr_w1") : $0 } }
        .contains("lacks 'lokr_w2"))
  }

  @Test func modulesThatHaveNoLayer() throws {
    let file = try renamed("kohya") { $0.replacing("lora_unet_conv_in", with: "lora_unet_conv_inn") }
    let model = try Model(path: Self.model).patched(with: LoRAPatch(file, strength: 1))
    #expect(
      problem { try model.checkPatches(of: .unet) }
        == "does not fit the model, Stable Diffusion 1.x\n  modules without a layer: 1\n    'lora_unet_conv_inn'")
    #expect(problem { try model.checkPatches(of: .clip) } == "none")
  }

  @Test func aFileForAnotherModel() throws {
    let model = try Model(path: "\(Fixture.folder)/sd2-tiny/model")
      .patched(with: LoRAPatch(try file("kohya"), strength: 1))
    let message = problem { try model.checkPatches(of: .unet) }
    #expect(message.hasPrefix("does not fit the model, Stable Diffusion 2.x\n"))
    #expect(message.contains("modules of another size"))
  }
}
