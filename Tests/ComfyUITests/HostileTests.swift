import ComfyUI
import Foundation
import Testing

/// JSON that is none of ComfyUI's, or means harm.
struct HostileTests {
  @Test(arguments: [
    ("[]", "a.json:1:1: error: a workflow of ComfyUI is an object, not a list\n"),
    ("{}", "a.json:1:1: error: this is no workflow of ComfyUI\n"),
    (#"{"1": 5, "2": {"class_type": "Note"}}"#, "a.json:1:7: error: node 1 is a number; an object was expected\n"),
    (
      #"{"1": {"inputs": {}}, "2": {"class_type": "Note"}}"#,
      "a.json:1:2: error: node 1 has no 'class_type', the name of its class\n"
    ),
    (
      #"{"1": {"class_type": "VAEDecode", "inputs": {"samples": ["2", 0]}}}"#,
      "a.json:1:57: error: 'samples' of VAEDecode, node 1 leads to node 2, which is not there\n"
    ),
    (
      #"{"1": {"class_type": "LatentFlip", "inputs": {"samples": ["2", 0]}}, "2": {"class_type": "LatentFlip", "inputs": {"samples": ["1", 0]}}}"#,
      "a.json:1:2: error: the links go round in a circle, by way of LatentFlip, node 1\n"
    ),
    (
      #"{"1": {"class_type": "A"}, "1": {"class_type": "B"}}"#, "a.json:1:28: error: the key '1' is written twice\n"
    ),
    (
      #"{"nodes": [{"id": 1, "type": "A"}, {"id": 1, "type": "B"}], "links": []}"#,
      "a.json:1:36: error: two nodes have the id 1\n"
    ),
    (
      #"{"nodes": [{"id": 1, "type": "VAEDecode", "inputs": [{"name": "samples", "type": "LATENT", "link": 7}]}], "links": []}"#,
      "a.json:1:12: error: link 7 of node 1 is not there\n"
    ),
    (
      #"{"nodes": [{"id": 1, "type": "s"}], "links": [], "definitions": {"subgraphs": [{"id": "s", "name": "S", "nodes": [{"id": 2, "type": "s"}], "links": []}]}}"#,
      "a.json:1:115: error: the subgraph 'S' is used within itself\n"
    ),
    (
      #"{"nodes": [{"id": 1, "type": "VAEDecode", "inputs": [{"name": "samples", "type": "LATENT", "link": 1}]}, {"id": 2, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": 2}]}], "links": [[1, 2, 0, 1, 0, "*"], [2, 2, 0, 2, 0, "*"]]}"#,
      "a.json:1:12: error: the links into node 1 go round in a circle\n"
    ),
  ])
  func whatIsWrongIsTold(_ json: String, _ message: String) {
    let messages = Imported(json).messages
    #expect(messages.hasPrefix(message), "\(messages)")
  }

  /// Each takes longer than a second, or more memory than there is, where it is not bounded.
  @Test func boundsHold() {
    // Subgraphs of two each, thirty deep.
    let doubling = (0..<30).map { level in
      #"{"id": "s\#(level)", "name": "S", "nodes": [{"id": 1, "type": "s\#(level + 1)"}, {"id": 2, "type": "s\#(level + 1)"}], "links": []}"#
    }
    #expect(
      Imported(
        #"{"nodes": [{"id": 1, "type": "s0"}], "links": [], "definitions": {"subgraphs": ["#
          + doubling.joined(separator: ",") + "]}}"
      ).messages.contains("the workflow has more than 10000 nodes, its subgraphs opened"))
    // A text that doubles in each node.
    let texts = (1..<40).map {
      #""\#($0)": {"class_type": "StringConcatenate", "inputs": {"string_a": ["\#($0 - 1)", 0], "string_b": ["\#($0 - 1)", 0], "delimiter": ""}}"#
    }
    #expect(
      Imported(
        #"{"0": {"class_type": "PrimitiveString", "inputs": {"value": "0123456789"}}, "# + texts.joined(separator: ",")
          + "}"
      )
      .messages.contains("the texts that the workflow puts together have more than 4194304 bytes"))
    // A chain as long as there may be.
    let chain = (1..<9999).map {
      #""\#($0)": {"class_type": "ConditioningCombine", "inputs": {"conditioning_1": ["\#($0 - 1)", 0], "conditioning_2": ["\#($0 - 1)", 0]}}"#
    }
    let started = Date()
    let imported = Imported(
      #"{"0": {"class_type": "Broken", "inputs": {}}, "# + chain.joined(separator: ",")
        + #", "s": {"class_type": "SaveLatent", "inputs": {"samples": ["9998", 0]}}}"#)
    #expect(imported.problems.count == 1)
    #expect(Date().timeIntervalSince(started) < 20)
  }

  /// Of a file of nothing but mistakes, on a line without end, some are shown.
  @Test func floodsOfMistakesAreCut() {
    let started = Date()
    let twice = (0..<30_000).map { #""1": {"class_type": "A\#($0)"}"# }
    let keys = Imported("{" + twice.joined(separator: ",") + "}").messages
    #expect(
      keys.contains("the key '1' is written twice") && keys.hasSuffix("error: 29899 more problems are not shown\n"))
    let nodes = (0..<9_000).map { _ in #"{"id": 1, "type": "A"}"# }
    let ids = Imported(#"{"nodes": ["# + nodes.joined(separator: ",") + #"], "links": []}"#).messages
    #expect(ids.contains("two nodes have the id 1") && ids.hasSuffix("error: 8899 more problems are not shown\n"))
    #expect(Date().timeIntervalSince(started) < 20)
  }

  @Test func numbersOutOfRangeAreRefused() {
    for (name, value) in [("steps", "1e300"), ("seed", "0.5"), ("denoise", "NaN"), ("cfg", "1e400"), ("steps", "-1")] {
      let sampler =
        #"{"class_type": "KSampler", "inputs": {"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0], "#
        + ["seed": "1", "steps": "4", "cfg": "7", "denoise": "1"].merging([name: value]) { $1 }
        .map { "\"\($0)\": \($1)" }.joined(separator: ", ")
        + #", "sampler_name": "euler", "scheduler": "simple"}}"#
      #expect(Imported(apiPrompt(["5": sampler])).problems.count == 1, "\(name) \(value)")
    }
  }
}
