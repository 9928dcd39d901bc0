import ArgumentParser
import Foundation

/// `stepgraph manual`: the page that `make install` puts where `man` looks for it.
struct ManualCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Prints the manual page.", shouldDisplay: false)

  func run() async throws {
    try await reporting { try Terminal.write(ManualPage.text) }
  }
}

/// The manual page in the language of mdoc(7), from what the commands say of themselves.
private enum ManualPage {
  static var text: String {
    var page = """
      .Dd $Mdocdate$
      .Dt STEPGRAPH 1
      .Os
      .Sh NAME
      .Nm stepgraph
      .Nd run diffusion image generation as a graph
      .Sh SYNOPSIS
      .Nm
      .Ar command
      .Op Ar options
      .Sh DESCRIPTION

      """
    page += escaped(Stepgraph.configuration.abstract) + "\n.Sh COMMANDS\n"
    for command in Stepgraph.configuration.subcommands where command.configuration.shouldDisplay {
      page += section(command, name: command._commandName)
    }
    return page + """
      .Sh ENVIRONMENT
      .Bl -tag -width Ds
      .It Ev STEPGRAPH_MODELS
      Folders to look for models in, separated by colons.
      .It Ev XDG_DATA_HOME , Ev XDG_CACHE_HOME
      Where models are looked for last, and where the cache is.
      .It Ev STEPGRAPH_CACHE_LIMIT , Ev STEPGRAPH_MIN_FREE , Ev STEPGRAPH_DURABILITY
      Defaults of
      .Fl -cache-limit , Fl -min-free
      and
      .Fl -durability .
      .El

      """
  }

  /// A command with its subcommands: their help texts are what there is to say.
  private static func section(_ command: any ParsableCommand.Type, name: String) -> String {
    var text = ".Ss stepgraph \(name)\n.Bd -literal\n"
    for line in Stepgraph.helpMessage(for: command, columns: 78).split(
      separator: "\n", omittingEmptySubsequences: false)
    {
      text += escaped(String(line)) + "\n"
    }
    text += ".Ed\n"
    for inner in command.configuration.subcommands { text += section(inner, name: "\(name) \(inner._commandName)") }
    return text
  }

  /// A line as it stands: no request, and no escape sequence.
  private static func escaped(_ line: String) -> String {
    let text = line.replacing("\\", with: "\\e").replacing("-", with: "\\-")
    return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" + text : text
  }
}
