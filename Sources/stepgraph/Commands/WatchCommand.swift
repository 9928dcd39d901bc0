import ArgumentParser
import Diagnostics
import GraphEngine

/// `stepgraph watch`: runs a graph at every save.
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Runs a graph, and again whenever it or a file that it reads is saved.",
    discussion: """
      Watches the graph, its subgraphs, and the pictures and models that nodes read. A run that a save makes out of date \
      is cancelled at the step it is in; what was computed is in the cache. A file that is broken, or not whole yet, waits \
      with its errors shown, and a save that changes nothing that runs leaves a run alone. 'random' is drawn once.

      Ctrl-C ends it: with exit code 130 in the middle of a run, else with 0. Exit code 64 for wrong usage.
      """)

  @OptionGroup var options: RunOptions

  @Flag(name: .shortAndLong, help: "Print nothing but warnings and errors.")
  var quiet = false

  func validate() throws {
    if options.graph.graph.hasSuffix(".png") {
      throw ValidationError("A picture has no workflow to edit; 'stepgraph extract' writes it to a file.")
    }
    if !options.refresh.isEmpty {
      throw ValidationError("--refresh would compute a node again at every save; it goes with 'stepgraph run'.")
    }
  }

  func run() async throws {
    try await reporting {
      options.useThreads()
      try await WatchSession(options, isQuiet: quiet).run()
    }
  }
}
