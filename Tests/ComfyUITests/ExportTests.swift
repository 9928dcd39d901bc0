import ComfyUI
import Diagnostics
import GraphEngine
import StepgraphNodes
import Testing

/// What import makes of a workflow of ComfyUI, export makes such a workflow of again.
struct ExportTests {
  /// Nodes in place of the plain picture's, by a name for the case.
  private static let cases: [(name: String, changes: [String: String])] =
    ComfySamplers.here.sorted().map { ($0, ["5": sampler($0)]) } + [
      (
        "the middle of a run",
        [
          "5": node(
            "KSamplerAdvanced",
            "\(wires), \"add_noise\": \"enable\", \"noise_seed\": 3, \"steps\": 9, \"cfg\": 4,"
              + "\"sampler_name\": \"euler\", \"scheduler\": \"karras\", \"start_at_step\": 2, \"end_at_step\": 6,"
              + "\"return_with_leftover_noise\": \"enable\"")
        ]
      ),
      (
        "latents of other sizes",
        [
          "8": sampler("euler"),
          "9": node("LatentUpscaleBy", "\"samples\": [\"8\", 0], \"upscale_method\": \"bislerp\", \"scale_by\": 1.5"),
          "10": node(
            "LatentUpscale",
            "\"samples\": [\"9\", 0], \"upscale_method\": \"nearest-exact\", \"width\": 512, \"height\": 0, \"crop\": \"center\""
          ),
          "5": sampler("dpmpp_2m", latent: "[\"10\", 0]", denoise: "0.5"),
        ]
      ),
      (
        "a run with a mask, and one without",
        [
          "8": node("LoadImage", "\"image\": \"cat.png\""),
          "9": node("VAEEncode", "\"pixels\": [\"8\", 0], \"vae\": [\"1\", 2]"),
          "10": node("SolidMask", "\"value\": 1, \"width\": 64, \"height\": 64"),
          "11": node("SetLatentNoiseMask", "\"samples\": [\"9\", 0], \"mask\": [\"8\", 1]"),
          "12": sampler("euler", latent: "[\"11\", 0]"),
          "13": node("SetLatentNoiseMask", "\"samples\": [\"12\", 0], \"mask\": [\"10\", 0]"),
          "5": sampler("euler", latent: "[\"13\", 0]", denoise: "0.5"),
        ]
      ),
      (
        "a picture that is drawn twice",
        [
          "8": sampler("euler"), "9": node("VAEDecode", "\"samples\": [\"8\", 0], \"vae\": [\"1\", 2]"),
          "10": node(
            "ImageScaleBy", "\"image\": [\"9\", 0], \"upscale_method\": \"bilinear\", \"scale_by\": 1.5"),
          "11": node("VAEEncode", "\"pixels\": [\"10\", 0], \"vae\": [\"1\", 2]"),
          "5": sampler("euler", latent: "[\"11\", 0]", denoise: "0.5"),
        ]
      ),
      (
        "pictures that are resized",
        [
          "8": node("LoadImage", "\"image\": \"cat.png\""),
          "9": node(
            "ImageScale",
            "\"image\": [\"8\", 0], \"upscale_method\": \"bicubic\", \"width\": 96, \"height\": 64, \"crop\": \"center\""
          ),
          "10": node("ImageScaleBy", "\"image\": [\"9\", 0], \"upscale_method\": \"lanczos\", \"scale_by\": 2"),
          "4": node("VAEEncode", "\"pixels\": [\"10\", 0], \"vae\": [\"1\", 2]"),
        ]
      ),
      (
        "a picture to begin with",
        [
          "8": node("LoadImage", "\"image\": \"cat.png\""),
          "4": node("VAEEncode", "\"pixels\": [\"8\", 0], \"vae\": [\"1\", 2]"), "5": sampler("euler", denoise: "0.5"),
        ]
      ),
      (
        "a mask",
        [
          "8": node("LoadImage", "\"image\": \"cat.png\""),
          "9": node("VAEEncode", "\"pixels\": [\"8\", 0], \"vae\": [\"1\", 2]"),
          "10": node("GrowMask", "\"mask\": [\"8\", 1], \"expand\": 4, \"tapered_corners\": true"),
          "4": node("SetLatentNoiseMask", "\"samples\": [\"9\", 0], \"mask\": [\"10\", 0]"),
        ]
      ),
      (
        "a mask from step to step",
        [
          "8": node("LoadImage", "\"image\": \"cat.png\""),
          "9": node("VAEEncode", "\"pixels\": [\"8\", 0], \"vae\": [\"1\", 2]"),
          "4": node("SetLatentNoiseMask", "\"samples\": [\"9\", 0], \"mask\": [\"8\", 1]"),
          "10": node("DifferentialDiffusion", "\"model\": [\"1\", 0], \"strength\": 1"),
          "5": sampler("euler", model: "10"),
        ]
      ),
      (
        "a ControlNet",
        [
          "8": node("LoadImage", "\"image\": \"edges.png\""),
          "9": node("ControlNetLoader", "\"control_net_name\": \"canny.safetensors\""),
          "10": node(
            "ControlNetApplyAdvanced",
            "\"positive\": [\"2\", 0], \"negative\": [\"3\", 0], \"control_net\": [\"9\", 0], \"image\": [\"8\", 0],"
              + "\"strength\": 0.75, \"start_percent\": 0, \"end_percent\": 1"),
          "5": sampler("dpmpp_2m", positive: "[\"10\", 0]", negative: "[\"10\", 1]"),
        ]
      ),
      (
        "a model of inpainting",
        [
          "8": node("LoadImage", "\"image\": \"cat.png\""),
          "9": node(
            "InpaintModelConditioning",
            "\"positive\": [\"2\", 0], \"negative\": [\"3\", 0], \"vae\": [\"1\", 2], \"pixels\": [\"8\", 0],"
              + "\"mask\": [\"8\", 1], \"noise_mask\": false"),
          "5": sampler("euler", positive: "[\"9\", 0]", negative: "[\"9\", 1]", latent: "[\"4\", 0]"),
        ]
      ),
      (
        "a batch of one latent",
        [
          "8": node("LoadImage", "\"image\": \"cat.png\""),
          "9": node("VAEEncode", "\"pixels\": [\"8\", 0], \"vae\": [\"1\", 2]"),
          "4": node("RepeatLatentBatch", "\"samples\": [\"9\", 0], \"amount\": 3"),
        ]
      ),
      (
        "ControlNets that act for a part of the steps",
        [
          "8": node("LoadImage", "\"image\": \"edges.png\""),
          "9": node("ControlNetLoader", "\"control_net_name\": \"canny.safetensors\""),
          "10": node("ControlNetLoader", "\"control_net_name\": \"depth.safetensors\""),
          "11": applied("[\"2\", 0]", "[\"3\", 0]", net: "9", "0", "0.7"),
          "12": applied("[\"11\", 0]", "[\"11\", 1]", net: "10", "0.3", "1"),
          "5": sampler("dpmpp_2m", positive: "[\"12\", 0]", negative: "[\"12\", 1]"),
        ]
      ),
      (
        "a ControlNet that ends between the evaluations of a step",
        [
          "8": node("LoadImage", "\"image\": \"edges.png\""),
          "9": node("ControlNetLoader", "\"control_net_name\": \"canny.safetensors\""),
          "10": applied("[\"2\", 0]", "[\"3\", 0]", net: "9", "0", "0.7"),
          "5": sampler("dpm_2", positive: "[\"10\", 0]", negative: "[\"10\", 1]"),
        ]
      ),
      (
        "prompts one after another",
        [
          "8": node("CLIPTextEncode", "\"text\": \"a green pear\", \"clip\": [\"1\", 1]"),
          "9": node("ConditioningSetTimestepRange", "\"conditioning\": [\"2\", 0], \"start\": 0, \"end\": 0.6"),
          "10": node("ConditioningSetTimestepRange", "\"conditioning\": [\"8\", 0], \"start\": 0.4, \"end\": 1"),
          "11": node("ConditioningCombine", "\"conditioning_1\": [\"9\", 0], \"conditioning_2\": [\"10\", 0]"),
          "5": sampler("euler_ancestral", positive: "[\"11\", 0]"),
        ]
      ),
      (
        "guidance that is changed",
        [
          "8": node("RescaleCFG", "\"model\": [\"1\", 0], \"multiplier\": 0.6"),
          "9": node("CFGZeroStar", "\"model\": [\"8\", 0]"),
          "10": node("CFGNorm", "\"model\": [\"9\", 0], \"strength\": 1.5"),
          "5": sampler("dpmpp_2m", model: "10"),
        ]
      ),
      (
        "guidance of three predictions",
        [
          "8": node("CLIPTextEncode", "\"text\": \"a green pear\", \"clip\": [\"1\", 1]"),
          "9": node(
            "DualCFGGuider",
            "\"model\": [\"1\", 0], \"cond1\": [\"2\", 0], \"cond2\": [\"8\", 0], \"negative\": [\"3\", 0],"
              + "\"cfg_conds\": 6, \"cfg_cond2_negative\": 2.5, \"style\": \"regular\""),
          "10": node("RandomNoise", "\"noise_seed\": 7"),
          "11": node(
            "SamplerEulerAncestral", "\"eta\": 0.5, \"s_noise\": 0.9"),
          "12": node(
            "BasicScheduler", "\"model\": [\"1\", 0], \"scheduler\": \"karras\", \"steps\": 5, \"denoise\": 1"),
          "13": node("SetFirstSigma", "\"sigmas\": [\"12\", 0], \"sigma\": 20"),
          "5": node(
            "SamplerCustomAdvanced",
            "\"noise\": [\"10\", 0], \"guider\": [\"9\", 0], \"sampler\": [\"11\", 0], \"sigmas\": [\"13\", 0],"
              + "\"latent_image\": [\"4\", 0]"),
        ]
      ),
      (
        "pictures as prompts",
        [
          "1": node("CheckpointLoaderSimple", "\"ckpt_name\": \"sd_xl_base_1.0.safetensors\""),
          "8": node("LoadImage", "\"image\": \"cat.png\""),
          "9": node("CLIPVisionLoader", "\"clip_name\": \"clip_vision_g.safetensors\""),
          "10": node("CLIPVisionEncode", "\"clip_vision\": [\"9\", 0], \"image\": [\"8\", 0], \"crop\": \"center\""),
          "11": node("CLIPVisionEncode", "\"clip_vision\": [\"9\", 0], \"image\": [\"8\", 0], \"crop\": \"none\""),
          "12": node(
            "unCLIPConditioning",
            "\"conditioning\": [\"2\", 0], \"clip_vision_output\": [\"10\", 0], \"strength\": 0.75, \"noise_augmentation\": 0"
          ),
          "13": node(
            "unCLIPConditioning",
            "\"conditioning\": [\"12\", 0], \"clip_vision_output\": [\"11\", 0], \"strength\": 0.5, \"noise_augmentation\": 0.1"
          ),
          "5": sampler("dpmpp_3m_sde", positive: "[\"13\", 0]"),
        ]
      ),
      (
        "a picture that sets a style, and one that lies beyond",
        [
          "1": node("CheckpointLoaderSimple", "\"ckpt_name\": \"flux1-dev-fp8.safetensors\""),
          "8": node("LoadImage", "\"image\": \"cat.png\""),
          "9": node("CLIPVisionLoader", "\"clip_name\": \"sigclip_vision_patch14_384.safetensors\""),
          "10": node("CLIPVisionEncode", "\"clip_vision\": [\"9\", 0], \"image\": [\"8\", 0], \"crop\": \"center\""),
          "11": node("ModelPatchLoader", "\"name\": \"uso-flux1-projector-v1.safetensors\""),
          "12": node(
            "USOStyleReference",
            "\"model\": [\"1\", 0], \"model_patch\": [\"11\", 0], \"clip_vision_output\": [\"10\", 0]"),
          "13": node("VAEEncode", "\"pixels\": [\"8\", 0], \"vae\": [\"1\", 2]"),
          "14": node("ReferenceLatent", "\"conditioning\": [\"2\", 0], \"latent\": [\"13\", 0]"),
          "15": node(
            "FluxKontextMultiReferenceLatentMethod",
            "\"conditioning\": [\"14\", 0], \"reference_latents_method\": \"uxo/uno\""),
          "16": node("ConditioningZeroOut", "\"conditioning\": [\"15\", 0]"),
          "5": sampler("euler", model: "12", positive: "[\"15\", 0]", negative: "[\"16\", 0]"),
        ]
      ),
      (
        "styles",
        [
          "8": node("LoadImage", "\"image\": \"cat.png\""),
          "9": node("CLIPVisionLoader", "\"clip_name\": \"sigclip_vision_patch14_384.safetensors\""),
          "10": node("CLIPVisionEncode", "\"clip_vision\": [\"9\", 0], \"image\": [\"8\", 0], \"crop\": \"center\""),
          "11": node("StyleModelLoader", "\"style_model_name\": \"flux1-redux-dev.safetensors\""),
          "12": node(
            "StyleModelApply",
            "\"conditioning\": [\"2\", 0], \"style_model\": [\"11\", 0], \"clip_vision_output\": [\"10\", 0],"
              + "\"strength\": 0.8, \"strength_type\": \"multiply\""),
          "5": sampler("euler", positive: "[\"12\", 0]"),
        ]
      ),
      (
        "a picture with a hole",
        [
          "8": node("LoadImage", "\"image\": \"cat.png\""),
          "4": node(
            "VAEEncodeForInpaint",
            "\"pixels\": [\"8\", 0], \"vae\": [\"1\", 2], \"mask\": [\"8\", 1], \"grow_mask_by\": 6"),
        ]
      ),
      (
        "pictures that are cut, blended and made larger",
        [
          "8": node("LoadImage", "\"image\": \"cat.png\""),
          "9": node(
            "ImageScaleToMaxDimension", "\"image\": [\"8\", 0], \"upscale_method\": \"area\", \"largest_size\": 640"),
          "10": node("ImageCrop", "\"image\": [\"9\", 0], \"width\": 64, \"height\": 96, \"x\": 8, \"y\": 16"),
          "11": node("Canny", "\"image\": [\"10\", 0], \"low_threshold\": 0.3, \"high_threshold\": 0.7"),
          "12": node(
            "ImageBlend",
            "\"image1\": [\"10\", 0], \"image2\": [\"11\", 0], \"blend_factor\": 0.4, \"blend_mode\": \"multiply\""),
          "13": node("ThresholdMask", "\"mask\": [\"8\", 1], \"value\": 0.25"),
          "14": node(
            "ImageCompositeMasked",
            "\"destination\": [\"12\", 0], \"source\": [\"10\", 0], \"mask\": [\"13\", 0], \"x\": 4, \"y\": 2,"
              + "\"resize_source\": false"),
          "15": node("UpscaleModelLoader", "\"model_name\": \"x4.safetensors\""),
          "16": node("ImageUpscaleWithModel", "\"upscale_model\": [\"15\", 0], \"image\": [\"14\", 0]"),
          "4": node("VAEEncode", "\"pixels\": [\"16\", 0], \"vae\": [\"1\", 2]"),
        ]
      ),
      (
        "pictures that are worked on",
        [
          "8": node("LoadImage", "\"image\": \"cat.png\""), "9": node("ImageInvert", "\"image\": [\"8\", 0]"),
          "10": node(
            "ImageStitch",
            "\"image1\": [\"8\", 0], \"image2\": [\"9\", 0], \"direction\": \"down\","
              + "\"match_image_size\": true, \"spacing_width\": 8, \"spacing_color\": \"red\""),
          "11": node("FluxKontextImageScale", "\"image\": [\"10\", 0]"),
          "4": node("VAEEncode", "\"pixels\": [\"11\", 0], \"vae\": [\"1\", 2]"),
        ]
      ),
    ]

