import Diagnostics

/// Inputs that workflows may go on to call by a name they had before.
extension Binder {
  /// `inputs` by the names that the inputs have now; `formerNames` are those before, by the ones of now.
  ///
  /// Reports an input that is given under both.
  func renamed(_ inputs: [InputBinding], formerNames: [(name: String, former: String)]) -> [InputBinding] {
    if formerNames.isEmpty { return inputs }
    let given = Set(inputs.map(\.name.value))
    return inputs.compactMap { input in
      guard let (name, former) = formerNames.first(where: { $0.former == input.name.value }) else { return input }
      guard !given.contains(name) else {
        collector.error(
          "'\(former)' is what '\(name)' was called before; it is given twice", at: input.name.location)
        return nil
      }
      var renamed = input
      renamed.name.value = name
      return renamed
    }
  }
}

extension NodeDeclaration {
  var formerNames: [(name: String, former: String)] {
    inputs.compactMap { input in input.formerName.map { (input.name, $0) } }
  }
}

extension WorkflowDocument {
  var formerNames: [(name: String, former: String)] {
    inputs.compactMap { input in input.formerName.map { (input.name.value, $0.value) } }
  }
}
