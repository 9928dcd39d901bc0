import ArgumentParser

@main
struct Stepgraph: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Runs image generation graphs.")
}
