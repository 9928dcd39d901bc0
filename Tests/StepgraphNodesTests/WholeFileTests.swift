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

  private func mode(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  private func link(_ target: String, at name: String) throws {
    try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: target)
  }

  /// Relative and absolute, through others and through linked folders.
  @Test func linksStayAndTheirTargetsAreWritten() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try WholeFile.write(workflow, to: "\(folder)/sub/graph.yaml", kind: .workflow)
    try link("sub/graph.yaml", at: "relative")
    try link("\(folder)/sub/graph.yaml", at: "absolute")
    try link("relative", at: "chain")
    try link("sub", at: "linked")
    try link("../chain", at: "sub/back")
    let names = ["relative", "absolute", "chain", "linked/graph.yaml", "sub/back", "linked/back"]
    for (count, name) in names.enumerated() {
      let text = Array("stepgraph: \(count)\n".utf8)
      #expect(try WholeFile.place(of: "\(folder)/\(name)") == WholeFile.place(of: "\(folder)/sub/graph.yaml"))
      try WholeFile.write(text, to: "\(folder)/\(name)", kind: .workflow)
      #expect(try WholeFile.read("\(folder)/sub/graph.yaml") == text, "\(name)")
    }
    for name in ["relative", "absolute", "chain", "linked", "sub/back"] {
      #expect(throws: Never.self, "\(name)") {
        try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/sub").sorted() == ["back", "graph.yaml"])
    try WholeFile.write([1], to: "\(folder)/sub/other.yaml", kind: .workflow)
    try link("other.yaml", at: "sub/o")
    #expect(
      message { try WholeFile.write(workflow, to: "\(folder)/sub/o", kind: .workflow) }
        == "'\(folder)/sub/o' exists and is no workflow file; it is left as it is")
  }

  @Test func linksToNothing() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try link("new.yaml", at: "dangling")
    try WholeFile.write(workflow, to: "\(folder)/dangling", kind: .workflow)
    #expect(try WholeFile.read("\(folder)/new.yaml") == workflow)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/dangling") == "new.yaml")
    try link("none/x.yaml", at: "far")
    #expect(
      message { try WholeFile.write(workflow, to: "\(folder)/far", kind: .workflow) }
        == "'\(folder)/far' is a link to '\(folder)/none/x.yaml', whose folder is not there")
    #expect(
      message { _ = try WholeFile.read("\(folder)/far") }
        == "'\(folder)/far' cannot be read: No such file or directory; it is a link to 'none/x.yaml', which is not there"
    )
    try link("loop2", at: "loop1")
    try link("loop1", at: "loop2")
    for name in ["loop1", "loop2"] {
      #expect(
        message { try WholeFile.write(workflow, to: "\(folder)/\(name)", kind: .workflow) }
          == "'\(folder)/\(name)' is a link that leads back to itself")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { !$0.hasPrefix(".") })
  }

  @Test(arguments: [0o600, 0o640, 0o664, 0o444])
  func modesStay(mode: Int) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/graph.yaml"
    try WholeFile.write(workflow, to: path, kind: .workflow)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    try link("graph.yaml", at: "link")
    for name in ["graph.yaml", "link"] {
      try WholeFile.write(workflow + Array("# \(name)\n".utf8), to: "\(folder)/\(name)", kind: .workflow)
      #expect(try self.mode(path) == mode, "\(name)")
    }
  }

  /// Only the superuser may give files away.
  @Test(.enabled(if: getuid() == 0))
  func ownersStay() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/graph.yaml"
    try WholeFile.write(workflow, to: path, kind: .workflow)
    chown(path, 1234, 5678)
    try WholeFile.write(workflow + workflow, to: path, kind: .workflow)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.ownerAccountID] as? Int == 1234)
    #expect(attributes[.groupOwnerAccountID] as? Int == 5678)
  }

  @Test func whatIsNotThereIsNamed() {
    #expect(
      message { _ = try WholeFile.read("\(folder)/x") } == "'\(folder)/x' cannot be read: No such file or directory")
  }
}
