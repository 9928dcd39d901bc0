import Diagnostics
import JSONTree

/// A node while its class's rule looks at it.
///
/// What a rule asks for and cannot have is noted, so that all of it is told at once.
final class NodeTranslation {
  let node: ComfyNode
  let translator: Translator
  /// Causes, each once.
  private var broken: [Int] = []
  /// Pictures for ControlNets, by what they were before they were made as large as a latent.
  var fittedHints: [SketchWire: SketchWire] = [:]
  /// Prompts with pictures, by what they were without.
  var toldPictures: [SketchWire: (wire: SketchWire, pictures: [PooledPicture])] = [:]

  init(_ node: ComfyNode, _ translator: Translator) { (self.node, self.translator) = (node, translator) }

  /// What a rule gives, or what it was lacking.
  func outputs(_ rule: (NodeTranslation) -> [Meaning]) -> [Meaning] {
    let outputs = rule(self)
    return broken.isEmpty ? outputs : [.broken(translator.join(broken))]
  }

  /// Notes a problem with this node.
  @discardableResult
  func refuse(_ reason: String) -> Meaning {
    let cause = translator.addProblem(reason, node)
    broken.append(cause)
    return .broken(cause)
  }

  /// The end of a rule that writes a file: tells what kept it from doing so.
  func finish() -> [Meaning] {
    translator.report(broken)
    return []
  }

  var isBroken: Bool { !broken.isEmpty }

  private func note(_ cause: Int) {
    if !broken.contains(cause) { broken.append(cause) }
  }

  // MARK: Values

  func isGiven(_ name: String) -> Bool { node.inputs[name] != nil }

  func isLink(_ name: String) -> Bool { if case .link? = node.inputs[name]?.value { true } else { false } }

  private func value(_ name: String) -> ComfyValue? {
    guard let value = node.inputs[name]?.value else { return nil }
    guard case .link(let link) = value else { return value }
    switch translator.meaning(of: link) {
    case .broken(let cause): note(cause)
    case .size:
      refuse("'\(name)' is the size of a picture, which is known when it runs; a number was expected")
    default: refuse("'\(name)' leads to an output that is no value")
    }
    return nil
  }

  /// A text; `standard` where the input is not given.
  func text(_ name: String, default standard: String? = nil) -> String? {
    switch value(name) {
    case .text(let text): return text
    case .number(let number): return number.text
    case .flag(let flag): return flag ? "true" : "false"
    case .other: return complain(name, "a text")
    case .link, nil: return isGiven(name) ? nil : standard ?? complain(name, "a text")
    }
  }

  func number(_ name: String, default standard: Double? = nil) -> Double? {
    switch value(name) {
    case .number(let number): return number.double ?? complain(name, "a number")
    case .text(let text): return Double(text) ?? complain(name, "a number")
    case .flag(let flag): return flag ? 1 : 0
    case .other: return complain(name, "a number")
    case .link, nil: return isGiven(name) ? nil : standard ?? complain(name, "a number")
    }
  }

  /// A whole number; one with a fraction is cut, as ComfyUI's server cuts it.
  func integer(_ name: String, default standard: Int? = nil) -> Int? {
    guard let number = number(name, default: standard.map { Double($0) }) else { return nil }
    guard number.magnitude < 0x1p53 else { return complain(name, "a whole number") }
    return Int(number)
  }

  /// A number as it is written, for a value that is passed on.
  func plain(_ name: String, default standard: String? = nil) -> SketchValue? {
    guard isGiven(name) else { return standard.map { .plain($0) } ?? complain(name, "a number") }
    guard let number = number(name) else { return nil }
    if case .number(let written)? = node.inputs[name]?.value { return .plain(Self.text(of: written)) }
    return .plain(Self.text(of: number))
  }

  /// A seed of 64 bits.
  func seed(_ name: String) -> SketchValue? {
    guard case .number(let number)? = value(name), let seed = number.integer else { return complain(name, "a seed") }
    return .plain("\(seed < 0 ? seed & Int128(UInt64.max) : seed)")
  }

  func flag(_ name: String, default standard: Bool? = nil) -> Bool? {
    switch value(name) {
    case .flag(let flag): return flag
    case .text(let text): return ["enable", "true", "True"].contains(text)
    case .number(let number): return number.double != 0
    case .other: return complain(name, "true or false")
    case .link, nil: return isGiven(name) ? nil : standard ?? complain(name, "true or false")
    }
  }

  /// Only tells of an input that is not as expected.
  @discardableResult
  func complain<Value>(_ name: String, _ expected: String) -> Value? {
    if !isBroken { refuse("'\(name)' takes \(expected)\(isGiven(name) ? "" : ", and nothing is there")") }
    return nil
  }

  private static func text(of number: JSONNumber) -> String {
    number.integer.map { "\($0)" } ?? number.double.map(text) ?? number.text
  }

  static func text(of number: Double) -> String {
    number == number.rounded() && number.magnitude < 0x1p53 ? "\(Int(number))" : "\(number)"
  }

  // MARK: Links

