import ArgumentParser
import Diagnostics
import Foundation
import GraphEngine
import StepgraphNodes

/// `stepgraph graph`: draws a graph, and what a run would do with it.
struct GraphCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Draws a graph: what would run, and what is in the cache.")

  enum Format: String, EnumerableFlag { case svg, dot }

  @OptionGroup var options: GraphOptions

  @Flag(help: "As a picture, or in the language of Graphviz.")
  var format = Format.svg

  @Flag(
    name: [.customLong("expand"), .customLong("unrolled")],
    help: "Draw every iteration of loops, every point of a sweep and all that is in subgraphs, instead of one for all.")
  var unrolled = false

  @Option(
    name: [.short, .long], help: ArgumentHelp("Where to write it; standard output when left out.", valueName: "file"),
    completion: .file())
  var output: String?

  func validate() throws {
    let (endings, kind) = format == .svg ? (["svg"], "an SVG drawing") : (["dot", "gv"], "DOT")
    if let refusal = output.flatMap({ FileEnding.refusal(of: $0, written: endings, kind: kind) }) {
      throw ValidationError(refusal.message)
    }
  }

  /// Larger pictures are of no use to anybody.
  private static let boxLimit = 3000

  func run() async throws {
    try await reporting {
      let plan = try options.settings.plan(options.resolvedGraph(), cache: options.cache, isShown: true)
      if unrolled, plan.nodes.count > Self.boxLimit {
        throw DiagnosticList([
          Diagnostic(
            "\(plan.nodes.count) nodes are too many to draw one by one; the most is \(Self.boxLimit)",
            notes: ["without --expand a loop is drawn once"])
        ])
      }
      let diagram = Diagram(plan, isUnrolled: unrolled)
      let text =
        switch format {
        case .svg: SVGDrawing(diagram).text
        case .dot: DOTDrawing(diagram).text
        }
      guard let output else { return try Terminal.write(text) }
      do {
        try WholeFile.write(Array(text.utf8), to: output, kind: format == .svg ? .svg : .dot)
      } catch let error as FileError {
        throw Diagnostic(error.message)
      }
      Terminal.writeError("\(output)\n")
    }
  }
}
