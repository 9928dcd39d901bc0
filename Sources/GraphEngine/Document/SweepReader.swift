import Diagnostics
import YAMLTree

/// The part of the document that stands under `sweep`.
extension DocumentReader {
  func readSweep(_ entry: YAMLEntry) -> SweepDocument? {
    guard var mapping = mapping(entry.value, of: "'sweep'") else { return nil }
    mapping = mended(mapping, "'sweep'", known: Self.sweepKeys)
    let axes = entries(of: "matrix", in: mapping)
    if axes.isEmpty, mapping["matrix"].map({ $0.mapping != nil || $0.scalar?.text.isEmpty == true }) ?? true {
      let place = mapping.entries.first { $0.key.value == "matrix" }?.key.location
      collector.error(
        "'sweep' needs 'matrix' with a param and its values", at: place ?? entry.key.location,
        notes: ["such as matrix: {seed: [1, 2, 3]}"])
    }
    return SweepDocument(
      matrix: axes.compactMap(readAxis), exclusions: (mapping["exclude"].map(readExclusions)) ?? [])
  }

  private func readAxis(_ entry: YAMLEntry) -> SweepDocument.Axis? {
    let name = entry.key.value
    guard let items = entry.value.sequence else {
      guard let scalar = entry.value.scalar else {
        collector.error("'\(name)' takes a list of values, not \(entry.value.kind)", at: entry.value.location)
        return nil
      }
      if scalar.text.isEmpty {
        collector.error("'\(name)' takes at least one value", at: entry.value.location)
        return nil
      }
      return SweepDocument.Axis(name: entry.key, values: .text(Located(scalar.text, at: entry.value.location)))
    }
    guard !items.isEmpty else {
      collector.error("'\(name)' takes at least one value", at: entry.value.location)
      return nil
    }
    return SweepDocument.Axis(name: entry.key, values: .list(items.compactMap { readValue($0, of: name) }))
  }

  private func readExclusions(_ node: YAMLNode) -> [SweepDocument.Exclusion] {
    guard let items = node.sequence else {
      collector.error("'exclude' takes a list of points, not \(node.kind)", at: node.location)
      return []
    }
    return items.compactMap { item in
      guard let mapping = mapping(item, of: "a point of 'exclude'") else { return nil }
      if mapping.entries.isEmpty { collector.error("a point of 'exclude' names no param", at: item.location) }
      let values = mapping.entries.compactMap { entry in
        readValue(entry.value, of: entry.key.value).map { (name: entry.key, value: $0) }
      }
      return values.isEmpty ? nil : SweepDocument.Exclusion(values: values, location: item.location)
    }
  }

  private func readValue(_ node: YAMLNode, of name: String) -> LiteralBinding.Value? {
    guard let value = readLiterals(node, of: name) else { return nil }
    for case .value(let written) in value.literals.flatMap(\.pieces) {
      collector.error(
        "a value of a sweep can't use '$(...)'", at: written.location,
        notes: ["'$$(' stands for the two characters '$('"])
      return nil
    }
    return value
  }
}
