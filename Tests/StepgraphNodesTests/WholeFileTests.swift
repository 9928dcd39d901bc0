import Foundation
import StepgraphNodes
import Testing

struct WholeFileTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "stepgraph-\(UUID().uuidString)").path
  private let workflow = Array("stepgraph: 1\n".utf8)

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return (error as? FileError)?.message ?? "\(error)"
    }
  }

  @Test func foldersAreMadeAndNothingElseIsLeft() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try WholeFile.write(workflow, to: "\(folder)/a/b/graph.yaml", kind: .workflow)
    try WholeFile.write(workflow + workflow, to: "\(folder)/a/b/graph.yaml", kind: .workflow)
    #expect(try WholeFile.read("\(folder)/a/b/graph.yaml") == workflow + workflow)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/a/b") == ["graph.yaml"])
  }

  /// Its time is that of the last write all the same.
  @Test func aFileThatIsTheSameStaysInItsPlace() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/graph.yaml"
    func status() throws -> (number: Int?, time: Date?) {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      return (attributes[.systemFileNumber] as? Int, attributes[.modificationDate] as? Date)
    }
    try WholeFile.write(workflow, to: path, kind: .workflow)
    let past = Date(timeIntervalSince1970: 1_000_000_000)
    try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: path)
    let first = try status()
    try WholeFile.write(workflow, to: path, kind: .workflow)
    let second = try status()
    #expect(second.number == first.number)
    #expect(first.time == past)
    #expect(try #require(second.time) > past)
  }

  @Test func otherKindsAreLeftAlone() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try WholeFile.write(workflow, to: "\(folder)/graph.yaml", kind: .workflow)
    #expect(
      message { try WholeFile.write([1], to: "\(folder)/graph.yaml", kind: .png) }
        == "'\(folder)/graph.yaml' exists and is no PNG file; it is left as it is")
    #expect(
      message { try WholeFile.write([1], to: folder, kind: .png) } == "'\(folder)' is a folder; a file was expected")
    #expect(
      message { try WholeFile.write([1], to: "\(folder)/graph.yaml/x.png", kind: .png) }
        == "'\(folder)/graph.yaml' is a file; a folder was expected")
    #expect(try WholeFile.read("\(folder)/graph.yaml") == workflow)
  }

  /// A picture that SavePNG wrote has the words of a workflow in it, and is none.
  @Test func aPictureIsNoWorkflow() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let picture = try PNG.encode(
      pixels: [1, 2, 3], width: 1, height: 1, texts: [("stepgraph", "stepgraph: 1\nnodes: {}\n")])
    try WholeFile.write(picture, to: "\(folder)/a.png", kind: .png)
    #expect(
      message { try WholeFile.write(workflow, to: "\(folder)/a.png", kind: .workflow) }
        == "'\(folder)/a.png' exists and is no workflow file; it is left as it is")
    #expect(message { _ = try WholeFile.read("/dev/zero") } == "'/dev/zero' is no regular file")
  }

  @Test func whatIsNotThereIsNamed() {
    #expect(
      message { _ = try WholeFile.read("\(folder)/x") } == "'\(folder)/x' cannot be read: No such file or directory")
  }
}
