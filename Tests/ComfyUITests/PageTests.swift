import ComfyUI
import Diagnostics
import Testing

/// The page's format gives the same as the API's.
struct PageTests {
  /// The nodes of `apiPrompt()` as the page saves them; node 5's are `sampler`.
  func page(_ changes: [String: String] = [:], links: String = "", subgraphs: String = "") -> String {
    var nodes = [
      "1":
        #"{"id": 1, "type": "CheckpointLoaderSimple", "mode": 0, "inputs": [], "outputs": [{"name": "MODEL", "type": "MODEL"}, {"name": "CLIP", "type": "CLIP"}, {"name": "VAE", "type": "VAE"}], "widgets_values": ["sd15.safetensors"]}"#,
      "2":
        #"{"id": 2, "type": "CLIPTextEncode", "mode": 0, "inputs": [{"name": "clip", "type": "CLIP", "link": 1}], "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING"}], "widgets_values": ["a red apple"]}"#,
      "3":
        #"{"id": 3, "type": "CLIPTextEncode", "mode": 0, "inputs": [{"name": "clip", "type": "CLIP", "link": 2}], "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING"}], "widgets_values": ["blurry"]}"#,
      "4":
        #"{"id": 4, "type": "EmptyLatentImage", "mode": 0, "inputs": [], "outputs": [{"name": "LATENT", "type": "LATENT"}], "widgets_values": [512, 768, 1]}"#,
      "5":
        #"{"id": 5, "type": "KSampler", "mode": 0, "inputs": [{"name": "model", "type": "MODEL", "link": 3}, {"name": "positive", "type": "CONDITIONING", "link": 4}, {"name": "negative", "type": "CONDITIONING", "link": 5}, {"name": "latent_image", "type": "LATENT", "link": 6}], "outputs": [{"name": "LATENT", "type": "LATENT"}], "widgets_values": [18446744073709551615, "randomize", 20, 7.5, "euler", "normal", 1]}"#,
      "6":
        #"{"id": 6, "type": "VAEDecode", "mode": 0, "inputs": [{"name": "samples", "type": "LATENT", "link": 7}, {"name": "vae", "type": "VAE", "link": 8}], "outputs": [{"name": "IMAGE", "type": "IMAGE"}]}"#,
      "7":
        #"{"id": 7, "type": "SaveImage", "mode": 0, "inputs": [{"name": "images", "type": "IMAGE", "link": 9}], "outputs": [], "widgets_values": ["apple"]}"#,
    ]
    nodes.merge(changes) { $1 }
    let all = nodes.sorted { $0.key < $1.key }.map(\.value).joined(separator: ",\n")
    return #"{"version": 0.4, "nodes": ["# + all
      + #"], "links": [[1, 1, 1, 2, 0, "CLIP"], [2, 1, 1, 3, 0, "CLIP"], [3, 1, 0, 5, 0, "MODEL"], [4, 2, 0, 5, 1, "CONDITIONING"], [5, 3, 0, 5, 2, "CONDITIONING"], [6, 4, 0, 5, 3, "LATENT"], [7, 5, 0, 6, 0, "LATENT"], [8, 1, 2, 6, 1, "VAE"], [9, 6, 0, 7, 0, "IMAGE"]"#
      + links + #"], "definitions": {"subgraphs": ["# + subgraphs + "]}}"
  }

  private let plain = Imported(apiPrompt()).text

  private func expectPlain(_ json: String, _ location: Testing.SourceLocation = #_sourceLocation) {
    let imported = Imported(json)
    #expect(imported.messages == "" && imported.problems == [], sourceLocation: location)
    #expect(imported.text == plain, sourceLocation: location)
  }

  @Test func bothFormatsAreOneWorkflow() { expectPlain(page()) }

  @Test func namedValuesCount() {
    expectPlain(
      page([
        "4":
          #"{"id": 4, "type": "EmptyLatentImage", "mode": 0, "inputs": [], "outputs": [], "widgets_values": [1, 1, 1], "widgets_values_named": {"width": 512, "height": 768, "batch_size": 1}}"#
      ]))
  }

