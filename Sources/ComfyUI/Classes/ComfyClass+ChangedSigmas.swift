import Foundation

/// Lists of sigmas that are changed number by number.
extension ComfyClass {
  static let changedSigmas: [(String, ComfyClass)] = [
    (
      "SetFirstSigma",
      ComfyClass(
        "SetFirstSigma", "sigma",
        .imported { n in
          guard let first = n.number("sigma", default: 136) else { return [] }
          return changed(n) { [first] + $0.dropFirst() }
        })
    ),
    (
      "ExtendIntermediateSigmas",
      ComfyClass("ExtendIntermediateSigmas", "steps start_at_sigma end_at_sigma spacing", .imported(extended))
    ),
  ]

  private static func changed(_ n: NodeTranslation, _ change: ([Double]) -> [Double]) -> [Meaning] {
    guard let sigmas = n.sigmas("sigmas"), let numbers = n.numbers(of: sigmas) else { return [] }
    let changed = change(numbers)
    guard (2...1001).contains(changed.count), changed.allSatisfy({ Float($0).isFinite }) else {
      return [n.refuse("it makes a list of \(changed.count - 1) steps; 1 to 1000 were expected")]
    }
    var result = list(changed)
    result.model = sigmas.model
    return [.sigmas(result)]
  }

  /// More sigmas between those of a range.
  private static func extended(_ n: NodeTranslation) -> [Meaning] {
    let (steps, spacing) = (n.integer("steps", default: 2), n.text("spacing", default: "linear"))
    let (start, end) = (n.number("start_at_sigma", default: -1), n.number("end_at_sigma", default: 12))
    guard let steps, let spacing, let start, let end else { return [] }
    let curves: [String: (Double) -> Double] = [
      "linear": { $0 }, "cosine": { sin($0 * .pi / 2) }, "sine": { 1 - cos($0 * .pi / 2) },
    ]
    guard let curve = curves[spacing], (1...100).contains(steps) else {
      return [n.refuse("'steps' takes 1 to 100, and 'spacing' linear, cosine or sine")]
    }
    return changed(n) { numbers in
      zip(numbers, numbers.dropFirst()).flatMap { sigma, next in
        guard end <= sigma, start < 0 || sigma <= start else { return [sigma] }
        return (0..<steps).map { sigma + ($0 == 0 ? 0 : curve(Double($0) / Double(steps))) * (next - sigma) }
      } + numbers.suffix(1)
    }
  }
}

extension NodeTranslation {
  /// Sigmas as a list of numbers, the end included; nil after they were refused where they follow from what is known later.
  fileprivate func numbers(of sigmas: SigmasMeaning) -> [Double]? {
    let values = sigmas.values + (sigmas.model?.noise ?? []) + [("sampler", .text("euler"))]
    func texts(_ name: String) -> [String]? {
      values.first { $0.name == name }.flatMap { translator.sketch.texts(of: $0.value) }
    }
    let end = min(sigmas.to ?? .max, sigmas.count.number)
    var numbers = texts("sigmas")?.compactMap(Double.init) ?? []
    if numbers.isEmpty, sigmas.sizeOf == nil, let times = sigmas.model?.family?.evaluations(texts) {
      numbers = times.sigmas.map { Double($0) } + [0]
    }
    guard numbers.indices.contains(end), sigmas.from < end else {
      refuse("its list follows from what is known when it runs; nearest is ManualSigmas with all of them")
      return nil
    }
    numbers = Array(numbers[sigmas.from...end])
    if sigmas.endsAtZero { numbers[numbers.count - 1] = 0 }
    return numbers
  }
}