  private static let wires =
    "\"model\": [\"1\", 0], \"positive\": [\"2\", 0], \"negative\": [\"3\", 0], \"latent_image\": [\"4\", 0]"

  private static func node(_ type: String, _ inputs: String) -> String {
    "{\"class_type\": \"\(type)\", \"inputs\": {\(inputs)}}"
  }

  private static func applied(
    _ positive: String, _ negative: String, net: String, _ start: String, _ end: String
  ) -> String {
    node(
      "ControlNetApplyAdvanced",
      "\"positive\": \(positive), \"negative\": \(negative), \"control_net\": [\"\(net)\", 0], \"image\": [\"8\", 0],"
        + "\"strength\": 0.75, \"start_percent\": \(start), \"end_percent\": \(end)")
  }

  private static func sampler(
    _ name: String, model: String = "1", positive: String = "[\"2\", 0]", negative: String = "[\"3\", 0]",
    latent: String = "[\"4\", 0]", denoise: String = "1"
  ) -> String {
    node(
      "KSampler",
      "\"model\": [\"\(model)\", 0], \"positive\": \(positive), \"negative\": \(negative), \"latent_image\": \(latent),"
        + "\"seed\": 7, \"steps\": 6, \"cfg\": 5.5, \"sampler_name\": \"\(name)\", \"scheduler\": \"simple\","
        + "\"denoise\": \(denoise)")
  }

