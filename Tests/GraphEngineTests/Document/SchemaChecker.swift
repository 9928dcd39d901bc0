import Diagnostics
import Foundation
import YAMLTree

/// A YAML text as an editor sees it: plain scalars have the types of YAML 1.2's core schema.
func editorValue(_ text: String) throws -> Any {
  let collector = DiagnosticCollector()
  guard let tree = SourceFile(path: "g.yaml", text: text).parseYAML(into: collector) else {
    throw DiagnosticList(collector.sorted)
  }
  return editorValue(tree)
}

private func editorValue(_ node: YAMLNode) -> Any {
  switch node.content {
  case .sequence(let items): return items.map { editorValue($0) }
  case .mapping(let mapping):
    return Dictionary(uniqueKeysWithValues: mapping.entries.map { ($0.key.value, editorValue($0.value)) })
  case .scalar(let scalar):
    guard scalar.isPlain else { return scalar.text }
    switch scalar.text {
    case "", "~", "null": return NSNull()
    case "true": return true
    case "false": return false
    default: return Int(scalar.text) ?? Double(scalar.text).flatMap { $0.isFinite ? $0 : nil } ?? scalar.text
    }
  }
}

/// The part of JSON Schema draft-07 that the schema of workflows uses.
struct SchemaChecker {
  private let root: [String: Any]

  init(_ text: String) throws {
    root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
  }

  func accepts(_ value: Any) throws -> Bool { try accepts(value, root) }

  private struct UnknownKeyword: Error { var name: String }

  private func accepts(_ value: Any, _ schema: Any) throws -> Bool {
    if let flag = schema as? Bool { return flag }
    guard let schema = schema as? [String: Any] else { throw UnknownKeyword(name: "\(schema)") }
    if let reference = schema["$ref"] as? String {
      let name = reference.replacing("#/definitions/", with: "").replacing("%20", with: " ")
      guard let target = (root["definitions"] as? [String: Any])?[name] else { throw UnknownKeyword(name: reference) }
      return try accepts(value, target)
    }
    return try schema.allSatisfy { try holds($0.key, $0.value, of: schema, for: value) }
  }

  private func holds(_ keyword: String, _ rule: Any, of schema: [String: Any], for value: Any) throws -> Bool {
    let object = value as? [String: Any]
    let rules = rule as? [Any] ?? []
    let named = rule as? [String: Any] ?? [:]
    switch keyword {
    case "$schema", "title", "description", "definitions", "then", "else", "patternProperties": return true
    case "type": return (rule as? [String] ?? [rule as? String ?? ""]).contains { isOf($0, value) }
    case "enum": return rules.contains { isSame($0, value) }
    case "const": return isSame(rule, value)
    case "pattern":
      guard let text = value as? String, let pattern = rule as? String else { return true }
      return text.firstMatch(of: try Regex(pattern)) != nil
    case "minLength": return (value as? String).map { $0.count >= rule as? Int ?? 0 } ?? true
    case "minimum": return number(value).map { $0 >= rule as? Double ?? 0 } ?? true
    case "maximum": return number(value).map { $0 <= rule as? Double ?? 0 } ?? true
    case "minItems": return (value as? [Any]).map { $0.count >= rule as? Int ?? 0 } ?? true
    case "minProperties": return object.map { $0.count >= rule as? Int ?? 0 } ?? true
    case "items": return try (value as? [Any])?.allSatisfy { try accepts($0, rule) } ?? true
    case "required": return object.map { object in rules.allSatisfy { object[$0 as? String ?? ""] != nil } } ?? true
    case "properties":
      return try object?.allSatisfy { key, value in try named[key].map { try accepts(value, $0) } ?? true } ?? true
    case "propertyNames": return try object?.keys.allSatisfy { try accepts($0, rule) } ?? true
    case "additionalProperties":
      let known = schema["properties"] as? [String: Any] ?? [:]
      let patterns = schema["patternProperties"] as? [String: Any] ?? [:]
      return try object?.allSatisfy { key, value in
        if known[key] != nil { return true }
        if try patterns.keys.contains(where: { key.firstMatch(of: try Regex($0)) != nil }) { return true }
        return try accepts(value, rule)
      } ?? true
    case "allOf": return try rules.allSatisfy { try accepts(value, $0) }
    case "anyOf": return try rules.contains { try accepts(value, $0) }
    case "oneOf": return try rules.filter { try accepts(value, $0) }.count == 1
    case "not": return try !accepts(value, rule)
    case "if": return try accepts(value, schema[try accepts(value, rule) ? "then" : "else"] ?? true)
    default: throw UnknownKeyword(name: keyword)
    }
  }

  private func isOf(_ type: String, _ value: Any) -> Bool {
    switch type {
    case "object": value is [String: Any]
    case "array": value is [Any]
    case "string": value is String
    case "null": value is NSNull
    case "boolean": isBool(value)
    case "integer": number(value).map { $0 == $0.rounded() } ?? false
    case "number": number(value) != nil
    default: false
    }
  }

  private func isSame(_ left: Any, _ right: Any) -> Bool {
    if let left = left as? String { return left == right as? String }
    if let left = left as? [Any], let right = right as? [Any] {
      return left.count == right.count && zip(left, right).allSatisfy { isSame($0, $1) }
    }
    return number(left) != nil && number(left) == number(right)
  }

  private func isBool(_ value: Any) -> Bool {
    // JSONSerialization's numbers also pass for Bool, and its truth values for numbers.
    (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? (type(of: value) == Bool.self)
  }

  private func number(_ value: Any) -> Double? {
    if isBool(value) || value is String { return nil }
    return (value as? NSNumber)?.doubleValue ?? (value as? Int).map(Double.init) ?? value as? Double
  }
}
