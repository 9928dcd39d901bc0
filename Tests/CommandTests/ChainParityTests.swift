import Foundation
import Safetensors
import Testing

/// Whole sampling runs through the command and the shipped graphs, against diffusers at every step.
struct ChainParityTests {
  /// What a reference run was made with, as `make_fixtures.py` wrote it down.
  struct Chain: Decodable, CustomTestStringConvertible {
    let model: String
    let branches: Int
    let prompt: String
    let negative: String
    let cfg: Double
    let seed: UInt64
    let steps: Int
    let eta: Double
    let width: Int
    let height: Int
    let batch: Int
    let strength: Double?
    let image: String?

    var name: String { _name ?? "" }
    private var _name: String?
    var folder: URL { Repository.fixtures.appending(path: model).deletingLastPathComponent() }
    var testDescription: String { "\(model.prefix { $0 != "/" }) \(name)" }
    var reference: URL { folder.appending(path: "chains/\(name).safetensors") }

    /// Steps that img2img leaves out at the beginning (diffusers' `get_timesteps`).
    var first: Int { strength.map { steps - min(Int(Double(steps) * $0), steps) } ?? 0 }

    static func all() throws -> [Chain] {
      try ["sd1-tiny", "sd2-tiny"].flatMap { model in
        let folder = Repository.fixtures.appending(path: "\(model)/chains")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
        return try files.sorted().map { file in
          var chain = try JSONDecoder().decode(Chain.self, from: Data(contentsOf: folder.appending(path: file)))
          chain._name = String(file.dropLast(5))
          return chain
        }
      }
    }
  }

  @Test(arguments: try Chain.all())
  func everyStepMatchesDiffusers(_ chain: Chain) throws {
    let stepgraph = try Stepgraph()
    let shipped = chain.image != nil ? "img2img" : chain.branches == 3 ? "txt2img" : "txt2img-cfg"
    try stepgraph.folder.write(tapped(shipped), to: "graph.yaml")
    var settings = [
      "model=\(Repository.fixtures.appending(path: chain.model).path)", "prompt=\(chain.prompt)",
      "negative=\(chain.negative)", "cfg=\(chain.cfg)", "seed=\(chain.seed)", "steps=\(chain.steps)",
    ]
    if let image = chain.image {
      settings += ["image=\(chain.folder.appending(path: "chains/\(image)").path)", "first=\(chain.first)"]
    } else {
      settings += ["eta=\(chain.eta)", "width=\(chain.width)", "height=\(chain.height)", "batch=\(chain.batch)"]
    }
    _ = try stepgraph.run("graph.yaml", settings)

    let reference = try SafetensorsReader(path: chain.reference.path)
    func check(_ name: String, against file: String) throws {
      try stepgraph.expect(file, is: reference.tensor(name))
    }
    try check("latent.0", against: "start.safetensors")
    for step in chain.first..<chain.steps {
      try check("latent.\(step - chain.first + 1)", against: "latents/\(step).safetensors")
    }
    try check("image", against: "image.safetensors")
  }

  /// A shipped graph with taps that write every latent and the picture.
  private func tapped(_ name: String) throws -> String {
    let graph = try String(contentsOf: Repository.graphs.appending(path: "\(name).yaml"), encoding: .utf8)
      .replacingOccurrences(of: "../Examples", with: Repository.root.appending(path: "Examples").path)
    let inLoop = "      tap:   {node: SaveTensor, in: {tensor: next.latent}, with: {path: latents/$(i).safetensors}}\n"
    let atEnd = """
        start_tap: {node: SaveTensor, in: {tensor: start}, with: {path: start.safetensors}}
        image_tap: {node: SaveTensor, in: {tensor: image}, with: {path: image.safetensors}}

      """
    return graph.replacingOccurrences(of: "    yield:", with: inLoop + "    yield:") + atEnd
  }
}
