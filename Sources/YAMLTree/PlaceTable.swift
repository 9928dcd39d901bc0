import Diagnostics

/// Turns an index into a file's Unicode scalars into line and column.
struct PlaceTable {
  private let file: SourceFile
  /// Index of each line's first scalar.
  private var lineStarts = [0]
  /// The first character that YAML does not allow.
  private(set) var controlCharacter: (index: Int, value: UInt32)?

  init(_ file: SourceFile) {
    self.file = file
    var index = 0
    var previous: Unicode.Scalar = " "
    for scalar in file.text.unicodeScalars {
      if scalar == "\n" || scalar == "\r" {
        if scalar == "\n", previous == "\r" {
          lineStarts[lineStarts.count - 1] = index + 1
        } else {
          lineStarts.append(index + 1)
        }
      } else if controlCharacter == nil, PlaceTable.isForbidden(scalar) {
        controlCharacter = (index, scalar.value)
      }
      previous = scalar
      index += 1
    }
  }

  func location(_ index: Int) -> SourceLocation {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= index { low = middle } else { high = middle }
    }
    return SourceLocation(file: file, line: low + 1, column: index - lineStarts[low] + 1)
  }

  /// What YAML 1.1 calls not printable; libyaml stops at it without naming the place.
  private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x20...0x7E, 0x85, 0xA0...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: false
    default: true
    }
  }
}

extension YAMLSyntaxError {
  /// libyaml's words with the place, and a way out for the slips people make most.
  func diagnostic(_ places: PlaceTable) -> Diagnostic {
    var notes: [String] = []
    if let context, !context.text.isEmpty {
      notes.append("\(context.text) that starts at \(places.location(context.index))")
    }
    if let hint = hint(at: places.location(index)) { notes.append(hint) }
    let place = places.location(index)
    return Diagnostic("this is not valid YAML: \(problem)", at: place, notes: notes, fix: fix(at: place))
  }
}
