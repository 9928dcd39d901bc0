import Foundation
import TestSupport
import Testing

/// Where things are in the repository.
enum Repository {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let graphs = root.appending(path: "Graphs")
  static let fixtures = root.appending(path: "Tests/Fixtures")
  /// A model of Stable Diffusion 1, so small that a step takes no time.
  static let tinyModel = fixtures.appending(path: "sd1-tiny/model").path
  static let demoModel = root.appending(path: "Examples/emoji/model").path

  /// The command that was built with the tests: it lies beside their bundle.
  static let command = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "stepgraph")
}

/// A folder that goes away with its owner.
final class TemporaryFolder {
  let url: URL
  var path: String { url.path }

  init() throws { url = try makeScratchFolder() }

  deinit { try? FileManager.default.removeItem(at: url) }

  func file(_ name: String) -> URL { url.appending(path: name) }

  func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: file(name)) }

  func contents(_ name: String) throws -> Data { try Data(contentsOf: file(name)) }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name).path) }

  /// Names of all files below, folders left out.
  var names: [String] {
    let paths = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    return paths.filter { name in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: file(name).path, isDirectory: &isFolder) && !isFolder.boolValue
    }.sorted()
  }
}

/// One finished call of the command.
struct CommandResult {
  let status: Int32
  let output: String
  let errors: String
}

/// The command, started in a folder of its own with a cache of its own.
struct Stepgraph {
  let folder: TemporaryFolder
  var environment: [String: String] = [:]

  init() throws { folder = try TemporaryFolder() }

  /// Copies a model of the fixtures to a folder named `name`; gives where it is.
  @discardableResult
  func copyModel(_ fixture: String = "sd1-tiny", to name: String = "model") throws -> URL {
    let copy = folder.file(name)
    try FileManager.default.copyItem(at: Repository.fixtures.appending(path: "\(fixture)/model"), to: copy)
    return copy
  }

  /// A process ready to be run; its streams go to files, so that no pipe fills up.
  func process(_ arguments: [String], output: String = ".stdout", errors: String = ".stderr") throws -> Process {
    let process = Process()
    process.executableURL = Repository.command
    process.arguments = arguments
    process.currentDirectoryURL = folder.url
    var variables = ProcessInfo.processInfo.environment
    variables["XDG_CACHE_HOME"] = folder.file(".cache").path
    variables.merge(environment) { $1 }
    process.environment = variables
    for name in [output, errors] { try Data().write(to: folder.file(name)) }
    process.standardOutput = try FileHandle(forWritingTo: folder.file(output))
    process.standardError = try FileHandle(forWritingTo: folder.file(errors))
    process.standardInput = FileHandle.nullDevice
    return process
  }

  @discardableResult
  func callAsFunction(_ arguments: String...) throws -> CommandResult { try call(arguments) }

  func call(_ arguments: [String]) throws -> CommandResult {
    let process = try process(arguments)
    try process.run()
    process.waitUntilExit()
    return CommandResult(
      status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
      output: String(decoding: try folder.contents(".stdout"), as: UTF8.self),
      errors: String(decoding: try folder.contents(".stderr"), as: UTF8.self))
  }

  /// Runs a graph that must succeed; gives what happened.
  func run(_ graph: String, _ settings: [String] = [], _ arguments: String...) throws -> [Event] {
    let result = try call(
      ["run", graph, "--events", ".events", "--quiet"] + settings.flatMap { ["--set", $0] } + arguments)
    try #require(result.status == 0, "\(result.errors)")
    return try events()
  }

  /// What the last run told.
  func events() throws -> [Event] {
    try folder.contents(".events").split(separator: UInt8(ascii: "\n")).map {
      try JSONDecoder().decode(Event.self, from: $0)
    }
  }

  /// Calls the command with its errors on a terminal of `columns`; gives what is on the screen, colours and all.
  func onTerminal(_ arguments: [String], columns: Int = 80) throws -> (status: Int32, screen: String) {
    // Linux's TIOCSPTLCK unlocks a terminal and TIOCGPTN numbers it; their macros are none that Swift reads.
    let (unlock, number): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    var (isLocked, place): (Int32, UInt32) = (0, 0)
    try #require(master >= 0 && ioctl(master, unlock, &isLocked) == 0 && ioctl(master, number, &place) == 0)
    var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    #expect(ioctl(master, UInt(TIOCSWINSZ), &size) == 0)
    let terminal = open("/dev/pts/\(place)", O_RDWR | O_NOCTTY)
    try #require(terminal >= 0)
    let process = try process(arguments)
    process.environment?["TERM"] = "xterm"
    process.environment?["NO_COLOR"] = "1"
    process.standardError = FileHandle(fileDescriptor: terminal, closeOnDealloc: false)
    try process.run()
    close(terminal)
    // Fails once nobody has the terminal open any more.
    var screen = Data()
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = read(master, &buffer, buffer.count), count > 0 { screen += buffer[..<count] }
    close(master)
    process.waitUntilExit()
    let text = String(decoding: screen, as: UTF8.self).replacing("\r\n", with: "\n")
    return (process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus, text)
  }

  /// The messages of a call that fails, and its exit code; the folder must hold no new file afterwards.
  func failure(_ arguments: [String]) throws -> CommandResult {
    let before = folder.names.filter { !$0.hasPrefix(".") }
    let result = try call(arguments)
    #expect(folder.names.filter { !$0.hasPrefix(".") } == before, "something was half-written")
    return result
  }
}

/// One line of an event file.
struct Event: Decodable {
  let event: String
  let node: String?
  let type: String?
  let source: String?
  let part: String?
  let path: String?
  let message: String?
  let batch: [String]?
}

extension [Event] {
  /// Addresses of the nodes that were executed, sinks left out.
  var executed: Set<String> {
    let sinks = ["SavePNG", "SaveTensor"]
    return Set(
      filter { $0.event == "finished" && $0.source == "executed" && !sinks.contains($0.type ?? "") }.compactMap(\.node))
  }

  /// Nodes that finished together, in the order they did.
  var batches: [[String]] {
    filter { $0.event == "finished" }.compactMap(\.batch).reduce(into: []) { batches, batch in
      if batches.last != batch { batches.append(batch) }
    }
  }

  /// Parts of models that were loaded.
  var loaded: [String] { filter { $0.event == "loaded" }.compactMap(\.part) }
}
