import Foundation
import Testing

/// `stepgraph bench`; what it times is no matter of tests, only that it tells all of it.
@Suite struct BenchTests {
  private struct Report: Decodable {
    struct Layer: Decodable {
      let kind: String
      let calls: Int
      let seconds: Double
      let share: Double
      let floorSeconds: Double
    }

    let part: String
    let seconds: [Double]
    let medianSeconds: Double
    let minimumSeconds: Double
    let loadSeconds: Double
    let firstSeconds: Double
    let peakMegabytes: Int
    let gigaOperations: Double
    let layers: [Layer]?
  }

  private func bench(_ arguments: String...) throws -> Report {
    let result = try Stepgraph().call(["bench", "--model", Repository.demoModel, "--json"] + arguments)
    try #require(result.status == 0, "\(result.errors)")
    return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
  }

  @Test(arguments: ["text", "unet", "vae"]) func tellsEveryPart(_ part: String) throws {
    let report = try bench("--part", part, "--size", "64", "--runs", "2", "--profile")
    #expect(report.part == part && report.seconds.count == 2 && report.peakMegabytes > 0)
    #expect(report.minimumSeconds == report.seconds.min())
    #expect(report.medianSeconds == report.seconds.reduce(0, +) / 2)
    let layers = try #require(report.layers)
    #expect(layers.contains { $0.kind == "linear" && $0.calls > 0 && $0.floorSeconds > 0 })
    // Layers are timed apart: together they take no longer than the whole.
    #expect(layers.reduce(0) { $0 + $1.seconds } <= report.seconds.reduce(0, +) / 2)
  }

  /// The count is of the work, not of the method: four times the pixels are about four times the operations of a decode.
  @Test func operationsFollowTheSize() throws {
    let small = try bench("--part", "vae", "--size", "64", "--runs", "1")
    let large = try bench("--part", "vae", "--size", "128", "--runs", "1")
    #expect(small.layers == nil)
    #expect((3.9...4.5).contains(large.gigaOperations / small.gigaOperations))
  }

  @Test func tellsTheEnginesTimes() throws {
    let result = try Stepgraph()("bench", "engine", "--runs", "2", "--json")
    try #require(result.status == 0, "\(result.errors)")
    let times = try JSONDecoder().decode([String: [Double]].self, from: Data(result.output.utf8))
    #expect(times.keys.sorted() == ["secondsPerExpression", "secondsPerNode", "secondsToPlan", "secondsToResolve"])
    #expect(times.values.allSatisfy { $0.count == 2 && $0.allSatisfy { $0 > 0 } })
  }

  @Test(arguments: [
    (["engine", "--runs", "0"], "--runs is 0; 1 or more was expected"),
    (["--part", "unet", "--size", "0"], "--size is 0; 1 or more was expected"),
    (["--part", "unet", "--size", "100000"], "--size is 100000; at most 8192 was expected"),
    (["--part", "unet", "--batch", "65"], "--batch is 65; at most 64 was expected"),
    (["--part", "vae", "--runs", "0"], "--runs is 0; 1 or more was expected"),
    (["--part", "vae", "--precision", "f16"], "--precision is 'f16'; f32 or bf16 was expected"),
    (["--part", "vae", "--size", "63"], "--size is 63; the model takes multiples of 4"),
    (["--part", "text", "--model", "nowhere"], "nowhere: there is no such file or folder"),
  ])
  func refuses(_ arguments: [String], _ message: String) throws {
    let model = arguments.contains("--part") && !arguments.contains("--model") ? ["--model", Repository.demoModel] : []
    let result = try Stepgraph().call(["bench"] + model + arguments)
    #expect(result.status != 0 && result.errors.contains(message), "\(result.errors)")
  }
}
