import Weights

/// What an upscaler's file is, by the names and shapes of its weights.
///
/// RRDBNet of ESRGAN and Real-ESRGAN (Wang and others 2018 and 2021), or Real-ESRGAN's compact network, SRVGGNetCompact.
package struct UpscalerConfig: Sendable, Equatable {
  package enum Network: Sendable, Equatable {
    /// Residual-in-residual dense blocks; `growth` is how many channels each inner convolution adds.
    case residualDense(blocks: Int, growth: Int, doublings: Int)
    /// Convolutions with a slope for each channel between them.
    case compact(convolutions: Int)
  }

  package let network: Network
  package let features: Int
  /// Squares of so many pixels a side become channels first.
  package let unshuffle: Int
  /// How many times larger a side becomes.
  package let scale: Int

  /// The names in the file that hold the network begin with this.
  let prefix: String
  /// Whether names are those of the first ESRGAN's sequence of modules.
  let isSequence: Bool

  /// Reads names and shapes.
  ///
  /// Throws `ModelError` for a file that is no such network.
  package init(_ file: any TensorFile) throws {
    let names = Set(file.names)
    // What training kept the moving average of is better than what it ended with.
    guard
      let prefix = ["params_ema.", "params.", "module.", ""].first(where: { prefix in
        ["conv_first.weight", "body.0.weight", "model.0.weight"].contains { names.contains(prefix + $0) }
      })
    else {
      throw ModelError(
        "\(file.source): no upscaler: neither 'conv_first.weight' of an RRDBNet, 'model.0.weight' of an ESRGAN nor "
          + "'body.0.weight' of a compact network is there")
    }
    self.prefix = prefix
    func shape(_ name: String) throws -> [Int] {
      guard let shape = file.info(prefix + name)?.shape, shape.count == 4, !shape.contains(0) else {
        throw ModelError("\(file.source): '\(prefix)\(name)' is missing or no convolution")
      }
      return shape
    }
    func count(_ name: (Int) -> String) -> Int { (0..<1024).first { !names.contains(prefix + name($0)) } ?? 1024 }
    isSequence = names.contains("\(prefix)model.0.weight")
    if isSequence || names.contains("\(prefix)conv_first.weight") {
      let first = try shape(isSequence ? "model.0.weight" : "conv_first.weight")
      let block: (Int) -> String = { isSequence in
        { isSequence ? "model.1.sub.\($0).RDB1.conv1.0.weight" : "body.\($0).rdb1.conv1.weight" }
      }(isSequence)
      let doublings =
        isSequence
        ? count { "model.\(3 * $0 + 3).weight" } : count { "conv_up\($0 + 1).weight" }
      let unshuffle = try Self.unshuffle(first[1], file)
      network = .residualDense(blocks: count(block), growth: try shape(block(0))[0], doublings: doublings)
      features = first[0]
      self.unshuffle = unshuffle
      let enlarged = 1 << doublings
      guard doublings <= 5, enlarged >= unshuffle else {
        throw ModelError(
          "\(file.source): the network makes pictures smaller, or \(enlarged) times larger; 1 to 8 was expected")
      }
      scale = enlarged / unshuffle
    } else {
      let convolutions = count { "body.\(2 * $0).weight" }
      let (first, last) = (try shape("body.0.weight"), try shape("body.\(2 * convolutions - 2).weight"))
      network = .compact(convolutions: convolutions)
      features = first[0]
      unshuffle = 1
      guard first[1] == 3, let side = (1...8).first(where: { 3 * $0 * $0 == last[0] }) else {
        throw ModelError(
          "\(file.source): the network goes from \(first[1]) channels to \(last[0]); 3 and 3 squares were expected")
      }
      scale = side
    }
  }

  private static func unshuffle(_ channels: Int, _ file: any TensorFile) throws -> Int {
    guard let side = [1, 2, 4].first(where: { 3 * $0 * $0 == channels }) else {
      throw ModelError("\(file.source): the first convolution takes \(channels) channels; 3, 12 or 48 was expected")
    }
    return side
  }

  /// The slots of a tensor: the names of the newer layout.
  func places(_ name: String) -> [WeightPlace] {
    guard name.hasPrefix(prefix) else { return [] }
    let rest = String(name.dropFirst(prefix.count))
    guard isSequence else { return [WeightPlace(rest)] }
    return slot(ofSequence: rest).map { [WeightPlace($0)] } ?? []
  }

  /// `model.1.sub.3.RDB2.conv1.0.weight` as `body.3.rdb2.conv1.weight`.
  private func slot(ofSequence name: String) -> String? {
    guard case .residualDense(let blocks, _, let doublings) = network, let kind = name.split(separator: ".").last else {
      return nil
    }
    let stem = String(name.dropLast(kind.count + 1))
    let place = 3 * doublings
    let fixed = [
      "model.0": "conv_first", "model.1.sub.\(blocks)": "conv_body", "model.\(place + 2)": "conv_hr",
      "model.\(place + 4)": "conv_last",
    ]
    if let slot = fixed[stem] { return "\(slot).\(kind)" }
    for index in 0..<doublings where stem == "model.\(3 * index + 3)" { return "conv_up\(index + 1).\(kind)" }
    let parts = stem.split(separator: ".")
    guard parts.count == 7, parts[3].allSatisfy(\.isNumber), parts[4].hasPrefix("RDB") else { return nil }
    return "body.\(parts[3]).\(parts[4].lowercased()).\(parts[5]).\(kind)"
  }
}
