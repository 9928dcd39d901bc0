import Foundation
import Testing

/// What a run writes, and what it leaves alone.
struct OutputTests {
  @Test func streamsThatCannotBeWritten() throws {
    let stepgraph = try Stepgraph()
    let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
    let validate = try stepgraph.process(["validate", "nowhere.yaml"])
    validate.standardError = full
    try validate.run()
    validate.waitUntilExit()
    #expect(validate.terminationReason == .exit && validate.terminationStatus == 2)
    let schema = try stepgraph.process(["schema"])
    schema.standardOutput = full
    try schema.run()
    schema.waitUntilExit()
    #expect(schema.terminationReason == .exit && schema.terminationStatus == 1)
    #expect(
      String(decoding: try stepgraph.folder.contents(".stderr"), as: UTF8.self)
        == "error: standard output cannot be written\n")
  }

  @Test func outputsThatCannotBeWritten() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(
      """
      stepgraph: 1
      params: {out: {type: path}}
      nodes:
        e: {node: EmptyLatent}
        s: {node: SaveTensor, in: {tensor: e}, with: {path: $(out)}}

      """, to: "graph.yaml")
    try stepgraph.folder.write("notes", to: "notes.safetensors")
    for (path, reason) in [
      ("/proc/none/a.safetensors", "the folder '/proc/none' cannot be created: No such file or directory"),
      ("graph.yaml/a.safetensors", "'graph.yaml' is a file; a folder was expected"),
      ("notes.safetensors", "'notes.safetensors' exists and is no safetensors file; it is left as it is"),
      (".", "'.' is a folder; a file was expected"),
    ] {
      let result = try stepgraph.failure(["run", "graph.yaml", "--quiet", "--set", "out=\(path)"])
      #expect(result.errors.hasPrefix("graph.yaml:5:55: error: node 's' (SaveTensor): \(reason)\n"), "\(result.errors)")
      #expect(result.status == 1)
    }
    #expect(try stepgraph("run", "graph.yaml", "--set", "out=new/folder/a.safetensors").status == 0)
    #expect(stepgraph.folder.exists("new/folder/a.safetensors"))
  }

  @Test func numberedPicturesOfABatchDoNotMeetOthers() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(
      """
      stepgraph: 1
      params: {model: {type: path}}
      nodes:
        model: {node: LoadModel, with: {path: $(model)}}
        two:   {node: EmptyLatent, in: {vae: model.vae}, with: {width: 8, height: 8, seed: 1, batch: 2}}
        image: {node: Decode, in: {vae: model.vae, latent: two}}
        a:     {node: SavePNG, in: {image: image}, with: {path: out.png}}
        b:     {node: SavePNG, in: {image: image}, with: {path: ./out.png/../out}}

      """, to: "graph.yaml")
    let model = "model=\(Repository.tinyModel)"
    let result = try stepgraph("run", "graph.yaml", "--set", model)
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      stepgraph.folder.names.filter { !$0.hasPrefix(".") } == [
        "graph.yaml", "out-0", "out-0.png", "out-1", "out-1.png",
      ])

    let graph = String(decoding: try stepgraph.folder.contents("graph.yaml"), as: UTF8.self)
    let clash = graph.replacingOccurrences(of: "./out.png/../out", with: "./x/../out-1.png")
      .replacingOccurrences(
        of: "b:     {node: SavePNG, in: {image: image}", with: "b:     {node: SavePNG, in: {image: one}"
      )
      .replacingOccurrences(
        of: "  a: ",
        with: """
            single: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 8, height: 8, seed: 1}}
            one:   {node: Decode, in: {vae: model.vae, latent: single}}
            a:
          """)
    try stepgraph.folder.write(clash, to: "clash.yaml")
    let refused = try stepgraph("run", "clash.yaml", "--set", model)
    #expect(refused.status == 1)
    #expect(refused.errors.contains("out-1.png' is written by '"))
  }

  /// Of every command that writes a file: what it makes is as open as the umask leaves it, and a link stays one.
  @Test(arguments: [
    ["run", "graph.yaml", "--quiet", "--events", "o"], ["graph", "graph.yaml", "-o", "o"],
    ["graph", "graph.yaml", "--dot", "-o", "o"], ["lock", "graph.yaml", "-o", "o"],
    ["run", "graph.yaml", "--quiet", "--set", "out=o"],
  ])
  func writersHeedLinksAndUmask(arguments: [String]) throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(
      """
      stepgraph: 1
      params: {out: {type: path, default: a.safetensors}}
      nodes:
        e: {node: EmptyLatent}
        s: {node: SaveTensor, in: {tensor: e}, with: {path: $(out)}}

      """, to: "graph.yaml")
    func mode(_ name: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: stepgraph.folder.file(name).path)[.posixPermissions] as? Int
    }
    let process = try stepgraph.process([])
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "umask 027; exec \"$0\" \"$@\"", Repository.command.path] + arguments
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(try mode("o") == 0o640)
    try FileManager.default.moveItem(at: stepgraph.folder.file("o"), to: stepgraph.folder.file("target"))
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600], ofItemAtPath: stepgraph.folder.file("target").path)
    try FileManager.default.createSymbolicLink(
      atPath: stepgraph.folder.file("o").path, withDestinationPath: "target")
    #expect(try stepgraph.call(arguments).status == 0)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: stepgraph.folder.file("o").path) == "target")
    #expect(try mode("target") == 0o600)
  }

  @Test func twoNamesOfOneFileAreTwoWriters() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        e: {node: EmptyLatent}
        s: {node: SaveTensor, in: {tensor: e}, with: {path: a.safetensors}}
        t: {node: SaveTensor, in: {tensor: e}, with: {path: b.safetensors}}

      """, to: "graph.yaml")
    try FileManager.default.createSymbolicLink(
      atPath: stepgraph.folder.file("b.safetensors").path,
      withDestinationPath: stepgraph.folder.file("a.safetensors").path)
    let result = try stepgraph("run", "graph.yaml", "--quiet")
    #expect(result.status == 1)
    #expect(result.errors.contains(".safetensors' is written by '"), "\(result.errors)")
  }

  @Test func eventsReplaceOnlyEvents() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write("stepgraph: 1\nnodes: {e: {node: EmptyLatent}}\noutputs: {e: e}\n", to: "graph.yaml")
    let refused = try stepgraph.failure(["run", "graph.yaml", "--events", "graph.yaml"])
    #expect(refused.status == 2)
    #expect(refused.errors == "error: --events: 'graph.yaml' exists and is no event file; it is left as it is\n")
    for _ in 0..<2 { #expect(try stepgraph("run", "graph.yaml", "--events", "e.jsonl").status == 0) }
  }

  /// The key of a result says what was read when the run was planned; another model must not be stored under it.
  @Test func aModelThatChangesUnderWayEndsTheRun() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.copyModel()
    let graph = Repository.graphs.appending(path: "txt2img-cfg.yaml").path
    let process = try stepgraph.process(
      ["run", graph, "--quiet", "--set", "model=model", "--set", "steps=900", "--events", ".events"])
    try process.run()
    let deadline = Date(timeIntervalSinceNow: 60)
    while Date() < deadline, (try? stepgraph.events().executed.count) ?? 0 < 20 { usleep(20_000) }
    let weights = stepgraph.folder.file("model/vae/diffusion_pytorch_model.safetensors")
    try Data(contentsOf: weights).write(to: weights, options: .atomic)
    process.waitUntilExit()
    #expect(process.terminationStatus == 1)
    let errors = String(decoding: try stepgraph.folder.contents(".stderr"), as: UTF8.self)
    #expect(errors.contains("'model/vae/diffusion_pytorch_model.safetensors' changed while the run was under way"))
  }
}
