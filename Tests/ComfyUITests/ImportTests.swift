import ComfyUI
import Diagnostics
import Testing

/// Workflows in the API format, one feature each.
struct ImportTests {
  @Test func aPlainPictureIsAFileThatAPersonWouldWrite() {
    let imported = Imported(apiPrompt())
    #expect(imported.problems == [] && imported.messages == "")
    #expect(
      imported.text == """
        stepgraph: 1
        description: "Imported from a.json, a workflow of ComfyUI."
        params:
          model: {type: path, default: checkpoints/sd15.safetensors}
          prompt: {type: string, default: a red apple}
          negative: {type: string, default: blurry}
          seed: {type: int, default: 18446744073709551615, min: 0}
          steps: {type: int, default: 20, min: 1}
          cfg: {type: float, default: 7.5}
          width: {type: int, default: 512, min: 1}
          height: {type: int, default: 768, min: 1}
          out: {type: path, default: apple.png}
        nodes:
          model: {node: LoadModel, with: {path: $(model)}}
          positive: {node: TextEncode, in: {clip: model.clip}, with: {text: $(prompt), syntax: comfyui}}
          negative: {node: TextEncode, in: {clip: model.clip}, with: {text: $(negative), syntax: comfyui}}
          empty: {node: EmptyLatent, in: {vae: model.vae}, with: {width: $(width), height: $(height)}}
          schedule:
            node: NoiseSchedule
            in: {denoiser: model.denoiser}
            with: {convention: comfyui, sampler: euler, curve: normal, steps: $(steps)}
          start: {node: AddNoise, in: {latent: empty, schedule: schedule}, with: {seed: $(seed), rng: comfyui}}
          sample:
            graph: "<samplers/comfyui/euler.yaml>"
            in: {denoiser: model.denoiser, positive: positive, uncond: negative, latent: start, schedule: schedule}
            with: {steps: $(steps), cfg: $(cfg), seed: $(seed)}
          image: {node: Decode, in: {vae: model.vae, latent: sample.latent}}
          png: {node: SavePNG, in: {image: image}, with: {path: $(out), counter: true, rounding: down}}

        """)
  }

  /// Of the sampler, with other values of some inputs.
  private func sampler(_ type: String, _ inputs: String) -> String {
    #"{"class_type": ""# + type
      + #"", "inputs": {"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0], "#
      + inputs
      + "}}"
  }

  private func line(_ name: String, _ imported: Imported) -> String {
    let lines = imported.text?.split(separator: "\n") ?? []
    guard let start = lines.firstIndex(where: { $0.hasPrefix("  \(name):") }) else { return "" }
    let more = lines[(start + 1)...].prefix { $0.hasPrefix("    ") }
    return ([lines[start]] + more).map { $0.drop { $0 == " " } }.joined(separator: "\n")
  }

  @Test func everyNodeWritesAFileOfItsOwn() {
    let imported = Imported(
      apiPrompt(["8": #"{"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "apple"}}"#]))
    #expect(
      imported.text?.contains("default: apple.png") == true && imported.text?.contains("default: apple_2.png") == true)
    #expect(imported.mistakes == "")
  }

  @Test func guidanceOneNeedsNoNegativePrompt() {
    let json = apiPrompt([
      "5": sampler(
        "KSampler", #""seed": 1, "steps": 4, "cfg": 1, "sampler_name": "euler", "scheduler": "simple", "denoise": 1"#),
      "3": #"{"class_type": "SomeCustomText", "inputs": {}}"#,
    ])
    let imported = Imported(json)
    #expect(imported.problems == [])
    #expect(
      line("sample", imported)
        == "sample:\ngraph: \"<samplers/comfyui/euler.yaml>\"\nin: {denoiser: model.denoiser, positive: positive, latent: start, schedule: schedule}\nwith: {steps: $(steps), seed: $(seed)}"
    )
  }

  @Test func denoiseKeepsTheLastSteps() {
    let imported = Imported(
      apiPrompt([
        "5": sampler(
          "KSampler",
          #""seed": 1, "steps": 10, "cfg": 7, "sampler_name": "dpmpp_2m_sde_gpu", "scheduler": "karras", "denoise": 0.6"#
        )
      ]))
    #expect(imported.problems == [])
    #expect(line("denoise", imported) == "denoise: {type: float, default: 0.6, min: 0}")
    #expect(
      line("schedule", imported).hasSuffix(
        "with: {convention: comfyui, sampler: dpmpp_2m_sde, curve: karras, steps: $(steps), denoise: $(denoise)}"))
    #expect(line("sample", imported).hasPrefix("sample:\ngraph: \"<samplers/comfyui/dpmpp_2m_sde.yaml>\""))
  }

  @Test func halvesOfARunHaveTheirPartsOfOneSchedule() {
    let first =
      #""add_noise": "enable", "noise_seed": 7, "steps": 25, "cfg": 8, "sampler_name": "euler", "scheduler": "normal", "start_at_step": 0, "end_at_step": 20, "return_with_leftover_noise": "enable""#
    let second =
      #""add_noise": "disable", "noise_seed": 0, "steps": 25, "cfg": 8, "sampler_name": "euler", "scheduler": "normal", "start_at_step": 20, "end_at_step": 10000, "return_with_leftover_noise": "disable""#
    let imported = Imported(
      apiPrompt([
        "5": sampler("KSamplerAdvanced", first),
        "8": sampler("KSamplerAdvanced", second).replacing(#"["4", 0]"#, with: #"["5", 0]"#),
        "6": #"{"class_type": "VAEDecode", "inputs": {"samples": ["8", 0], "vae": ["1", 2]}}"#,
      ]))
    #expect(imported.problems == [])
    #expect(line("schedule", imported).hasSuffix("steps: $(steps), to: 20}"))
    #expect(line("schedule_2", imported).hasSuffix("steps: $(steps), from: 20}"))
    #expect(line("sample", imported).hasSuffix("with: {steps: 20, cfg: $(cfg), seed: $(seed)}"))
    #expect(line("sample_2", imported).hasSuffix("with: {steps: $(steps - 20), cfg: $(cfg), seed: $(seed_2)}"))
    #expect(
      line("start_2", imported)
        == "start_2: {node: AddNoise, in: {latent: sample.latent, schedule: schedule_2}, with: {rng: comfyui, amount: 0}}"
    )
  }

  @Test func partsOfASamplerAreOneCall() {
    let imported = Imported(
      apiPrompt([
        "1":
          #"{"class_type": "UNETLoader", "inputs": {"unet_name": "flux1-dev.safetensors", "weight_dtype": "default"}}"#,
        "2": #"{"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "clip": ["9", 0]}}"#,
        "3": #"{"class_type": "FluxGuidance", "inputs": {"conditioning": ["2", 0], "guidance": 4}}"#,
        "4": #"{"class_type": "EmptySD3LatentImage", "inputs": {"width": 1024, "height": 512, "batch_size": 2}}"#,
        "5":
          #"{"class_type": "SamplerCustomAdvanced", "inputs": {"noise": ["10", 0], "guider": ["11", 0], "sampler": ["12", 0], "sigmas": ["13", 0], "latent_image": ["4", 0]}}"#,
        "6": #"{"class_type": "VAEDecode", "inputs": {"samples": ["5", 1], "vae": ["15", 0]}}"#,
        "9":
          #"{"class_type": "DualCLIPLoader", "inputs": {"clip_name1": "clip_l.safetensors", "clip_name2": "t5xxl.safetensors", "type": "flux"}}"#,
        "10": #"{"class_type": "RandomNoise", "inputs": {"noise_seed": 5}}"#,
        "11": #"{"class_type": "BasicGuider", "inputs": {"model": ["14", 0], "conditioning": ["3", 0]}}"#,
        "12": #"{"class_type": "KSamplerSelect", "inputs": {"sampler_name": "uni_pc"}}"#,
        "13":
          #"{"class_type": "BasicScheduler", "inputs": {"model": ["14", 0], "scheduler": "simple", "steps": 20, "denoise": 1}}"#,
        "14":
          #"{"class_type": "ModelSamplingFlux", "inputs": {"model": ["1", 0], "max_shift": 1.15, "base_shift": 0.5, "width": 1024, "height": 512}}"#,
        "15": #"{"class_type": "VAELoader", "inputs": {"vae_name": "ae.safetensors"}}"#,
      ]))
    #expect(imported.problems == [])
    #expect(
      line("schedule", imported)
        == "schedule:\nnode: NoiseSchedule\nin: {denoiser: denoiser.denoiser}\nwith: {convention: comfyui, sampler: uni_pc, curve: simple, steps: $(steps), discard: false, mu: 0.8033333333333332}"
    )
    #expect(line("sample", imported).hasSuffix("with: {steps: $(steps), guidance: $(guidance), seed: $(seed)}"))
    #expect(line("empty", imported).hasPrefix("empty: {node: EmptyLatent, in: {vae: vae}, with: {width: $(width)"))
    #expect(line("image", imported).contains("latent: sample.denoised"))
    #expect(
      line("text_2", imported) == "text_2: {type: path, default: text_encoders/t5xxl.safetensors}")
  }

  /// A prompt for the first part of a run, and another one from where it ends on.
  @Test func whatActsInAPartOfARunIsACallOfItsOwn() {
    let ranged = [
      "20": #"{"class_type": "CLIPTextEncode", "inputs": {"text": "a green pear", "clip": ["1", 1]}}"#,
      "21":
        #"{"class_type": "ConditioningSetTimestepRange", "inputs": {"conditioning": ["2", 0], "start": 0, "end": 0.5}}"#,
      "22":
        #"{"class_type": "ConditioningSetTimestepRange", "inputs": {"conditioning": ["20", 0], "start": 0.5, "end": 1}}"#,
      "23":
        #"{"class_type": "ConditioningCombine", "inputs": {"conditioning_1": ["22", 0], "conditioning_2": ["21", 0]}}"#,
    ]
    func imported(_ sampler: String, _ scheduler: String, _ more: [String: String] = [:]) -> Imported {
      let settings =
        #""seed": 1, "steps": 10, "cfg": 7, "sampler_name": "\#(sampler)", "scheduler": "\#(scheduler)", "denoise": 1"#
      let node = self.sampler("KSampler", settings).replacing(#"["2", 0]"#, with: #"["23", 0]"#)
      return Imported(apiPrompt(ranged.merging(["5": node]) { $1 }.merging(more) { $1 }))
    }
    let whole = imported("dpmpp_2m", "karras")
    #expect(whole.problems == [] && whole.mistakes == "")
    #expect(line("until", whole) == "until: {type: int, default: 5, min: 0}")
    #expect(
      line("sample", whole).hasSuffix(
        "in: {denoiser: model.denoiser, positive: positive, uncond: negative, latent: start, schedule: schedule}\n"
          + "with: {steps: $(steps), last: \"$(min(until, steps))\", cfg: $(cfg), seed: $(seed)}"))
    #expect(line("sample_2", whole).contains("positive: positive_2\n"))
    #expect(line("sample_2", whole).contains("latent: sample.latent\n"))
    #expect(line("sample_2", whole).contains("history: sample.history\n"))
    #expect(
      line("sample_2", whole).hasSuffix(
        "with: {steps: $(steps), first: \"$(min(until, steps))\", cfg: $(cfg), seed: $(seed)}"))
    // Of a method of two evaluations a step it may be between them.
    let twice = imported("dpm_2", "simple")
    #expect(twice.problems == [] && twice.mistakes == "")
    #expect(line("sample_2", twice).contains("from: \"$(min(until, 2*(steps) - 1))\""))
    // What nothing is told of, and what nothing tells.
    let silent = imported(
      "euler", "simple",
      [
        "22":
          #"{"class_type": "ConditioningSetTimestepRange", "inputs": {"conditioning": ["20", 0], "start": 0.8, "end": 1}}"#
      ])
    #expect(
      silent.problems == [
        "KSampler, node 5: no positive prompt acts from evaluation 5 to 7, where the model is told nothing; one for all steps was expected"
      ])
    let unknown = imported(
      "euler", "simple",
      [
        "1": #"{"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15.safetensors"}}"#,
        "30":
          #"{"class_type": "UNETLoader", "inputs": {"unet_name": "mystery.safetensors", "weight_dtype": "default"}}"#,
        "5": self.sampler(
          "KSampler",
          #""seed": 1, "steps": 10, "cfg": 7, "sampler_name": "euler", "scheduler": "simple", "denoise": 1"#
        ).replacing(#"["2", 0]"#, with: #"["23", 0]"#).replacing(#""model": ["1", 0]"#, with: #""model": ["30", 0]"#),
      ])
    #expect(
      unknown.problems.last?.hasSuffix(
        "when something acts follows from the family of the model, of which its file's name tells nothing") == true)
  }

  @Test func filesThatAreReadAreNotWritten() {
    let imported = Imported(
      apiPrompt([
        "8": #"{"class_type": "LoadImage", "inputs": {"image": "apple.png"}}"#,
        "4": #"{"class_type": "VAEEncode", "inputs": {"pixels": ["8", 0], "vae": ["1", 2]}}"#,
      ]))
    #expect(line("picture", imported) == "picture: {type: path, default: apple.png}")
    #expect(line("out", imported) == "out: {type: path, default: apple_2.png}")
  }

  @Test func everythingThatIsMissingIsToldAtOnce() {
    let imported = Imported(
      apiPrompt([
        "3":
          #"{"class_type": "ConditioningSetArea", "inputs": {"conditioning": ["2", 0]}, "_meta": {"title": "Left half"}}"#,
        "5": sampler(
          "KSampler",
          #""seed": 1, "steps": 4, "cfg": 7, "sampler_name": "seeds_2", "scheduler": "simple", "denoise": 1"#),
        "6": #"{"class_type": "VAEDecod", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}}"#,
      ]))
    #expect(
      imported.problems == [
        "VAEDecod, node 6: no class of ComfyUI that pictures of these models are made with; did you mean VAEDecode?"
      ])
    let other = Imported(
      apiPrompt([
        "3":
          #"{"class_type": "ConditioningSetArea", "inputs": {"conditioning": ["2", 0]}, "_meta": {"title": "Left half"}}"#,
        "5": sampler(
          "KSampler",
          #""seed": 1, "steps": 4, "cfg": 7, "sampler_name": "seeds_2", "scheduler": "simple", "denoise": 1"#),
      ]))
    #expect(
      other.problems == [
        "'Left half' (ConditioningSetArea, node 3): a prompt for a part of the picture",
        "KSampler, node 5: no step of the method 'seeds_2' is here; nearest is dpmpp_sde",
      ])
    // What is whole is there all the same.
    #expect(other.text?.contains("# Left out: KSampler, node 5:") == true)
    #expect(
      line("prompt", other)
        == "prompt: {node: TextEncode, in: {clip: model.clip}, with: {text: a red apple, syntax: comfyui}}")
  }

  @Test func switchesAndValuesFoldAway() {
    let imported = Imported(
      apiPrompt([
        "2": #"{"class_type": "CLIPTextEncode", "inputs": {"text": ["20", 0], "clip": ["1", 1]}}"#,
        "4":
          #"{"class_type": "EmptyLatentImage", "inputs": {"width": ["23", 0], "height": ["24", 1], "batch_size": 1}}"#,
        "20":
          #"{"class_type": "ComfySwitchNode", "inputs": {"switch": ["21", 0], "on_true": ["22", 0], "on_false": ["25", 0]}}"#,
        "21": #"{"class_type": "PrimitiveBoolean", "inputs": {"value": true}}"#,
        "22":
          #"{"class_type": "StringConcatenate", "inputs": {"string_a": "a", "string_b": "$(cat)", "delimiter": ", "}}"#,
        "23":
          #"{"class_type": "ResolutionSelector", "inputs": {"aspect_ratio": "16:9 (Widescreen)", "megapixels": 1.0, "multiple": 8}}"#,
        "24":
          #"{"class_type": "ComfyMathExpression", "inputs": {"expression": "max((a + 15) // 16 * 16, 256)", "values.a": 700}}"#,
        "25": #"{"class_type": "TextGenerate", "inputs": {"prompt": "write"}}"#,
      ]))
    #expect(imported.problems == [])
    #expect(line("prompt", imported) == "prompt: {type: string, default: \"a, $$(cat)\"}")
    #expect(line("width", imported) == "width: {type: int, default: 1368, min: 1}")
    #expect(line("height", imported) == "height: {type: int, default: 704, min: 1}")
  }

  @Test(
    arguments: [
      ("1 + 2 * 3", 7.0), ("-2 ** 2", -4), ("2 ** -1", 0.5), ("7 // 2", 3), ("-7 // 2", -4), ("-7 % 3", 2),
      ("round(2.5)", 2),
      ("min(a, 3) + int(-1.5)", 1), ("(1 + 2) * (3 - 4)", -3), ("1 / 0", nil), ("b", nil), ("1 +", nil),
      ("sqrt(-1)", nil),
      (String(repeating: "(", count: 500), nil),
    ] as [(String, Double?)])
  func expressionsAreThoseOfPython(_ text: String, _ value: Double?) {
    let imported = Imported(
      apiPrompt([
        "4": #"{"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}}"#,
        "5": sampler(
          "KSampler",
          #""seed": 1, "steps": 4, "cfg": ["9", 0], "sampler_name": "euler", "scheduler": "simple", "denoise": 1"#),
        "9": #"{"class_type": "ComfyMathExpression", "inputs": {"expression": ""# + text + #"", "values.a": 2}}"#,
      ]))
    let shown = value.map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" }
    #expect((imported.problems == []) == (value != nil))
    if let shown, value != 1 { #expect(line("cfg", imported) == "cfg: {type: float, default: \(shown)}") }
  }

  @Test func referencesAndSizesOfPicturesAreWires() {
    let imported = Imported(
      apiPrompt([
        "1":
          #"{"class_type": "UNETLoader", "inputs": {"unet_name": "flux-2-klein-4b.safetensors", "weight_dtype": "default"}}"#,
        "2": #"{"class_type": "CLIPTextEncode", "inputs": {"text": "a (cat)", "clip": ["9", 0]}}"#,
        "3": #"{"class_type": "ReferenceLatent", "inputs": {"conditioning": ["2", 0], "latent": ["8", 0]}}"#,
        "4":
          #"{"class_type": "EmptyFlux2LatentImage", "inputs": {"width": ["17", 0], "height": ["17", 1], "batch_size": 1}}"#,
        "5":
          #"{"class_type": "SamplerCustomAdvanced", "inputs": {"noise": ["10", 0], "guider": ["11", 0], "sampler": ["12", 0], "sigmas": ["13", 0], "latent_image": ["4", 0]}}"#,
        "6": #"{"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["15", 0]}}"#,
        "8": #"{"class_type": "VAEEncode", "inputs": {"pixels": ["16", 0], "vae": ["15", 0]}}"#,
        "9": #"{"class_type": "CLIPLoader", "inputs": {"clip_name": "qwen_3_4b.safetensors", "type": "flux2"}}"#,
        "10": #"{"class_type": "RandomNoise", "inputs": {"noise_seed": 5}}"#,
        "11":
          #"{"class_type": "CFGGuider", "inputs": {"model": ["1", 0], "positive": ["3", 0], "negative": ["2", 0], "cfg": 1}}"#,
        "12": #"{"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}}"#,
        "13": #"{"class_type": "Flux2Scheduler", "inputs": {"steps": 4, "width": ["17", 0], "height": ["17", 1]}}"#,
        "15": #"{"class_type": "VAELoader", "inputs": {"vae_name": "flux2-vae.safetensors"}}"#,
        "16": #"{"class_type": "LoadImage", "inputs": {"image": "cat.png"}}"#,
        "17": #"{"class_type": "GetImageSize", "inputs": {"image": ["16", 0]}}"#,
      ]))
    #expect(imported.problems == [])
    #expect(line("empty", imported) == "empty: {node: EmptyLatent, in: {vae: vae, image: loaded.image}}")
    #expect(
      line("schedule", imported)
        == "schedule:\nnode: NoiseSchedule\nin: {denoiser: denoiser.denoiser, latent: empty}\nwith: {convention: comfyui, sampler: euler, curve: flux2, steps: $(steps)}"
    )
    #expect(line("sample", imported).contains("references: [encoded]"))
    #expect(
      line("positive", imported)
        == "positive: {node: TextEncode, in: {clip: text}, with: {text: $(prompt), syntax: comfyui}}")
    #expect(
      line("text", imported)
        == "text: {type: path, default: text_encoders/qwen_3_4b.safetensors}")
  }

  @Test func settingsOfA1111AreAWorkflow() throws {
    let text = """
      a cat, (red:1.2)
      in a house
      Negative prompt: dark
      Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 11, Size: 512x768, Model hash: ab, Model: v1-5, Clip skip: 2, Lora hashes: "a: b, c: d"
      """
    #expect(A1111Settings.looks(like: text))
    let collector = DiagnosticCollector()
    let file = SourceFile(path: "a.txt", text: text)
    let imported = try #require(A1111Settings(file).imported(from: "a.txt", models: ComfyFolders(), into: collector))
    #expect(imported.problems.isEmpty && collector.sorted.isEmpty)
    #expect(imported.text.contains("default: \"a cat, (red:1.2)\\nin a house\""))
    #expect(imported.text.contains("{text: $(prompt), syntax: a1111, clip_skip: 1}"))
    #expect(imported.text.contains("sampler: dpmpp_2m, curve: karras, steps: $(steps)}"))
    #expect(imported.text.contains("{seed: $(seed), rng: philox}"))
    #expect(imported.text.contains("model: {type: path, default: checkpoints/v1-5.safetensors}"))
  }
}
