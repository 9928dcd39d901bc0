import Foundation
import StepgraphNodes
import Testing

/// The command line as a whole: slips, completions, the manual.
struct CommandLineTests {
  private static let txt2img = Repository.graphs.appending(path: "txt2img.yaml").path

  @Test(arguments: [
    (["--steps", "7"], "Error: Unknown option '--steps'; a param is set with --set steps=7\n"),
    (["--steps=7"], "Error: Unknown option '--steps'; a param is set with --set steps=7\n"),
    (["--steps"], "Error: Unknown option '--steps'; a param is set with --set steps=VALUE\n"),
    (["--stpes", "7"], "Error: Unknown option '--stpes'; a param is set with --set steps=7\n"),
    (["--thread", "2"], "Error: Unknown option '--thread'. Did you mean '--threads'?\n"),
    (["--thread"], "Error: Unknown option '--thread'. Did you mean '--threads'?\n"),
    (["--bogusness", "7"], "Error: Unknown option '--bogusness'\n"),
    (["--bogusness"], "Error: Unknown option '--bogusness'\n"),
    (["-x", "7"], "Error: Unknown option '-x'\n"),
    (["seven"], "Error: Unexpected 'seven'; settings are written param=value.\n"),
  ])
  func unknownOptionsSaySo(_ arguments: [String], _ message: String) throws {
    let result = try Stepgraph().failure(["run", Self.txt2img] + arguments)
    #expect(result.status == 64)
    #expect(result.errors.hasPrefix(message + "Usage: stepgraph run "), "\(result.errors)")
  }

  @Test(arguments: [
    (
      ["run", txt2img, "--set", "out=x.jpg"], "'x.jpg' would hold a PNG picture, which is no .jpg; end the name in .png"
    ),
    (["run", txt2img, "--set", "out=a/x.WEBP"], "'a/x.WEBP' would hold a PNG picture, which is no .webp; end"),
    (["plan", txt2img, "--set", "out=x.json"], "which is no .json"),
    (["graph", txt2img, "-o", "x.png"], "'x.png' would hold an SVG drawing, which is no .png; end the name in .svg"),
    (["graph", txt2img, "--dot", "-o", "x.svg"], "'x.svg' would hold DOT, which is no .svg; end the name in .dot"),
    (["lock", txt2img, "-o", "x.yaml"], "'x.yaml' would hold a lock, which is no .yaml; end the name in .lock"),
  ])
  func namesThatPromiseAnotherFormatAreRefused(_ arguments: [String], _ message: String) throws {
    let result = try Stepgraph().failure(arguments + ["--no-cache"])
    #expect([2, 64].contains(result.status))
    #expect(result.errors.contains(message), "\(result.errors)")
  }

  @Test func namesWithoutAFormatAreTaken() throws {
    let stepgraph = try Stepgraph()
    for name in ["x.PNG", "picture", "v1.5", "x.jpg.png"] {
      #expect(try stepgraph("plan", Self.txt2img, "--set", "out=\(name)").status == 0, "\(name)")
    }
  }

  /// What the shells' scripts ask the command for.
  private func complete(_ command: [String], _ argument: String, _ word: String) throws -> [String] {
    let words = ["stepgraph"] + command + [word]
    let result = try Stepgraph().call(
      ["---completion"] + command.prefix(1) + ["--", argument, "\(words.count - 1)", "\(word.count)"] + words)
    return result.output.split(separator: "\n").map(String.init)
  }

  @Test func wordsAreCompleted() throws {
    #expect(try complete(["nodes"], "type", "").contains("DDIMStep"))
    let params = try complete(["run", Self.txt2img, "--set"], "--set", "")
    #expect(params.contains("steps=") && params.contains("prompt="), "\(params)")
    #expect(try complete(["run", Self.txt2img, "--set"], "--set", "steps=") == ["steps=20"])
    #expect(try complete(["run", Self.txt2img, "--target"], "--target", "sam").contains("sample"))
    #expect(try complete(["explain", Self.txt2img], "node", "sample[0]/ep").contains("sample[0]/eps"))
    #expect(try complete(["runs"], "run", "").first == "last")
  }

  @Test func scriptsAndManualAreWritten() throws {
    let stepgraph = try Stepgraph()
    for shell in ["bash", "zsh", "fish"] {
      let script = try stepgraph("--generate-completion-script", shell)
      #expect(script.status == 0 && script.output.contains("stepgraph"))
    }
    let manual = try stepgraph("manual")
    #expect(manual.output.hasPrefix(".Dd ") && manual.output.contains(".Ss stepgraph cache pin\n"))
    #expect(try !stepgraph("--help").output.contains("manual"))
  }
}