  @Test func reroutesPrimitivesAndBypassedNodesAreNotThere() {
    expectPlain(
      page(
        [
          // The model by way of a bypassed LoRA, whose outputs are its inputs of the same type.
          "5":
            #"{"id": 5, "type": "KSampler", "mode": 0, "inputs": [{"name": "model", "type": "MODEL", "link": 12}, {"name": "positive", "type": "CONDITIONING", "link": 4}, {"name": "negative", "type": "CONDITIONING", "link": 5}, {"name": "latent_image", "type": "LATENT", "link": 6}, {"name": "steps", "type": "INT", "widget": {"name": "steps"}, "link": 14}], "outputs": [{"name": "LATENT", "type": "LATENT"}], "widgets_values": [18446744073709551615, "randomize", 3, 7.5, "euler", "normal", 1]}"#,
          "8":
            #"{"id": 8, "type": "LoraLoader", "mode": 4, "inputs": [{"name": "model", "type": "MODEL", "link": 11}, {"name": "clip", "type": "CLIP", "link": null}], "outputs": [{"name": "MODEL", "type": "MODEL"}, {"name": "CLIP", "type": "CLIP"}], "widgets_values": ["x.safetensors", 1, 1]}"#,
          "9":
            #"{"id": 9, "type": "Reroute", "mode": 0, "inputs": [{"name": "", "type": "*", "link": 10}], "outputs": [{"name": "", "type": "MODEL"}]}"#,
          "10":
            #"{"id": 10, "type": "PrimitiveNode", "mode": 0, "outputs": [{"name": "INT", "type": "INT"}], "widgets_values": [20, "fixed"]}"#,
          // What nothing sees is gone.
          "11": #"{"id": 11, "type": "SomethingElse", "mode": 2, "inputs": [], "outputs": []}"#,
        ],
        links:
          #", [10, 1, 0, 9, 0, "MODEL"], [11, 9, 0, 8, 0, "MODEL"], [12, 8, 0, 5, 0, "MODEL"], [14, 10, 0, 5, 4, "INT"]"#
      ))
  }

