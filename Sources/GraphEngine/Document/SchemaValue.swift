/// A JSON value that keeps the order of its members, as a schema is written for people too.
enum SchemaValue: Sendable {
  case string(String)
  case number(Double)
  case bool(Bool)
  case array([SchemaValue])
  case object([(key: String, value: SchemaValue)])

  /// The value as indented JSON.
  var text: String {
    var json = JSONText()
    write(to: &json, indent: 0)
    return json.string
  }

  private func write(to json: inout JSONText, indent: Int) {
    let margin = "\n" + String(repeating: " ", count: indent + 2)
    let end = "\n" + String(repeating: " ", count: indent)
    switch self {
    case .string(let text): json.append(text)
    case .number(let number): json.append(raw: ParameterValue.float(number).text)
    case .bool(let flag): json.append(flag)
    case .array(let items):
      json.append(raw: "[")
      for (number, item) in items.enumerated() {
        json.append(raw: number > 0 ? ", " : "")
        item.write(to: &json, indent: indent)
      }
      json.append(raw: "]")
    case .object(let members) where members.isEmpty: json.append(raw: "{}")
    case .object(let members):
      json.append(raw: "{")
      for (number, member) in members.enumerated() {
        json.append(raw: (number > 0 ? "," : "") + margin)
        json.append(member.key)
        json.append(raw: ": ")
        member.value.write(to: &json, indent: indent + 2)
      }
      json.append(raw: end + "}")
    }
  }

  /// This object with further members.
  func adding(_ members: SchemaValue) -> SchemaValue {
    guard case .object(let own) = self, case .object(let more) = members else { return self }
    return .object(own + more)
  }
}

extension SchemaValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
  init(stringLiteral text: String) { self = .string(text) }
  init(booleanLiteral flag: Bool) { self = .bool(flag) }
  init(integerLiteral number: Int) { self = .number(Double(number)) }
}

extension SchemaValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  init(arrayLiteral items: SchemaValue...) { self = .array(items) }
  init(dictionaryLiteral members: (String, SchemaValue)...) { self = .object(members.map { ($0, $1) }) }
}
