import Safetensors
import Tensors

/// A LoRA at a strength, which changes the weights of a model as they are read.
package struct LoRAPatch: Sendable {
  package let file: LoRAFile
  package let strength: Double

  package init(_ file: LoRAFile, strength: Double) { (self.file, self.strength) = (file, strength) }

  /// A part of a model whose weights can be changed, and what LoRA files call its layers.
  typealias Part = (weights: WeightStore, names: LoRANames)

  /// Has the weights of `parts` changed by the modules that `isOfParts` names.
  ///
  /// Throws `ModelError` for modules that have no layer there or do not fit theirs, with the family that the file seems made
  /// for, and what reading the file throws. `model` is what to call the model.
  func apply(to parts: [Part], model: String, isOfParts: (String) -> Bool) throws {
    guard strength != 0 else { return }
    var strangers: [String] = []
    var misfits: [String] = []
    for module in file.modules where isOfParts(module.name) {
      let found = parts.lazy.map { part in (part.weights, part.names.places(of: module.name)) }
      guard let (weights, places) = found.first(where: { !$0.1.isEmpty }) else {
        strangers.append("'\(module.name)'")
        continue
      }
      do {
        for place in places { try apply(module, to: place, of: weights) }
      } catch let misfit as LoRAModule.Misfit {
        misfits.append(misfit.description)
      }
    }
    guard strangers.isEmpty, misfits.isEmpty else {
      let seems = file.family.map { "; the file seems made for \($0)" } ?? ""
      throw ModelError(
        "\(file.path): does not fit the model, \(model)\(seems)" + LoRAFile.listed("modules without a layer", strangers)
          + LoRAFile.listed("modules of another size", misfits))
    }
  }

  private func apply(_ module: LoRAModule, to place: LoRANames.Place, of weights: WeightStore) throws {
    let columns = weights.ownColumns(of: "\(place.slot).weight")
    try apply(module, to: "weight", at: place, of: weights) { try module.weightChange($0, orOf: columns) }
    if module.changesBias { try apply(module, to: "bias", at: place, of: weights, module.biasChange) }
  }

  private func apply(
    _ module: LoRAModule, to kind: String, at place: LoRANames.Place, of weights: WeightStore,
    _ makeChange: (_ shape: [Int]) throws -> WeightChange?
  ) throws {
    let slot = "\(place.slot).\(kind)"
    guard let shape = weights.shape(of: slot) else {
      throw LoRAModule.Misfit(module: module.name, problem: "changes a \(kind), which the layer does not have")
    }
    guard let whole = try makeChange(place.joinedShape(of: shape)) else { return }
    guard let change = whole.viewed(place) else {
      throw LoRAModule.Misfit(
        module: module.name, problem: "has lengths by input, and the model has its layer in several")
    }
    weights.change(slot) { [strength] in try change.applied(to: $0, strength: Float(strength)) }
  }
}
