import Diagnostics

/// One param of a sweep with its values.
struct SweepAxis: Sendable {
  var name: String
  var values: [NamedValue]
  /// Given on the command line.
  var isArgument: Bool

  /// Bounds the points of a sweep.
  static let maximumPoints = 10_000

  func index(of value: ParameterValue) -> Int? {
    values.firstIndex { if case .known(value) = $0.content { true } else { false } }
  }

  /// The values as a workflow file would write them.
  var texts: [String] { values.map { $0.content.text ?? "" } }
}

/// The matrix of a sweep, and which of its points to run.
struct BoundSweep: Sendable {
  var axes: [SweepAxis]
  /// For each point the index of its value on every axis; the last axis varies fastest.
  var points: [[Int]]
  /// Points of the matrix that are left out, by value index and axis index.
  var exclusions: [[(axis: Int, value: Int)]]

  func values(at point: [Int]) -> [String: NamedValue] {
    Dictionary(uniqueKeysWithValues: zip(axes, point).map { ($0.name, $0.values[$1]) })
  }
}

/// Reading sweeps: which params, which values, which points.
extension Binder {
  /// The sweep of the workflow that is run; nil when nothing is swept, or after reported problems.
  ///
  /// - Parameters:
  ///   - settings: fix params that the file sweeps.
  ///   - sweeps: take the place of the file's axes of the same name, and add to them.
  ///   - draw: a random number.
  func bindSweep(
    of document: WorkflowDocument, settings: [ParameterSetting], sweeps: [SweepSetting], draw: () -> UInt64
  ) -> BoundSweep? {
    let errorsBefore = collector.errorCount
    let fixed = Set(settings.map(\.name))
    var axes: [SweepAxis] = []
    let written = Set(document.sweep?.matrix.map(\.name.value) ?? [])
    for axis in document.sweep?.matrix ?? [] where !fixed.contains(axis.name.value) {
      if let argument = sweeps.last(where: { $0.name == axis.name.value }) {
        if let axis = bind(argument, of: document, draw: draw) { axes.append(axis) }
      } else if let axis = bind(axis, of: document, draw: draw) {
        axes.append(axis)
      }
    }
    for (number, sweep) in sweeps.enumerated() {
      if sweeps[..<number].contains(where: { $0.name == sweep.name }) {
        collector.error(
          "'\(sweep.name)' is swept twice", at: sweep.location, notes: ["give all of its values in one --sweep"])
      } else if let setting = settings.first(where: { $0.name == sweep.name }) {
        collector.error(
          "'\(sweep.name)' is set and swept", at: sweep.location, notes: ["leave out \(setting.location)"])
      } else if !written.contains(sweep.name), let axis = bind(sweep, of: document, draw: draw) {
        axes.append(axis)
      }
    }
    let names = axes.map(\.name)
    let exclusions = (document.sweep?.exclusions ?? []).compactMap { exclusion in
      exclusion.values.contains { fixed.contains($0.name.value) }
        ? nil : bind(exclusion, axes: axes, names: names, of: document)
    }
    guard collector.errorCount == errorsBefore, !axes.isEmpty else { return nil }
    let sweep = BoundSweep(axes: axes, points: points(of: axes, without: exclusions), exclusions: exclusions)
    if sweep.points.isEmpty, collector.errorCount == errorsBefore {
      collector.error("every point of the sweep is excluded", at: document.sweep?.exclusions.first?.location)
    }
    return sweep.points.isEmpty ? nil : sweep
  }

  private func bind(_ axis: SweepDocument.Axis, of document: WorkflowDocument, draw: () -> UInt64) -> SweepAxis? {
    guard let param = param(axis.name.value, of: document, at: axis.name.location), let type = param.type else {
      return nil
    }
    let target = ValueTarget(param, type: type)
    var values: [NamedValue] = []
    switch axis.values {
    case .text(let text):
      let place = PathOrigin.Place.folder(text.location.file.folder)
      values =
        self.values(SweepText(text: text.value, target: target), at: text.location, place: place, draw: draw)
        ?? []
    case .list(let items):
      for item in items {
        if case .one(let literal) = item, type.isNumeric, literal.scalar.text.standsForSeveral {
          let text = SweepText(text: literal.scalar.text, target: target)
          values += self.values(text, besides: values, at: literal.location, draw: draw) ?? []
        } else {
          let (value, _) = namedValue(of: item, for: param, type: type, values: [:])
          if case .known = value.content { values.append(value) }
        }
      }
    }
    return SweepAxis(name: axis.name.value, values: distinct(values, of: param), isArgument: false)
  }

  private func bind(_ sweep: SweepSetting, of document: WorkflowDocument, draw: () -> UInt64) -> SweepAxis? {
    guard let param = param(sweep.name, of: document, at: sweep.location), let type = param.type else { return nil }
    let text = SweepText(text: sweep.text, target: ValueTarget(param, type: type))
    guard let values = values(text, at: sweep.location, draw: draw) else { return nil }
    return SweepAxis(name: sweep.name, values: distinct(values, of: param), isArgument: true)
  }

