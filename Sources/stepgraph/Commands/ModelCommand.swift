import ArgumentParser
import Diagnostics
import DiffusionModels
import Safetensors

/// `stepgraph model`: tells what a file or folder is.
struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Tells what a model file or folder is, and whether all of its weights fit.",
    discussion: """
      Family and sizes are found from the names and shapes of the tensors, or from a folder's configs. Each weight that \
      is missing, of a wrong shape or left over is named.
      """)

  @Argument(
    help: ArgumentHelp("A model folder, the folder of one part, or a safetensors or GGUF file.", valueName: "path"))
  var path: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    try await reporting {
      let description: ModelDescription
      do {
        description = try ModelDescription(path: path)
      } catch let error as ModelError {
        throw Self.told(error.message)
      } catch let error as WeightFileError {
        throw Self.told(error.message)
      }
      try Terminal.write(json ? jsonText(description) : description.text)
      let problems = description.parts.compactMap(\.problem)
      if !problems.isEmpty { throw DiagnosticList(problems.map(Self.diagnostic)) }
    }
  }

  /// Bad input, with exit code 2.
  private static func told(_ message: String) -> DiagnosticList { DiagnosticList([diagnostic(message)]) }

  private static func diagnostic(_ message: String) -> Diagnostic {
    let lines = message.split(separator: "\n").map(String.init)
    return Diagnostic(lines.first ?? "", notes: Array(lines.dropFirst()))
  }
}

extension ModelDescription {
  fileprivate var text: String {
    var rows = [["family", (family ?? "none: no denoiser") + (variant.map { ", \($0)" } ?? "")]]
    for part in parts {
      rows.append([part.part, part.sizes])
      rows.append(["", "\(countText(part.parameters, "parameter")) in \(part.formats.joined(separator: ", "))"])
    }
    if let prediction { rows.append(["prediction", prediction + (zeroSNR == true ? ", zero terminal SNR" : "")]) }
    if !missing.isEmpty { rows.append(["missing", missing.joined(separator: ", ")]) }
    for (reason, tensors) in leftovers.sorted(by: { $0.key < $1.key }) {
      rows.append(["not read", "\(reason): \(countText(tensors, "tensor"))"])
    }
    return tableText(rows, breaksLast: true)
  }
}
