/// The known name that `name` is most likely a slip of; nil when none is near.
///
/// Nearness is the number of insertions, deletions, substitutions and swaps of neighbours (optimal string alignment,
/// a restricted Damerau-Levenshtein distance), case aside; about one slip in three letters is let pass. Ties go to the
/// first in alphabetical order.
package func nearestName<Names: Sequence<String>>(to name: String, among candidates: Names) -> String? {
  let wanted = Array(name.lowercased().unicodeScalars)
  guard !wanted.isEmpty, wanted.count <= 100 else { return nil }
  let limit = wanted.count < 3 ? 1 : min(3, (wanted.count + 2) / 3)
  var best: (distance: Int, name: String)?
  for candidate in candidates where candidate != name {
    let letters = Array(candidate.lowercased().unicodeScalars)
    guard abs(letters.count - wanted.count) <= limit else { continue }
    let distance = alignmentDistance(wanted, letters)
    // A name that shares no letter with what was written is no help.
    guard distance <= limit, distance < max(wanted.count, letters.count) else { continue }
    if let known = best, (known.distance, known.name) <= (distance, candidate) { continue }
    best = (distance, candidate)
  }
  return best?.name
}

/// `did you mean 'name'?` for the nearest known name, for use as a note.
package func nearestNameNote<Names: Sequence<String>>(to name: String, among candidates: Names) -> String? {
  nearestName(to: name, among: candidates).map { "did you mean '\($0)'?" }
}

private func alignmentDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
  var beforePrevious = [Int](repeating: 0, count: b.count + 1)
  var previous = Array(0...b.count)
  var current = previous
  for i in 1...a.count {
    current[0] = i
    for j in 1...b.count {
      let substitution = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
      current[j] = min(previous[j] + 1, current[j - 1] + 1, substitution)
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        current[j] = min(current[j], beforePrevious[j - 2] + 1)
      }
    }
    (beforePrevious, previous, current) = (previous, current, beforePrevious)
  }
  return previous[b.count]
}