  /// The values that a text stands for, without those that do not fit; nil when it cannot be read at all.
  ///
  /// - Parameter place: what paths are relative to; the command line when nil.
  private func values(
    _ text: SweepText, besides others: [NamedValue] = [], at location: SourceLocation, place: PathOrigin.Place? = nil,
    draw: () -> UInt64
  ) -> [NamedValue]? {
    let target = text.target
    let values: [SweepText.Value]
    do throws(ValueProblem) {
      values = try text.values(besides: others.compactMap(\.content.text), draw: draw)
    } catch {
      collector.error(error.message, at: location, notes: error.notes.map { $0 })
      return nil
    }
    if values.count == 1, [.string, .path].contains(target.type), text.text.contains(",") {
      collector.warning(
        "the sweep of '\(target.name)' has one value", at: location,
        notes: ["the values of a \(target.type.name) are separated by '|'"])
    }
    return values.compactMap { text in
      if place == nil { warnOfShellWord(in: text.text, of: target, at: location) }
      switch target.read(text.text) {
      case .success(let known):
        var value = NamedValue(type: target.type, content: .known(known), location: location)
        value.isDrawn = text.isDrawn
        if target.type == .path, place != nil, let word = PathText.shellWord(in: text.text) {
          collector.error("'\(text.text)' holds '\(word)', which only a shell replaces", at: location)
          return nil
        }
        if target.type == .path {
          value.origin = PathOrigin(place: place ?? .argument(text.text), literal: documents.ids.next())
        }
        return value
      case .failure(let problem):
        collector.error(problem.message, at: location, notes: problem.notes)
        return nil
      }
    }
  }

  private func param(_ name: String, of document: WorkflowDocument, at location: SourceLocation) -> ParamDocument? {
    let names = document.params.map(\.name.value)
    guard let index = names.firstIndex(of: name) else {
      collector.error(
        "the workflow has no param '\(name)'", at: location,
        notes: [nearestNameNote(to: name, among: names) ?? list("params", names)],
        fix: Fix(replacing: name, by: nearestName(to: name, among: names), at: location))
      return nil
    }
    annotations?.mark(
      Mark(
        .param(document.params[index], value: nil), name, at: location,
        definition: document.params[index].name.location))
    return document.params[index]
  }

  /// Reports values that are there twice.
  private func distinct(_ values: [NamedValue], of param: ParamDocument) -> [NamedValue] {
    var seen: Set<ParameterValue> = []
    for value in values {
      guard case .known(let known) = value.content, !seen.insert(known).inserted else { continue }
      let shown = known.text.isEmpty ? "an empty text" : "'\(shortened(known.text))'"
      collector.error("the sweep of '\(param.name.value)' has \(shown) twice", at: value.location)
    }
    return values
  }

  private func bind(
    _ exclusion: SweepDocument.Exclusion, axes: [SweepAxis], names: [String], of document: WorkflowDocument
  ) -> [(axis: Int, value: Int)]? {
    var bound: [(axis: Int, value: Int)] = []
    for (name, literal) in exclusion.values {
      guard let index = names.firstIndex(of: name.value) else {
        // An axis with a problem of its own is no problem here.
        if document.sweep?.matrix.contains(where: { $0.name.value == name.value }) == true { return nil }
        collector.error(
          "'\(name.value)' is not swept", at: name.location,
          notes: [nearestNameNote(to: name.value, among: names) ?? "swept are \(names.joined(separator: ", "))"],
          fix: Fix(replacing: name.value, by: nearestName(to: name.value, among: names), at: name.location))
        return nil
      }
      guard let param = param(name.value, of: document, at: name.location), let type = param.type,
        case .known(let known) = namedValue(of: literal, for: param, type: type, values: [:]).value.content
      else { return nil }
      guard let value = axes[index].index(of: known) else {
        // The command line may have left the file's values out.
        if axes[index].isArgument { return nil }
        collector.error(
          "no point of the sweep has \(name.value)=\(shortened(known.text))", at: literal.location,
          notes: ["the values of '\(name.value)' are \(axes[index].texts.map(shortened).joined(separator: ", "))"])
        return nil
      }
      bound.append((index, value))
    }
    return bound
  }

  private func points(of axes: [SweepAxis], without exclusions: [[(axis: Int, value: Int)]]) -> [[Int]] {
    var count = 1
    for axis in axes {
      count *= axis.values.count
      guard count <= SweepAxis.maximumPoints else {
        collector.error(
          "the sweep has more than \(SweepAxis.maximumPoints) points", at: axes.first?.values.first?.location,
          notes: ["swept are \(axes.map { "\($0.name) (\($0.values.count) values)" }.joined(separator: ", "))"])
        return []
      }
    }
    var points: [[Int]] = [[]]
    for axis in axes { points = points.flatMap { point in axis.values.indices.map { point + [$0] } } }
    return points.filter { point in
      !exclusions.contains { exclusion in exclusion.allSatisfy { point[$0.axis] == $0.value } }
    }
  }
}

extension String {
  /// Whether a number of a sweep is written as a range or is to be drawn.
  fileprivate var standsForSeveral: Bool { contains("..") || hasPrefix("random") }
}
