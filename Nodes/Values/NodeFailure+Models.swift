import DiffusionModels
import GraphEngine
import Safetensors

extension NodeFailure {
  /// Tells errors of models and their files at a port's line.
  static func telling<Result>(at port: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as ModelError {
      throw NodeFailure(lines: error.message, at: port)
    } catch let error as WeightFileError {
      throw NodeFailure(lines: error.message, at: port)
    }
  }

  /// Weights that do not fit are told one a line.
  private init(lines message: String, at port: String) {
    let lines = message.split(separator: "\n").map(String.init)
    self.init(lines.first ?? "", at: port, notes: Array(lines.dropFirst()))
  }
}
