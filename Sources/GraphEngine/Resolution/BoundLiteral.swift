import Diagnostics

/// A literal with its names looked up, or a list of them.
enum BoundValue {
  case one(BoundLiteral)
  case list([BoundLiteral])

  /// As a literal's.
  func evaluate(_ registers: [ParameterValue]) -> Result<ParameterValue, ValueProblem> {
    switch self {
    case .one(let literal): return literal.evaluate(registers)
    case .list(let literals):
      do throws(ValueProblem) {
        var items: [ParameterValue] = []
        for literal in literals { items.append(try literal.evaluate(registers).get()) }
        return .success(.list(items))
      } catch {
        return .failure(error)
      }
    }
  }
}

/// A literal with its names looked up: all that is left to know are registers, such as those of loop indices.
struct BoundLiteral {
  enum Piece {
    case text(String)
    case value(BoundExpression, ValueFormat?, SourceLocation)
  }

  let id: DocumentID
  let location: SourceLocation
  let target: ValueTarget
  let pieces: [Piece]
  /// The type of the expression that is the whole text, if one is.
  let wholeType: ValueType?
  /// For paths: what they are relative to.
  let origin: PathOrigin
  /// Where the value of a whole-text name is written, if elsewhere.
  let valueLocation: SourceLocation?

  var isConstant: Bool {
    pieces.allSatisfy { piece in
      if case .value(let expression, _, _) = piece { expression.isConstant } else { true }
    }
  }

  /// The value as the target takes it; `registers` holds the loop indices.
  func evaluate(_ registers: [ParameterValue]) -> Result<ParameterValue, ValueProblem> {
    do throws(ValueProblem) {
      let value: ParameterValue
      if wholeType != nil, case .value(let expression, _, let place) = pieces.first {
        value = try target.convert(try evaluate(expression, registers, at: place)).get()
      } else {
        value = try target.read(try text(registers)).get()
      }
      if target.type == .path, case .folder = origin.place, let word = PathText.shellWord(in: value.text) {
        throw ValueProblem(
          "'\(value.text)' holds '\(word)', which only a shell replaces",
          notes: [
            "a file means the same whoever runs it: write a path relative to the file, or give it with --set, where the "
              + "shell replaces it"
          ])
      }
      guard let role = target.role, case .string(let path) = value else { return .success(value) }
      return .success(.path(try located(path, role: role)))
    } catch {
      return .failure(error)
    }
  }

  /// Whether a constant path is absolute by itself and not by its folder.
  var isAbsolutePath: Bool { (try? text([]))?.hasPrefix("/") ?? false }

  private func text(_ registers: [ParameterValue]) throws(ValueProblem) -> String {
    var text = ""
    for piece in pieces {
      switch piece {
      case .text(let part): text += part
      case .value(let expression, let format, let place):
        let value = try evaluate(expression, registers, at: place)
        text += format?.text(of: value) ?? value.text
      }
    }
    return text
  }

  private func evaluate(
    _ expression: BoundExpression, _ registers: [ParameterValue], at place: SourceLocation
  ) throws(ValueProblem) -> ParameterValue {
    do throws(ValueProblem) {
      return try expression.evaluate(registers)
    } catch {
      var problem = error
      problem.location = place
      throw problem
    }
  }

  /// A path as the process can open it.
  private func located(_ path: String, role: PathRole) throws(ValueProblem) -> String {
    guard !path.isEmpty else { throw ValueProblem("'\(target.name)' takes a path, not an empty text") }
    guard !path.utf8.contains(0) else { throw ValueProblem("'\(target.name)' takes a path, which has no NUL in it") }
    switch (role, origin.place) {
    case (.read, _): return PathText.join(origin.folder, path)
    case (.write, .argument(let given)):
      // The file may go on where the command line's path ends, but not climb out of it.
      guard PathText.climbCount(path) == PathText.climbCount(given) else {
        throw ValueProblem("'\(path)' has '..' after a path of the command line")
      }
      return PathText.normalized(path)
    case (.write, .folder):
      guard !PathText.leavesWorkingDirectory(path) else {
        throw ValueProblem(
          "'\(path)' leaves the working directory",
          notes: ["a file writes inside the working directory only; a path given with --set may lead anywhere"])
      }
      return PathText.normalized(path)
    }
  }
}