  /// What leads into an input; nil where nothing does, or what does is broken.
  func optional(_ name: String) -> Meaning? {
    guard case .link(let link)? = node.inputs[name]?.value else { return nil }
    switch translator.meaning(of: link) {
    case .broken(let cause):
      note(cause)
      return nil
    case nil:
      refuse("'\(name)' leads to an output that node \(link.node) does not have")
      return nil
    case let meaning?: return meaning
    }
  }

  private func required<Value>(_ name: String, _ kind: String, _ take: (Meaning) -> Value?) -> Value? {
    guard let meaning = optional(name) else {
      if !isLink(name) { refuse("nothing leads into its '\(name)'") }
      return nil
    }
    return take(meaning) ?? complain(name, kind)
  }

  func model(_ name: String) -> ModelMeaning? {
    required(name, "a model") { if case .model(let model) = $0 { model } else { nil } }
  }

  func clip(_ name: String) -> TextEncoderMeaning? {
    required(name, "a text encoder") { if case .clip(let clip) = $0 { clip } else { nil } }
  }

  func vae(_ name: String) -> SketchWire? {
    required(name, "a VAE") { if case .vae(let wire) = $0 { wire } else { nil } }
  }

  func conditioning(_ name: String) -> ConditioningMeaning? {
    required(name, "a conditioning") { if case .conditioning(let conditioning) = $0 { conditioning } else { nil } }
  }

  func latent(_ name: String) -> LatentMeaning? {
    required(name, "a latent") { if case .latent(let latent) = $0 { latent } else { nil } }
  }

  func image(_ name: String) -> SketchWire? {
    required(name, "a picture") { if case .image(let wire) = $0 { wire } else { nil } }
  }

  func mask(_ name: String) -> SketchWire? {
    required(name, "a mask") { if case .mask(let wire) = $0 { wire } else { nil } }
  }

  func upscaler(_ name: String) -> SketchWire? {
    required(name, "an upscaler") { if case .upscaler(let wire) = $0 { wire } else { nil } }
  }

  func controlNet(_ name: String) -> SketchWire? {
    required(name, "a ControlNet") { if case .controlNet(let wire) = $0 { wire } else { nil } }
  }

  func pictureEncoder(_ name: String) -> SketchWire? {
    required(name, "an encoder of pictures") { if case .pictureEncoder(let wire) = $0 { wire } else { nil } }
  }

  func encodedPicture(_ name: String) -> Int? {
    required(name, "an encoded picture") { if case .encodedPicture(let node) = $0 { node } else { nil } }
  }

  func styleModel(_ name: String) -> SketchWire? {
    required(name, "a style model") { if case .styleModel(let wire) = $0 { wire } else { nil } }
  }

  func modelPatch(_ name: String) -> SketchWire? {
    required(name, "a model patch") { if case .modelPatch(let wire) = $0 { wire } else { nil } }
  }

  func noise(_ name: String) -> NoiseMeaning? {
    required(name, "noise") { if case .noise(let noise) = $0 { noise } else { nil } }
  }

  func sampler(_ name: String) -> SamplerMeaning? {
    required(name, "a sampler") { if case .sampler(let sampler) = $0 { sampler } else { nil } }
  }

  func sigmas(_ name: String) -> SigmasMeaning? {
    required(name, "sigmas") { if case .sigmas(let sigmas) = $0 { sigmas } else { nil } }
  }

  func guider(_ name: String) -> GuiderMeaning? {
    required(name, "a guider") { if case .guider(let guider) = $0 { guider } else { nil } }
  }

  /// A picture whose size two inputs take; nil where they are values.
  func pictureSize(_ width: String, _ height: String) -> SketchWire? {
    guard isLink(width), isLink(height), case .size(let wire, true)? = optional(width),
      case .size(let other, false)? = optional(height), wire == other
    else { return nil }
    return wire
  }

  // MARK: Nodes

  /// Adds a node of the workflow, called `name` unless a person called it otherwise.
  func add(
    _ kind: SketchNode.Kind, _ name: String, in inputs: [(String, SketchWire?)] = [],
    with values: [(String, SketchValue?)] = [],
    lists: [(String, [SketchWire])] = [], isSink: Bool = false
  ) -> Int {
    var sketched = SketchNode(kind: kind, name: givenName ?? name, origin: node, isSink: isSink)
    sketched.inputs = inputs.compactMap { name, wire in wire.map { (name, [$0], false) } }
    sketched.inputs += lists.filter { !$0.1.isEmpty }.map { ($0.0, $0.1, true) }
    sketched.values = values.compactMap { name, value in value.map { (name, $0) } }
    return translator.sketch.add(sketched)
  }

  /// The title that a person gave the node, where it says more than that of its class.
  private var givenName: String? {
    guard let title = node.title, let standard = ComfyClass.all[node.type]?.title, title != node.type,
      !title.contains(standard), !standard.contains(title)
    else { return nil }
    return WorkflowNames.name(from: title)
  }

  func param(_ name: String, _ type: SketchParam.Kind, _ value: SketchValue?, min: String? = nil) -> SketchValue? {
    value.map { translator.sketch.param(name, type, default: $0, min: min) }
  }
}
