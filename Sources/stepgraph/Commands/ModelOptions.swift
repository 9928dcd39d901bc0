import ArgumentParser
import Foundation
import StepgraphNodes

/// Where models are that are not where the workflow says.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      A folder to look for models in that are not where the workflow says; may be repeated. After these come the folders \
      in $STEPGRAPH_MODELS, and $XDG_DATA_HOME/stepgraph/models or ~/.local/share/stepgraph/models.
      """, valueName: "dir"), completion: .directory)
  var models: [String] = []

  @Option(
    help: ArgumentHelp(
      "Look for models below another folder, such as ../models=/data/models; may be repeated.", valueName: "old=new"))
  var remap: [String] = []

  @Flag(
    name: .customLong("any-model"),
    help: "Take other weights than the workflow was made with, which pictures and what is extracted from them tell.")
  var acceptsAny = false

  func validate() throws {
    if models.contains("") { throw ValidationError("--models takes a folder; an empty text was given.") }
    for text in remap where !text.contains("=") || text.hasPrefix("=") || text.hasSuffix("=") {
      throw ValidationError("Unexpected '\(text)'; folders are given as old=new.")
    }
  }

  var search: ModelSearch {
    let more = (ProcessInfo.processInfo.environment["STEPGRAPH_MODELS"] ?? "").split(separator: ":").map(String.init)
    return ModelSearch(
      folders: models + more + [UserFolders.data + "/stepgraph/models"],
      remaps: remap.map { text in
        let parts = text.split(separator: "=", maxSplits: 1)
        return (String(parts[0]), String(parts[1]))
      })
  }
}
