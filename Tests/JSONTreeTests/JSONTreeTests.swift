import Diagnostics
import JSONTree
import Testing

struct JSONTreeTests {
  private func parse(_ text: String, limits: JSONLimits = JSONLimits()) -> (node: JSONNode?, messages: String) {
    let collector = DiagnosticCollector()
    let node = SourceFile(path: "a.json", text: text).parseJSON(limits: limits, into: collector)
    return (node, render(collector.sorted, color: false))
  }

  @Test func valuesKeepWhatIsWrittenAndWhere() throws {
    let (node, messages) = parse("{\"é\": [1, -2.50e1, true, null],\r\n \"b\": {\"c\": \"x\"}}")
    #expect(messages == "")
    let root = try #require(node)
    let items = try #require(root["é"]?.array)
    #expect(items[0].number?.integer == 1)
    #expect(items[1].number?.text == "-2.50e1" && items[1].number?.double == -25 && items[1].number?.integer == -25)
    #expect(items[2].bool == true && items[3].isNull)
    #expect(items[1].location.description == "a.json:1:11")
    #expect(root["b"]?["c"]?.string == "x" && root["b"]?["c"]?.location.description == "a.json:2:13")
    #expect(root["nothing"] == nil && root["b"]?["c"]?["d"] == nil)
  }

  @Test(arguments: [
    ("18446744073709551615", Int128(UInt64.max)), ("18446744073709551616", nil),
    ("-9223372036854775808", Int128(Int64.min)),
    ("20.0", 20), ("2e1", 20), ("1e400", nil), ("0.5", nil), ("NaN", nil), ("9007199254740993.0", nil),
  ])
  func integersAreExactOrNone(_ text: String, _ value: Int128?) throws {
    #expect(try #require(parse(text).node?.number).integer == value)
  }

  @Test func escapesAreCharacters() {
    #expect(parse(#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#).node?.string == "a\"\\/\u{8}\u{c}\n\r\té😀")
    #expect(parse("\"é😀\"").node?.string == "é😀")
  }

  @Test(arguments: [
    ("", "a.json:1:1: error: the file is empty\n  1 | \n    | ^\n"),
    (
      "{\"a\": 1,}",
      "a.json:1:9: error: this is not valid JSON: a key in double quotes was expected\n  1 | {\"a\": 1,}\n    |         ^\n    = JSON takes no comma before the closing bracket\n"
    ),
    (
      "[1,\n]",
      "a.json:2:1: error: this is not valid JSON: a value was expected\n  2 | ]\n    | ^\n    = JSON takes no comma before the closing bracket\n"
    ),
    (
      "[True]",
      "a.json:1:2: error: this is not valid JSON: 'True' is no value\n  1 | [True]\n    |  ^\n    = did you mean 'true'?\n"
    ),
    ("[1 2]", "a.json:1:4: error: this is not valid JSON: ',' or ']' was expected\n  1 | [1 2]\n    |    ^\n"),
    (
      "{\"a\" 1}",
      "a.json:1:6: error: this is not valid JSON: ':' was expected after a key\n  1 | {\"a\" 1}\n    |      ^\n"
    ),
    ("[1", "a.json:1:3: error: this is not valid JSON: the file ends before a ']'\n  1 | [1\n    |   ^\n"),
    ("\"ab", "a.json:1:4: error: this is not valid JSON: the file ends within a text\n  1 | \"ab\n    |    ^\n"),
    (
      "01",
      "a.json:1:1: error: this is not valid JSON: a number does not begin with 0 and another digit\n  1 | 01\n    | ^\n"
    ),
    ("-", "a.json:1:2: error: this is not valid JSON: a digit was expected\n  1 | -\n    |  ^\n"),
    (
      "1 1",
      "a.json:1:3: error: this is not valid JSON: nothing was expected after the end of the document\n  1 | 1 1\n    |   ^\n"
    ),
    (
      #""\ud83d""#,
      "a.json:1:2: error: this is not valid JSON: half of a pair of escapes, such as \\ud83d\\ude00, stands alone\n  1 | \"\\ud83d\"\n    |  ^\n"
    ),
    (
      #""C:\models""#,
      "a.json:1:4: error: this is not valid JSON: there is no such escape\n  1 | \"C:\\models\"\n    |    ^\n    = a backslash in a text is written twice\n"
    ),
  ])
  func whatIsNoJSONIsToldWhereItIs(_ text: String, _ message: String) {
    let (node, messages) = parse(text)
    #expect(node == nil)
    #expect(messages == message)
  }

  @Test func aKeyIsWrittenOnce() {
    let (node, messages) = parse(#"{"a": 1, "a": 2}"#)
    #expect(node?["a"]?.number?.integer == 1)
    #expect(
      messages
        == "a.json:1:10: error: the key 'a' is written twice\n  1 | {\"a\": 1, \"a\": 2}\n    |          ^\n    = first at a.json:1:2\n"
    )
  }

  @Test func boundsHold() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(parse(deep).messages.hasPrefix("a.json:1:65: error: values are nested more than 64 deep\n"))
    var limits = JSONLimits()
    limits.values = 3
    #expect(parse("[1,2,3]", limits: limits).messages.hasPrefix("a.json:1:6: error: the file has more than 3 values\n"))
    limits.bytes = 3
    #expect(
      parse("[1,2]", limits: limits).messages.hasPrefix("a.json:1:1: error: the file is larger than 3 bytes, the limit")
    )
  }
}
