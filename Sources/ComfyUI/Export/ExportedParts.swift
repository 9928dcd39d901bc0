import DiffusionModels
import GraphEngine

/// Which prompts and ControlNets act in which part of a run.
struct ExportedParts {
  typealias Prompt = Acting<WireSource>
  typealias Control = Acting<ExportedGuidance.Control>

  /// Something, and from where to where it acts, in parts of a run from 0 to 1.
  struct Acting<Item> {
    var item: Item
    var start = 0.0
    var end = 1.0

    var isWhole: Bool { start == 0 && end == 1 }
  }

  let positive: [Prompt]
  let negative: [Prompt]
  let middle: [Prompt]
  let controls: [Control]

  /// Of the guidance of every step; nil after something was refused that no part of a run is.
  init?(_ guidance: [ExportedGuidance], of steps: [Int], schedule: Int, in e: Exporter) {
    let reader = PartReader(steps: steps, schedule: schedule, guidance: guidance, exporter: e)
    guard let positive = reader.prompts(\.positive), let negative = reader.prompts(\.negative),
      let middle = reader.prompts(\.middle),
      let controls = reader.acting(guidance.map(\.controls), what: "a ControlNet")
    else { return nil }
    (self.positive, self.negative, self.middle, self.controls) = (positive, negative, middle, controls)
  }
}

private struct PartReader {
  let steps: [Int]
  let schedule: Int
  let guidance: [ExportedGuidance]
  let exporter: Exporter

  /// Those of one role: as they are where they are the same in all steps, and else each by itself that is combined in some.
  func prompts(_ role: KeyPath<ExportedGuidance, WireSource?>) -> [ExportedParts.Prompt]? {
    let sources = guidance.map { $0[keyPath: role] }
    if sources.allSatisfy({ $0 == sources[0] }) { return sources[0].map { [ExportedParts.Prompt(item: $0)] } ?? [] }
    return acting(sources.map { $0.map(exporter.combinedPrompts) ?? [] }, what: "a prompt")
  }

  /// The evaluations at which each item acts, as parts of a run; in the order in which they come.
  func acting<Item: Equatable>(_ items: [[Item]], what: String) -> [ExportedParts.Acting<Item>]? {
    var known: [ExportedParts.Acting<Item>] = []
    for (place, now) in items.enumerated() {
      for item in now where !known.contains(where: { $0.item == item }) {
        let end = items[place...].firstIndex { !$0.contains(item) } ?? items.count
        if let again = items[end...].firstIndex(where: { $0.contains(item) }) {
          exporter.refuse(
            steps[again],
            "\(what) acts in it that did not in the step before, and did earlier; ComfyUI has one part of a run for each"
          )
          return nil
        }
        guard place > 0 || end < items.count else {
          known.append(ExportedParts.Acting(item: item))
          continue
        }
        guard let part = part(of: place..<end, what) else { return nil }
        known.append(ExportedParts.Acting(item: item, start: part.start, end: part.end))
      }
    }
    return known
  }

  private func part(of evaluations: Range<Int>, _ what: String) -> (start: Double, end: Double)? {
    let e = exporter
    let place = steps[evaluations.lowerBound > 0 ? evaluations.lowerBound : evaluations.upperBound]
    guard let source = guidance[0].denoiser, case .model(let model)? = e.outputs[source], let family = model.family
    else {
      e.refuse(
        place,
        "\(what) acts in a part of a run, which follows from the family of the model; its file's name does not tell it")
      return nil
    }
    let values = e.scheduleSize(schedule)
    let times = family.evaluations { name in values[name] ?? e.texts(schedule, name) }
    guard let times, times.sigmas.count == steps.count else {
      e.refuse(place, "\(what) acts in a part of a run, and which it is follows from what is known when it runs")
      return nil
    }
    guard let part = times.parts(of: evaluations) else {
      e.refuse(place, "\(what) begins or ends between two evaluations at one sigma, which ComfyUI does not tell apart")
      return nil
    }
    return part
  }
}

extension Exporter {
  /// The conditionings that a combination is made of, or a conditioning itself.
  fileprivate func combinedPrompts(_ source: WireSource) -> [WireSource] {
    let node = source.node
    guard graph.nodes[node].type == "ConditioningMix", text(node, "mode") == "combine",
      let to = self.source(node, "to"), let from = self.source(node, "from")
    else { return [source] }
    return combinedPrompts(to) + combinedPrompts(from)
  }

  /// The texts of a parameter, one but for lists.
  fileprivate func texts(_ index: Int, _ name: String) -> [String]? {
    switch value(index, name) {
    case .list(let values)?: values.map(\.text)
    case let value?: [value.text]
    case nil: nil
    }
  }

  /// The size of a picture that a schedule takes from a latent.
  fileprivate func scheduleSize(_ schedule: Int) -> [String: [String]] {
    guard let latent = source(schedule, "latent")?.node, graph.nodes[latent].type == "EmptyLatent",
      value(schedule, "width") == nil, let width = texts(latent, "width"), let height = texts(latent, "height")
    else { return [:] }
    return ["width": width, "height": height]
  }
}
