/// What does not fit between a model and its files, as one message.
struct WeightReport {
  /// Names asked for that no file has, with the shape expected.
  var missing: [String: [Int]] = [:]
  /// Names with what is wrong with them.
  var misshapen: [String: String] = [:]
  /// Names that a shard index puts where they are not, with what it says.
  var lost: [String: String] = [:]
  /// Names in the files that the model did not ask for, with the shape found.
  var unused: [String: [Int]] = [:]

  /// Lines of one kind that are shown; beyond them the count alone tells more.
  private static let shownLines = 40

  /// Whether all that the model asked for was found.
  var isComplete: Bool { missing.isEmpty && misshapen.isEmpty }

  var text: String {
    let missingLines = missing.map { name, shape in (name, "'\(name)' \(shape)") }
    let misshapenLines = misshapen.map { name, problem in (name, "'\(name)' \(problem)") }
    let unusedLines = unused.map { name, shape in (name, "'\(name)' \(shape)") }
    let sections = [
      section("missing", missingLines, hint), section("misshapen", misshapenLines), section("unused", unusedLines),
    ]
    return "the weights do not fit the model's config" + sections.joined()
  }

  /// What is left over, for those who have all they need; nil when nothing is.
  var unusedText: String? {
    if unused.isEmpty { return nil }
    let names = unused.keys.sorted(by: byteOrder)
    let shown = names.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
    let rest = names.count - 5
    return "the model does not use \(shown)" + (rest > 0 ? " and \(rest) more tensors" : "")
  }

  private func section(
    _ kind: String, _ lines: [(name: String, text: String)], _ hint: (String) -> String = { _ in "" }
  )
    -> String
  {
    if lines.isEmpty { return "" }
    let sorted = lines.sorted { byteOrder($0.name, $1.name) }
    let shown = sorted.prefix(Self.shownLines).map { "\n    \($0.text)\(hint($0.name))" }
    let rest = sorted.count - shown.count
    return "\n  \(kind): \(sorted.count)" + shown.joined() + (rest > 0 ? "\n    and \(rest) more" : "")
  }

  /// Where the index looked for it, or the unused tensor of the same shape with the nearest name: perhaps the missing
  /// one misnamed.
  private func hint(_ name: String) -> String {
    if let lost = lost[name] { return "; \(lost)" }
    let alike = unused.filter { $0.value == missing[name] }
    return nearestWeightName(to: name, among: alike.keys).map { "; is it '\($0)'?" } ?? ""
  }
}

/// The candidate that shares the most of `name`'s beginning and end; nil when none shares half of it.
///
/// Weights' names are long dotted paths: a misnamed one differs in one place.
func nearestWeightName(to name: String, among candidates: some Sequence<String>) -> String? {
  let name = Array(name.utf8)
  var best: (shared: Int, name: String)?
  for candidate in candidates {
    let other = Array(candidate.utf8)
    let start = zip(name, other).prefix { $0 == $1 }.count
    let end = min(
      zip(name.reversed(), other.reversed()).prefix { $0 == $1 }.count, min(name.count, other.count) - start)
    let shared = start + end
    guard shared * 2 >= max(name.count, other.count) else { continue }
    if let best, best.shared > shared || (best.shared == shared && byteOrder(best.name, candidate)) { continue }
    best = (shared, candidate)
  }
  return best?.name
}