  private func exported(_ workflow: String) throws -> ComfyExport {
    let loader = WorkflowLoader(
      catalog: .stepgraph, workingDirectory: "/nowhere",
      readFile: { path, _ throws(DiagnosticList) in SourceFile(path: path, text: workflow) })
    return ComfyExport(try loader.resolve("/nowhere/imported.yaml", sheets: .none))
  }

  @Test(arguments: Self.cases)
  func whatIsExportedIsImportedAlike(_ name: String, _ changes: [String: String]) throws {
    let first = Imported(apiPrompt(changes))
    #expect(first.problems == [] && first.messages == "", "\(name)")
    let workflow = try #require(first.text, "\(name)")
    let export = try exported(workflow)
    #expect(export.problems.map(\.message) == [], "\(name)")
    let again = Imported(export.prompt.document(depth: 2))
    #expect(again.problems == [], "\(name)")
    #expect(again.text == workflow, "\(name)")
  }

  /// What no sampler of ComfyUI does is told by its address.
  @Test(arguments: [
    ("lms", "order: $(order)", "order: 2", nil),
    (
      "uni_pc", "type: bh1", "type: bh2",
      "'sample/sample[0]/next': its 'type' is bh2, where the sampler 'uni_pc' has bh1"
    ),
    (
      "deis", "order: $(order)", "order: 2",
      "'sample/sample[0]/next': its 'order' is 2, where the sampler 'deis' has 3"
    ),
    (
      "gradient_estimation", "gamma: $(gamma)", "gamma: 3",
      "'sample/sample[0]/next': its 'gamma' is 3, where the sampler 'gradient_estimation' has 2"
    ),
    (
      "dpmpp_2m", "lower_order_final: false", "lower_order_final: true",
      "'sample/sample[0]/next': its 'lower_order_final' is true, where the sampler 'dpmpp_2m' has false"
    ),
    (
      "euler", "scale: $(cfg)", "scale: \"$(if(i < 2, cfg, 1))\"",
      "'sample/sample[2]/next': its guidance is 1, where the first step has 5.5; a sampler of ComfyUI guides all of its steps alike"
    ),
  ])
  func aChangedStepIsTold(_ sampler: String, _ text: String, _ other: String, _ problem: String?) throws {
    let workflow = try #require(Imported(apiPrompt(["5": Self.sampler(sampler)])).text)
    let shipped = try #require(NodeCatalog.stepgraph.graphs["samplers/comfyui/\(sampler).yaml"])
    #expect(shipped.contains(text))
    let loader = WorkflowLoader(
      catalog: .stepgraph, workingDirectory: "/nowhere",
      readFile: { path, _ throws(DiagnosticList) in
        SourceFile(
          path: path,
          text: path.hasSuffix("changed.yaml")
            ? shipped.replacing(text, with: other)
            : workflow.replacing("\"<samplers/comfyui/\(sampler).yaml>\"", with: "changed.yaml"))
      })
    let problems = ComfyExport(try loader.resolve("/nowhere/imported.yaml", sheets: .none)).problems.map(\.message)
    #expect(problems.first == problem)
  }

