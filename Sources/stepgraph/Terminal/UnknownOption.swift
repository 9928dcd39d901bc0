import ArgumentParser
import Diagnostics
import Foundation
import GraphEngine
import StepgraphNodes

/// An option that no command has: whether or not a value follows it, and with the param it may mean.
struct UnknownOption {
  /// With its dashes.
  private let option: String
  private let value: String?
  private let arguments: [String]
  /// How the command is called, which ends the message.
  private let usage: String

  /// Nil when something else is wrong with the arguments.
  init?(_ arguments: [String], error: any Error) {
    func unknown(_ error: any Error) -> String? {
      let words = Stepgraph.message(for: error).split(separator: "'")
      return words.first == "Unknown option " && words.count > 1 ? String(words[1]) : nil
    }
    self.arguments = arguments
    if let option = unknown(error) {
      self.option = option
      usage = Self.usage(error)
      let written = arguments.first { $0.hasPrefix(option + "=") }
      value = written.map { String($0.dropFirst(option.count + 1)) }
      return
    }
    // Its value was taken for something else: without it, the option is what is wrong.
    for index in arguments.indices.dropFirst() where arguments[index - 1].hasPrefix("-") {
      var others = arguments
      let value = others.remove(at: index)
      do {
        _ = try Stepgraph.parseAsRoot(others)
      } catch {
        guard let option = unknown(error), option == arguments[index - 1] else { continue }
        (self.option, self.value, usage) = (option, value, Self.usage(error))
        return
      }
    }
    return nil
  }

  private static func usage(_ error: any Error) -> String {
    Stepgraph.fullMessage(for: error).split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
      .joined(separator: "\n")
  }

  /// The whole text, as ArgumentParser would write it.
  var text: String { "Error: \(message)\n\(usage)\n" }

  private var message: String {
    let name = String(option.drop { $0 == "-" }).replacing("-", with: "_")
    let params = arguments.lazy.compactMap { try? WorkflowLoader(catalog: .stepgraph).params(of: $0) }.first ?? []
    let param = params.contains { $0.name == name } ? name : nearestName(to: name, among: params.map(\.name))
    if let param { return "Unknown option '\(option)'; a param is set with --set \(param)=\(value ?? "VALUE")" }
    return nearestOption.map { "Unknown option '\(option)'. Did you mean '\($0)'?" } ?? "Unknown option '\(option)'"
  }

  /// What ArgumentParser finds near.
  private var nearestOption: String? {
    let options = usageOptions
    return nearestName(to: option, among: options)
  }

  private var usageOptions: [String] {
    let command = arguments.first.flatMap { name in
      Stepgraph.configuration.subcommands.first { $0._commandName == name }
    }
    guard let command else { return [] }
    return Stepgraph.helpMessage(for: command).split(whereSeparator: { " ,\n".contains($0) }).filter {
      $0.hasPrefix("--")
    }.map(String.init)
  }
}