  @Test func notesAreComments() throws {
    let text = try #require(
      Imported(
        page([
          "9":
            #"{"id": 9, "type": "MarkdownNote", "mode": 0, "title": "Read me", "widgets_values": ["Take *care*.\n\nIt is:\u0007 large."]}"#
        ])
      ).text)
    #expect(text.contains("a workflow of ComfyUI.\"\n# Read me\n# Take *care*.\n# It is:  large.\nparams:\n"))
  }

  /// The text encoder's text and the sampler's seed are shown by the node that uses the subgraph.
  private func subgraph(_ id: String, inner: String? = nil) -> String {
    let text =
      inner
      ?? #"{"id": 2, "type": "CLIPTextEncode", "mode": 0, "inputs": [{"name": "clip", "type": "CLIP", "link": 1}, {"name": "text", "type": "STRING", "widget": {"name": "text"}, "link": 2}], "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING"}], "widgets_values": ["inner text"]}"#
    return #"{"id": ""# + id
      + #"", "name": "Prompt", "inputs": [{"name": "clip", "type": "CLIP"}, {"name": "text", "type": "STRING"}], "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING"}], "nodes": ["#
      + text
      + #"], "links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 2, "target_slot": 0, "type": "CLIP"}, {"id": 2, "origin_id": -10, "origin_slot": 1, "target_id": 2, "target_slot": 1, "type": "STRING"}, {"id": 3, "origin_id": 2, "origin_slot": 0, "target_id": -20, "target_slot": 0, "type": "CONDITIONING"}]}"#
  }

  private func user(_ type: String, _ rest: String) -> String {
    #"{"id": 2, "type": ""# + type
      + #"", "mode": 0, "inputs": [{"name": "clip", "type": "CLIP", "link": 1}, {"name": "text", "type": "STRING", "widget": {"name": "text"}, "link": null}], "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING"}], "#
      + rest + "}"
  }

  @Test func subgraphsAreOpened() {
    for rest in [
      // In order of the inputs that stand for widgets; by the widgets that are shown; by an input's own name.
      #""widgets_values": ["a red apple"]"#,
      #""properties": {"proxyWidgets": [["2", "text"]]}, "widgets_values": ["a red apple"]"#,
      #""properties": {"proxyWidgets": [["-1", "text"]]}, "widgets_values": ["a red apple"]"#,
    ] {
      expectPlain(page(["2": user("sub", rest)], subgraphs: subgraph("sub")))
    }
    // Shown without a value of its own, it is that of the widget inside.
    let inner = Imported(
      page(
        ["2": user("sub", #""properties": {"proxyWidgets": [["2", "text"]]}, "widgets_values": []"#)],
        subgraphs: subgraph("sub")))
    #expect(inner.text?.contains("prompt: {type: string, default: inner text}") == true)
  }

  @Test func subgraphsInSubgraphsAreOpened() {
    let outer = subgraph(
      "outer",
      inner:
        #"{"id": 2, "type": "sub", "mode": 0, "inputs": [{"name": "clip", "type": "CLIP", "link": 1}, {"name": "text", "type": "STRING", "widget": {"name": "text"}, "link": 2}], "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING"}], "widgets_values": ["between"]}"#
    )
    expectPlain(
      page(
        ["2": user("outer", #""widgets_values": ["a red apple"]"#)], subgraphs: outer + "," + subgraph("sub")))
  }

  @Test func aBypassedSubgraphIsPassedThrough() {
    let imported = Imported(
      page(
        [
          "5":
            #"{"id": 5, "type": "KSampler", "mode": 0, "inputs": [{"name": "model", "type": "MODEL", "link": 3}, {"name": "positive", "type": "CONDITIONING", "link": 11}, {"name": "negative", "type": "CONDITIONING", "link": 5}, {"name": "latent_image", "type": "LATENT", "link": 6}], "outputs": [{"name": "LATENT", "type": "LATENT"}], "widgets_values": [18446744073709551615, "randomize", 20, 7.5, "euler", "normal", 1]}"#,
          "8":
            #"{"id": 8, "type": "sub", "mode": 4, "inputs": [{"name": "clip", "type": "CLIP", "link": null}, {"name": "in", "type": "CONDITIONING", "link": 10}], "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING"}]}"#,
        ], links: #", [10, 2, 0, 8, 1, "CONDITIONING"], [11, 8, 0, 5, 1, "CONDITIONING"]"#, subgraphs: subgraph("sub")))
    #expect(imported.text == plain)
  }
}

extension PageTests {
  /// A subgraph that is used twice is a file, with params for what differs.
  @Test func aSubgraphUsedTwiceIsAFile() throws {
    let encode =
      #"{"id": 20, "type": "CLIPTextEncode", "mode": 0, "inputs": [{"name": "clip", "type": "CLIP", "link": 1}, {"name": "text", "type": "STRING", "widget": {"name": "text"}, "link": 2}], "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING"}], "widgets_values": ["inner"]}, {"id": 21, "type": "ConditioningConcat", "mode": 0, "inputs": [{"name": "conditioning_to", "type": "CONDITIONING", "link": 3}, {"name": "conditioning_from", "type": "CONDITIONING", "link": 3}], "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING"}]}"#
    let definition =
      #"{"id": "twice", "name": "Long Prompt", "inputs": [{"name": "clip", "type": "CLIP"}, {"name": "text", "type": "STRING"}], "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING"}], "nodes": ["#
      + encode
      + #"], "links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 20, "target_slot": 0}, {"id": 2, "origin_id": -10, "origin_slot": 1, "target_id": 20, "target_slot": 1}, {"id": 3, "origin_id": 20, "origin_slot": 0, "target_id": 21, "target_slot": 0}, {"id": 4, "origin_id": 21, "origin_slot": 0, "target_id": -20, "target_slot": 0}]}"#
    func user(_ id: Int, _ text: String) -> String {
      #"{"id": \#(id), "type": "twice", "mode": 0, "inputs": [{"name": "clip", "type": "CLIP", "link": \#(id - 1)}, {"name": "text", "type": "STRING", "widget": {"name": "text"}, "link": null}], "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING"}], "widgets_values": ["\#(text)"]}"#
    }
    let json = page(["2": user(2, "a red apple"), "3": user(3, "blurry")], subgraphs: definition)
    let collector = DiagnosticCollector()
    let graph = try #require(ComfyFile.read(SourceFile(path: "a.json", text: json), into: collector))
    let imported = try #require(
      ComfyImport(graph, from: "a.json", models: ComfyFolders(), stem: "graph", into: collector))
    #expect(imported.problems.isEmpty && collector.sorted.isEmpty)
    #expect(
      imported.text.contains(
        """
          long_prompt: {graph: graph-long_prompt.yaml, in: {clip: model.clip}, with: {text: $(prompt)}}
          long_prompt_2: {graph: graph-long_prompt.yaml, in: {clip: model.clip}, with: {text: $(negative)}}
        """), "\(imported.text)")
    #expect(imported.text.contains("positive: long_prompt.joined\n      uncond: long_prompt_2.joined\n"))
    #expect(imported.subgraphs.map(\.name) == ["graph-long_prompt.yaml"])
    #expect(
      imported.subgraphs.first?.text == """
        stepgraph: 1
        description: "A subgraph of a.json, a workflow of ComfyUI."
        inputs:
          clip: {type: clip}
        params:
          text: {type: string, default: a red apple}
        nodes:
          positive: {node: TextEncode, in: {clip: inputs.clip}, with: {text: $(text), syntax: comfyui}}
          joined: {node: ConditioningMix, in: {to: positive, from: positive}, with: {mode: concatenate}}
        outputs: {joined: joined}

        """)
  }
}
