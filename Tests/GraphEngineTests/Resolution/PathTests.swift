import GraphEngine
import Testing

private let picture = "a: {node: Start}\n  image: {node: Decode, in: {latent: a}}"

/// The path that a `Read` or `Save` gets in a file.
private func path(
  _ node: String, _ text: String, in file: String = "Graphs/g.yaml", params: String = "", set: [(String, String)] = []
) throws -> String? {
  let wires = node == "Save" ? "in: {image: image}, " : ""
  var toy = ToyFiles([
    file:
      "stepgraph: 1\nparams: {\(params)}\nnodes:\n  \(picture)\n  x: {node: \(node), \(wires)with: {path: \(text)}}\n"
  ])
  for (name, value) in set { toy = toy.set(name, value) }
  return try toy.resolve(file).nodes.first { $0.address == "x" }?.parameters.values["path"]?.text
}

private let fileParams = "p: {type: path, default: ../m}, s: {type: string, default: ../m}"

struct PathTests {
  @Test(arguments: [
    ("m.bin", "Graphs/m.bin"), ("./m.bin", "Graphs/m.bin"), ("../m.bin", "m.bin"), ("../../m.bin", "../m.bin"),
    ("/data/m", "/data/m"), ("a//b/./c/..", "Graphs/a/b"), ("$(p)", "m"), ("$(p)/unet", "m/unet"), ("$(s)", "m"),
    ("sub/$(s)", "Graphs/m"),
  ])
  func aPathToReadIsRelativeToItsFile(_ text: String, _ path: String) throws {
    #expect(try GraphEngineTests.path("Read", text, params: fileParams) == path)
  }

  @Test func aPathToReadInAnAbsoluteFileIsAbsolute() throws {
    #expect(try path("Read", "../m", in: "/data/Graphs/g.yaml") == "/data/m")
    #expect(try path("Read", "m", in: "g.yaml") == "m")
  }

  @Test func aPathOfTheCommandLineIsRelativeToTheWorkingDirectory() throws {
    #expect(try path("Read", "$(p)", params: fileParams, set: [("p", "mine/m")]) == "mine/m")
    #expect(try path("Read", "$(p)/unet", params: fileParams, set: [("p", "../m")]) == "../m/unet")
    #expect(try path("Save", "$(p)", params: fileParams, set: [("p", "/tmp/x.png")]) == "/tmp/x.png")
    #expect(try path("Save", "$(p)/x.png", params: fileParams, set: [("p", "../out")]) == "../out/x.png")
  }

  @Test func aStringOfTheCommandLineStandsWhereItIsUsed() throws {
    #expect(try path("Read", "$(s)", params: fileParams, set: [("s", "m")]) == "Graphs/m")
  }

  @Test func aPathToWriteIsRelativeToTheWorkingDirectory() throws {
    #expect(try path("Save", "out/./x.png") == "out/x.png")
    #expect(try path("Save", "$(p)", params: "p: {type: path, default: out.png}") == "out.png")
  }

  @Test(arguments: [
    ("../x.png", "'../x.png' leaves the working directory"),
    ("/tmp/x.png", "'/tmp/x.png' leaves the working directory"),
    ("sub/../../x.png", "'sub/../../x.png' leaves the working directory"),
    ("$(p)", "'../m' leaves the working directory"), ("$(s)", "'../m' leaves the working directory"),
  ])
  func aFileWritesInsideTheWorkingDirectory(_ text: String, _ problem: String) {
    let error = #expect(throws: ToyProblems.self) { try path("Save", text, params: fileParams) }
    let notes =
      text == "$(p)"
      ? "; the value is written at Graphs/g.yaml:2:35"
      : text == "$(s)" ? "; the value is written at Graphs/g.yaml:2:69" : ""
    #expect(
      error?.text == "Graphs/g.yaml:6:52: \(problem); a file writes inside the working directory only; "
        + "a path given with --set may lead anywhere\(notes)")
  }

  @Test func aFileDoesNotClimbOutOfAPathOfTheCommandLine() {
    let error = #expect(throws: ToyProblems.self) {
      try path("Save", "$(p)/../../x.png", params: fileParams, set: [("p", "out")])
    }
    #expect(error?.text == "Graphs/g.yaml:6:52: 'out/../../x.png' has '..' after a path of the command line")
  }

  @Test func anEmptyPathIsNone() {
    let error = #expect(throws: ToyProblems.self) { try path("Read", "''") }
    #expect(error?.text == "Graphs/g.yaml:6:32: 'path' takes a path, not an empty text")
  }

  @Test func oneFileIsWrittenOnce() {
    let toy = ToyFiles(
      """
      stepgraph: 1
      params: {p: {type: path, default: x.png}}
      nodes:
        \(picture)
        b: {node: Save, in: {image: image}, with: {path: x.png}}
        c: {node: Save, in: {image: image}, with: {path: sub/../x.png}}
        d: {node: Read, with: {path: ./x.png}}
      """)
    #expect(
      toy.problems() == [
        "g.yaml:7:52: 'b' and 'c' write one file, 'x.png'; the other one is at g.yaml:6:52",
        "g.yaml:8:32: 'd' reads 'x.png', which 'b' writes; it is written at g.yaml:6:52",
      ])
  }

  @Test func anAbsoluteAndARelativePathMayBeOne() {
    let toy = ToyFiles(
      """
      stepgraph: 1
      params: {p: {type: path, default: x.png}}
      nodes:
        \(picture)
        b: {node: Save, in: {image: image}, with: {path: x.png}}
        c: {node: Save, in: {image: image}, with: {path: $(p)}}
      """
    ).set("p", "/home/user/x.png")
    #expect(
      toy.problems() == [
        "g.yaml:7:52: 'b' and 'c' write one file, '/home/user/x.png'; the other one is at g.yaml:6:52"
      ])
  }

  @Test func aSinkInALoopNeedsTheIndex() {
    let toy = ToyFiles(
      """
      stepgraph: 1
      nodes:
        \(picture)
        l:
          loop: {times: 3, index: i}
          nodes:
            png: {node: Save, in: {image: image}, with: {path: x.png}}
      """)
    #expect(
      toy.problems() == [
        "g.yaml:8:58: 'l[0]/png' and 'l[1]/png' write one file, 'x.png'; put the loop's index into the path, as in 'out-$(i).png'"
      ])
  }

  @Test func aParamIsReadOrWritten() {
    let toy = ToyFiles(
      """
      stepgraph: 1
      params: {p: {type: path, default: x.png}}
      nodes:
        \(picture)
        b: {node: Read, with: {path: $(p)}}
        c: {node: Save, in: {image: image}, with: {path: $(p)}}
      """)
    #expect(
      toy.problems() == [
        "g.yaml:6:32: 'b' reads 'x.png', which 'c' writes; it is written at g.yaml:7:52",
        "g.yaml:7:52: one path is used to read and to write; the other use is at g.yaml:6:32; give each its own param",
      ])
  }
}