  /// Parts of the workflow of one picture, and what is told of them.
  @Test(arguments: [
    (
      "{text: $(prompt), syntax: comfyui}", "{text: \"\(String(repeating: "word ", count: 16))\"}",
      "'positive': ComfyUI cuts no long text, as 'syntax: plain' does; 'syntax: comfyui' was expected"
    ),
    (
      "{text: $(prompt), syntax: comfyui}", "{text: short, tokens: 60}",
      "'positive': ComfyUI has no number of tokens to fill a text up to or to cut it at, and 'tokens' is one"
    ),
    ("cfg: $(cfg)", "cfg: 101", "'sample': ComfyUI's KSampler takes a 'cfg' of 0 to 100, and it is 101"),
    (
      "path: $(model)}", "path: $(model), zero_snr: true}",
      "'schedule': in ComfyUI 'zero_snr' stands beside what is predicted; 'prediction' was expected"
    ),
    (
      "curve: simple", "curve: simple, beta_end: 0.02",
      "'schedule': ComfyUI's noise of training is that of the model's family, and 'beta_end' says another"
    ),
  ])
  func whatComfyUIDoesOtherwiseIsTold(_ text: String, _ other: String, _ problem: String) throws {
    let workflow = try #require(Imported(apiPrompt(["5": Self.sampler("euler")])).text)
    let range = try #require(workflow.range(of: text))
    let problems = try exported(workflow.replacingCharacters(in: range, with: other)).problems.map(\.message)
    #expect(problems.first?.replacing("sample/sample[0]/next", with: "sample") == problem)
  }

  @Test func whatALoaderSaysOfThePredictionIsExported() throws {
    let workflow = try #require(Imported(apiPrompt([:])).text)
    let told = workflow.replacing("path: $(model)}", with: "path: $(model), prediction: v, zero_snr: true}")
    let export = try exported(told)
    #expect(export.problems.map(\.message) == [])
    #expect(export.prompt.line.contains("\"sampling\": \"v_prediction\", \"zsnr\": true"), "\(export.prompt.line)")
  }
}
