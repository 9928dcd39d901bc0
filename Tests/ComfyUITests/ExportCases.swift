import ComfyUI

/// The workflows of ComfyUI that go there and back.
extension ExportTests {
  /// Nodes in place of the plain picture's, by a name for the case.
  static let cases: [(name: String, changes: [String: String])] =
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

  static let wires =
    "\"model\": [\"1\", 0], \"positive\": [\"2\", 0], \"negative\": [\"3\", 0], \"latent_image\": [\"4\", 0]"

  static func node(_ type: String, _ inputs: String) -> String {
    "{\"class_type\": \"\(type)\", \"inputs\": {\(inputs)}}"
  }

  static func applied(
    _ positive: String, _ negative: String, net: String, _ start: String, _ end: String
  ) -> String {
    node(
      "ControlNetApplyAdvanced",
      "\"positive\": \(positive), \"negative\": \(negative), \"control_net\": [\"\(net)\", 0], \"image\": [\"8\", 0],"
        + "\"strength\": 0.75, \"start_percent\": \(start), \"end_percent\": \(end)")
  }

  static func sampler(
    _ name: String, model: String = "1", positive: String = "[\"2\", 0]", negative: String = "[\"3\", 0]",
    latent: String = "[\"4\", 0]", denoise: String = "1"
  ) -> String {
    node(
      "KSampler",
      "\"model\": [\"\(model)\", 0], \"positive\": \(positive), \"negative\": \(negative), \"latent_image\": \(latent),"
        + "\"seed\": 7, \"steps\": 6, \"cfg\": 5.5, \"sampler_name\": \"\(name)\", \"scheduler\": \"simple\","
        + "\"denoise\": \(denoise)")
  }
}
