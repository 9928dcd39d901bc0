import Foundation
import Testing

import DiffusionModels

@Suite struct ConfigTests {
  private func unet(_ values: [String: JSONValue]) throws -> UNetConfig {
    try UNetConfig(ConfigFile(path: "unet/config.json", values: values))
  }

  private func vae(_ values: [String: JSONValue]) throws -> AutoencoderKLConfig {
    try AutoencoderKLConfig(ConfigFile(path: "vae/config.json", values: values))
  }

  private func text(_ values: [String: JSONValue]) throws -> CLIPTextConfig {
    try CLIPTextConfig(ConfigFile(path: "text_encoder/config.json", values: values))
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func absentKeysHaveTheClassesDefaults() throws {
    let text = try text([:])
    #expect(text.vocabSize == 49408 && text.hiddenSize == 512 && text.intermediateSize == 2048)
    #expect(text.layerCount == 12 && text.headCount == 8 && text.maxPositions == 77)
    #expect(text.activation == .quickGELU && text.layerNormEps == 1e-5)

    let unet = try unet([:])
    #expect(unet.inputChannels == 4 && unet.outputChannels == 4 && unet.conditioningSize == 1280)
    #expect(unet.levels.map(\.channels) == [320, 640, 1280, 1280] && unet.levels.allSatisfy { $0.headCount == 8 })
    #expect(unet.levels.map(\.downHasAttention) == [true, true, true, false])
    #expect(unet.levels.map(\.upHasAttention) == [true, true, true, false])
    #expect(unet.levels.allSatisfy { $0.layerCount == 2 && $0.transformerLayerCount == 1 })
    #expect(unet.normGroups == 32 && unet.normEps == 1e-5 && unet.timeEmbeddingSize == 1280)
    #expect(!unet.usesLinearProjection && !unet.centersInput && unet.flipsSinToCos && unet.frequencyShift == 0)
    #expect(unet.inputKernel == 3 && unet.outputKernel == 3)

    let vae = try vae([:])
    #expect(vae.imageChannels == 3 && vae.outputChannels == 3 && vae.latentChannels == 4 && vae.factor == 1)
    #expect(vae.levelChannels == [64] && vae.layersPerBlock == 1 && vae.normGroups == 32)
    #expect(vae.scalingFactor == 0.18215 && vae.hasQuantConv && vae.hasPostQuantConv && vae.hasMidAttention)
  }

  @Test func aListGivesEachLevelItsOwn() throws {
    let config = try unet([
      "attention_head_dim": .array([.int(5), .int(10), .int(20), .int(20)]),
      "layers_per_block": .array([.int(1), .int(2), .int(3), .int(4)]),
      "up_block_types": .array(
        ["UpBlock2D", "UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"].map { .string($0) }),
    ])
    #expect(config.levels.map(\.headCount) == [5, 10, 20, 20])
    #expect(config.levels.map(\.layerCount) == [1, 2, 3, 4])
    #expect(config.levels.map(\.upHasAttention) == [true, true, false, false])
  }

  @Test func theConfigOfStableDiffusion15() throws {
    let config = try UNetConfig(
      parsing(
        """
        {"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.6.0", "act_fn": "silu", "attention_head_dim": 8,
        "block_out_channels": [320, 640, 1280, 1280], "center_input_sample": false, "cross_attention_dim": 768,
        "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
        "downsample_padding": 1, "flip_sin_to_cos": true, "freq_shift": 0, "in_channels": 4, "layers_per_block": 2,
        "mid_block_scale_factor": 1, "norm_eps": 1e-05, "norm_num_groups": 32, "out_channels": 4, "sample_size": 64,
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]}
        """))
    #expect(config.conditioningSize == 768 && config.levels.allSatisfy { $0.headCount == 8 })
    #expect(!config.usesLinearProjection)
  }

  @Test func theConfigsOfStableDiffusion21() throws {
    let config = try UNetConfig(
      parsing(
        """
        {"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.10.0.dev0", "act_fn": "silu",
        "attention_head_dim": [5, 10, 20, 20], "block_out_channels": [320, 640, 1280, 1280],
        "center_input_sample": false, "cross_attention_dim": 1024,
        "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
        "downsample_padding": 1, "dual_cross_attention": false, "flip_sin_to_cos": true, "freq_shift": 0,
        "in_channels": 4, "layers_per_block": 2, "mid_block_scale_factor": 1, "norm_eps": 1e-05,
        "norm_num_groups": 32, "num_class_embeds": null, "only_cross_attention": false, "out_channels": 4,
        "sample_size": 96, "upcast_attention": true, "use_linear_projection": true,
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]}
        """))
    #expect(config.conditioningSize == 1024 && config.levels.map(\.headCount) == [5, 10, 20, 20])
    #expect(config.usesLinearProjection)
    let text = try CLIPTextConfig(
      parsing(
        """
        {"architectures": ["CLIPTextModel"], "attention_dropout": 0.0, "bos_token_id": 0, "dropout": 0.0,
        "eos_token_id": 2, "hidden_act": "gelu", "hidden_size": 1024, "initializer_factor": 1.0,
        "initializer_range": 0.02, "intermediate_size": 4096, "layer_norm_eps": 1e-05, "max_position_embeddings": 77,
        "model_type": "clip_text_model", "num_attention_heads": 16, "num_hidden_layers": 23, "pad_token_id": 1,
        "projection_dim": 512, "torch_dtype": "float32", "vocab_size": 49408}
        """))
    #expect(text.activation == .gelu && text.layerCount == 23 && text.hiddenSize == 1024)
  }

  private func parsing(_ json: String) throws -> ConfigFile {
    guard case .object(let values) = try JSONDecoder().decode(JSONValue.self, from: Data(json.utf8)) else {
      throw ModelError("no object")
    }
    return ConfigFile(path: "config.json", values: values)
  }

  @Test func wrongTypesAndSizesAreNamed() {
    #expect(
      message { _ = try text(["hidden_size": .string("768")]) }
        == "text_encoder/config.json: 'hidden_size' is \"768\"; a whole number was expected")
    #expect(
      message { _ = try text(["hidden_size": .int(0)]) }
        == "text_encoder/config.json: 'hidden_size' is 0; a whole number from 1 to 1048576 was expected")
    #expect(
      message { _ = try text(["vocab_size": .int(.max)]) }
        == "text_encoder/config.json: 'vocab_size' is 9223372036854775807; a whole number from 1 to 1048576 was expected"
    )
    #expect(
      message { _ = try text(["num_attention_heads": .int(7)]) }
        == "text_encoder/config.json: 'hidden_size' 512 is not a multiple of 'num_attention_heads' 7")
    #expect(
      message { _ = try unet(["norm_num_groups": .null]) }
        == "unet/config.json: 'norm_num_groups' is null; a whole number was expected")
    #expect(
      message { _ = try unet(["norm_num_groups": .int(48)]) }
        == "unet/config.json: 320 in 'block_out_channels' is not a multiple of 'norm_num_groups' 48")
    #expect(
      message { _ = try unet(["attention_head_dim": .int(6)]) }
        == "unet/config.json: 320 in 'block_out_channels' is not a multiple of its 'attention_head_dim' 6, "
        + "which is the number of heads")
    #expect(
      message { _ = try unet(["attention_head_dim": .array([.int(8), .int(8)])]) }
        == "unet/config.json: 'attention_head_dim' has 2 entries for 4 blocks")
    #expect(
      message { _ = try unet(["block_out_channels": .array([.int(32)])]) }
        == "unet/config.json: 'down_block_types', 'up_block_types' and 'block_out_channels' have 4, 4 and 1 entries; "
        + "the same number was expected")
    #expect(
      message { _ = try unet(["block_out_channels": .array([])]) }
        == "unet/config.json: 'block_out_channels' is []; a list of whole numbers was expected")
    #expect(
      message { _ = try unet(["cross_attention_dim": .array([.int(8), .int(8), .int(9), .int(8)])]) }
        == "unet/config.json: 'cross_attention_dim' has 8 and 9; one size for all levels was expected")
    #expect(
      message { _ = try unet(["conv_in_kernel": .int(2)]) }
        == "unet/config.json: 'conv_in_kernel' is 2; an odd number was expected")
    #expect(
      message { _ = try unet(["use_linear_projection": .int(1)]) }
        == "unet/config.json: 'use_linear_projection' is 1; true or false was expected")
    #expect(
      message { _ = try vae(["scaling_factor": .int(0)]) }
        == "vae/config.json: 'scaling_factor' is 0.0; a number above 0 was expected")
    #expect(
      message { _ = try vae(["scaling_factor": .string("x")]) }
        == "vae/config.json: 'scaling_factor' is \"x\"; a number was expected")
  }

  /// What the classes do with None was seen by making them: a switch is off, also where its default is on.
  @Test func nullIsWhatPythonTakesItFor() throws {
    let switches = [
      "use_linear_projection", "center_input_sample", "flip_sin_to_cos", "dual_cross_attention", "resnet_skip_time_act",
      "class_embeddings_concat", "upcast_attention", "mid_block_only_cross_attention",
    ]
    for key in switches { #expect(try unet([key: .null]) == unet([key: .bool(false)]), "\(key)") }
    #expect(try unet(["flip_sin_to_cos": .null]) != unet([:]))
    for key in ["attention_type", "resnet_out_scale_factor", "time_embedding_dim", "num_attention_heads"] {
      #expect(try unet([key: .null]) == unet([:]), "\(key)")
    }
    for key in ["use_quant_conv", "use_post_quant_conv", "mid_block_add_attention"] {
      #expect(try vae([key: .null]) == vae([key: .bool(false)]), "\(key)")
      #expect(try vae([key: .null]) != vae([:]), "\(key)")
    }
    for (key, value) in [("shift_factor", JSONValue.null), ("shift_factor", .float(0)), ("latents_mean", .null)] {
      #expect(try vae([key: value]) == vae([:]), "\(key)")
    }
    let fixture = try ScheduleFixture()
    for key in ["use_karras_sigmas", "set_alpha_to_one", "rescale_betas_zero_snr", "use_lu_lambdas"] {
      #expect(try fixture.config([key: .null]) == fixture.config([key: .bool(false)]), "\(key)")
    }
    for key in ["sigma_min", "sigma_max", "trained_betas", "lambda_min_clipped"] {
      #expect(try fixture.config([key: .null]) == fixture.config([:]), "\(key)")
    }
  }

  @Test func settingsThatAreNotDoneAreRefused() {
    #expect(
      message { _ = try text(["hidden_act": .string("relu")]) }
        == "text_encoder/config.json: 'hidden_act' is \"relu\"; \"quick_gelu\" or \"gelu\" was expected")
    #expect(
      message { _ = try text(["model_type": .string("t5")]) }
        == "text_encoder/config.json: 'model_type' is \"t5\", which is not supported; \"clip_text_model\" was expected")
    #expect(
      message { _ = try unet(["down_block_types": .array([.string("AttnDownBlock2D")])]) }
        == "unet/config.json: 'down_block_types' has \"AttnDownBlock2D\", which is not supported; "
        + "\"CrossAttnDownBlock2D\" or \"DownBlock2D\" was expected")
    #expect(
      message { _ = try unet(["mid_block_type": .null]) }
        == "unet/config.json: 'mid_block_type' is null, which is not supported; \"UNetMidBlock2DCrossAttn\" was expected"
    )
    #expect(
      message { _ = try unet(["only_cross_attention": .array([.bool(false), .bool(true)])]) }
        == "unet/config.json: 'only_cross_attention' is [false, true], which is not supported; false was expected")
    #expect(message { _ = try unet(["only_cross_attention": .array([.bool(false), .bool(false)])]) } == "no error")
    #expect(message { _ = try unet(["mid_block_scale_factor": .float(1)]) } == "no error")
    #expect(
      message { _ = try vae(["shift_factor": .string("0.1")]) }
        == "vae/config.json: 'shift_factor' is \"0.1\"; a number was expected")
    #expect(
      message { _ = try vae(["up_block_types": .array([.string("AttnUpDecoderBlock2D")])]) }
        == "vae/config.json: 'up_block_types' has \"AttnUpDecoderBlock2D\", which is not supported; "
        + "\"UpDecoderBlock2D\" was expected")
  }

  @Test(arguments: [
    ("act_fn", JSONValue.string("mish")), ("time_embedding_type", .string("fourier")),
    ("resnet_time_scale_shift", .string("scale_shift")), ("attention_type", .string("gated")),
    ("downsample_padding", .int(0)), ("mid_block_scale_factor", .float(1.5)), ("resnet_out_scale_factor", .int(2)),
    ("only_cross_attention", .bool(true)), ("dual_cross_attention", .bool(true)), ("resnet_skip_time_act", .bool(true)),
    ("class_embeddings_concat", .bool(true)), ("mid_block_only_cross_attention", .bool(true)),
    ("num_attention_heads", .int(8)), ("encoder_hid_dim", .int(8)), ("encoder_hid_dim_type", .string("text_proj")),
    ("class_embed_type", .string("timestep")), ("num_class_embeds", .int(1000)),
    ("addition_embed_type", .string("image")), ("time_embedding_act_fn", .string("silu")),
    ("timestep_post_act", .string("silu")),
    ("cross_attention_norm", .string("layer_norm")),
    ("reverse_transformer_layers_per_block", .array([.int(1)])),
  ])
  func switchesOfTheUNetAreNeverIgnored(_ key: String, _ value: JSONValue) {
    let text = message { _ = try unet([key: value]) }
    #expect(text.hasPrefix("unet/config.json: '\(key)' is \(value), which is not supported; "))
  }

  /// Python's json module writes numbers that JSON does not have, as in `lambda_min_clipped`.
  @Test func infinitiesAreNoValue() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("stepgraph-\(UUID().uuidString).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let text = #"{"a": -Infinity, "b": [NaN, Infinity, 2], "-Infinity": "a \"NaN\" \\", "c": NaN}"#
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(
      try ConfigFile(path: path).values == [
        "a": .null, "b": .array([.null, .null, .int(2)]), "-Infinity": .string(#"a "NaN" \"#), "c": .null,
      ])
  }
}
