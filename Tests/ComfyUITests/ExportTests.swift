import ComfyUI
import Diagnostics
import GraphEngine
import StepgraphNodes
import Testing

/// What import makes of a workflow of ComfyUI, export makes such a workflow of again.
struct ExportTests {
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
