import Foundation
import JSONTree

/// Switches and values: what is decided when a workflow is read.
extension ComfyClass {
  static let values: [(String, ComfyClass)] = [
    ("PrimitiveInt", ComfyClass("Int", "value+", .folded { [$0["value"]] })),
    ("PrimitiveFloat", ComfyClass("Float", "value", .folded { [$0["value"]] })),
    ("PrimitiveString", ComfyClass("String", "value", .folded { [$0["value"]] })),
    ("PrimitiveStringMultiline", ComfyClass("String (Multiline)", "value", .folded { [$0["value"]] })),
    ("PrimitiveBoolean", ComfyClass("Boolean", "value", .folded { [$0["value"]] })),
    ("ComfySwitchNode", ComfyClass("Switch", "switch", .folded(switched))),
    ("ComfySoftSwitchNode", ComfyClass("Soft Switch", "switch", .folded(switched))),
    (
      "InvertBooleanNode",
      ComfyClass(
        "Invert Boolean", "boolean",
        .folded { inputs in
          inputs.flag("boolean").map { [.flag(!$0)] }
        })
    ),
    ("Reroute", ComfyClass("Reroute", "", .folded { inputs in [inputs[""] ?? inputs["input"] ?? inputs.first] })),
    (
      "StringConcatenate",
      ComfyClass(
        "Concatenate", "string_a string_b delimiter",
        .folded { inputs in
          guard let a = inputs.text("string_a"), let b = inputs.text("string_b") else { return nil }
          return [.text(a + (inputs.text("delimiter") ?? "") + b)]
        })
    ),
    (
      "StringReplace",
      ComfyClass(
        "Replace", "string find replace",
        .folded { inputs in
          guard let text = inputs.text("string"), let find = inputs.text("find"), let new = inputs.text("replace")
          else {
            return nil
          }
          let growth = find.isEmpty ? 0 : text.utf8.count / find.utf8.count * new.utf8.count
          guard growth <= ComfyGraph.textLimit else { return nil }
          return [.text(find.isEmpty ? text : text.replacing(find, with: new))]
        })
    ),
    ("StringTrim", ComfyClass("Trim", "string mode", .folded(trimmed))),
    (
      "StringLength",
      ComfyClass(
        "Length", "string",
        .folded { inputs in
          inputs.text("string").map { [.integer($0.unicodeScalars.count)] }
        })
    ),
    ("ComfyNumberConvert", ComfyClass("Convert Number", "", .folded(converted))),
    ("ComfyMathExpression", ComfyClass("Math Expression", "expression", .folded(computed))),
    (
      "CustomCombo",
      ComfyClass(
        "Custom Combo", "choice index",
        .folded { inputs in
          inputs["choice"].map { [$0, inputs["index"]] }
        })
    ),
    ("ResolutionSelector", ComfyClass("Resolution Selector", "aspect_ratio megapixels multiple", .folded(resolution))),
    ("PreviewAny", ComfyClass("Preview as Text", "", .folded { inputs in [inputs["source"]] })),
  ]

  /// The input that the switch chooses; nil where that is decided while the workflow runs.
  private static func switched(_ inputs: FoldedInputs) -> [ComfyValue?]? {
    inputs.flag("switch").map { [inputs[$0 ? "on_true" : "on_false"]] }
  }

  private static func trimmed(_ inputs: FoldedInputs) -> [ComfyValue?]? {
    guard var text = inputs.text("string").map({ $0[...] }) else { return nil }
    let mode = inputs.text("mode") ?? "Both"
    if mode != "Right" { text = text.drop(while: \.isWhitespace) }
    if mode != "Left" { while text.last?.isWhitespace == true { text.removeLast() } }
    return [.text(String(text))]
  }

  /// A float and an int, cut towards zero as Python's `int` does.
  private static func converted(_ inputs: FoldedInputs) -> [ComfyValue?]? {
    let number =
      inputs.text("value").flatMap { Double($0.trimmingCharacters(in: .whitespaces)) } ?? inputs.number("value")
    guard let number, number.isFinite, number.magnitude < 0x1p63 else { return nil }
    return [.float(number), .integer(Int(number))]
  }

  /// A float, an int and a boolean.
  private static func computed(_ inputs: FoldedInputs) -> [ComfyValue?]? {
    guard let text = inputs.text("expression"),
      let number = MathExpression.value(of: text, names: inputs.numbers(after: "values.")),
      number.isFinite, number.magnitude < 0x1p63
    else { return nil }
    return [.float(number), .integer(Int(number)), .flag(number != 0)]
  }

  /// Sides of a ratio with so many pixels, each the nearest multiple.
  private static func resolution(_ inputs: FoldedInputs) -> [ComfyValue?]? {
    guard let ratio = inputs.text("aspect_ratio")?.split(separator: " ").first, let pixels = inputs.number("megapixels")
    else { return nil }
    let sides = ratio.split(separator: ":").compactMap { Double($0) }
    let multiple = inputs.number("multiple") ?? 8
    guard sides.count == 2, sides.allSatisfy({ $0 > 0 }), multiple >= 1, pixels > 0 else { return nil }
    let scale = (pixels * 1024 * 1024 / (sides[0] * sides[1])).squareRoot()
    return sides.map { side in
      let count = (side * scale / multiple).rounded(.toNearestOrEven) * multiple
      return count.magnitude < 0x1p31 ? .integer(Int(count)) : nil
    }
  }
}

extension ComfyValue {
  static func integer(_ number: Int) -> ComfyValue { .number(JSONNumber(text: "\(number)")) }
  static func float(_ number: Double) -> ComfyValue { .number(JSONNumber(text: "\(number)")) }
}
