import ArgumentParser
import Foundation
import GraphEngine
import StepgraphNodes

/// What shells complete words with: the scripts that ArgumentParser writes call back for it.
enum Completions {
  static let workflow = CompletionKind.file(extensions: ["yaml", "yml", "png"])

  static let nodeTypes = CompletionKind.custom { _, _, _ in NodeCatalog.stepgraph.typeNames.sorted() }

  static let settings = CompletionKind.custom { words, index, prefix in
    let isAfterSign = prefix == "=" || (index > 0 && words[index - 1] == "=")
    // Where a shell breaks words at the sign, the param is the word before it.
    let name = isAfterSign ? words[..<index].last { $0 != "=" } ?? "" : String(prefix.prefix { $0 != "=" })
    let params = workflowParams(words)
    guard let param = params.first(where: { $0.name == name }), isAfterSign || prefix.contains("=") else {
      return params.map { "\($0.name)=" }
    }
    let values = param.options ?? (param.type == "bool" ? ["true", "false"] : [param.standard].compactMap(\.self))
    return isAfterSign ? values : values.map { "\(name)=\($0)" }
  }

  static let addresses = CompletionKind.custom { words, _, prefix in
    guard let path = workflowPath(words),
      let graph = try? WorkflowLoader(catalog: .stepgraph).resolve(path)
    else { return [] }
    let start = prefix.drop { "'\"".contains($0) }
    var names: [String] = []
    var known: Set<String> = []
    for node in graph.nodes where node.address.hasPrefix(start) {
      // A loop or subgraph stands for what is in it, until it is opened.
      let rest = node.address.dropFirst(start.count)
      let isOpened = start.contains { "[/".contains($0) }
      let name = isOpened ? node.address : String(start) + String(rest.prefix { !"[/".contains($0) })
      if known.insert(name).inserted { names.append(name) }
      if known.insert(node.address).inserted, names.count < addressLimit { names.append(node.address) }
    }
    return names
  }

  static let runs = CompletionKind.custom { _, _, _ in
    ["last"] + DiskCache(at: CacheLocation.standard).runNames.reversed()
  }

  /// More candidates help nobody.
  private static let addressLimit = 1000

  /// The workflow that a command line names.
  private static func workflowPath(_ words: [String]) -> String? {
    words.lazy.map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "'\"")) }
      .first { word in
        [".yaml", ".yml", ".png"].contains { word.hasSuffix($0) } && FileManager.default.fileExists(atPath: word)
      }
  }

  private static func workflowParams(_ words: [String]) -> [WorkflowParam] {
    workflowPath(words).flatMap { try? WorkflowLoader(catalog: .stepgraph).params(of: $0) } ?? []
  }
}
