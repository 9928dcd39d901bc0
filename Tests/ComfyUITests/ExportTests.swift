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
}
