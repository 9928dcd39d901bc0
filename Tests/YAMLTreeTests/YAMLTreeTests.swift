import Diagnostics
import Testing
import YAMLTree

/// A tree as one line: texts quoted, lists in brackets, mappings in braces.
private func outline(_ node: YAMLNode) -> String {
  switch node.content {
  case .scalar(let scalar): (scalar.isPlain ? "" : "'") + scalar.text + (scalar.isPlain ? "" : "'")
  case .sequence(let items): "[" + items.map(outline).joined(separator: ", ") + "]"
  case .mapping(let mapping):
    "{" + mapping.entries.map { "\($0.key.value): \(outline($0.value))" }.joined(separator: ", ") + "}"
  }
}

private func parse(_ text: String, limits: YAMLLimits = YAMLLimits()) -> (tree: YAMLNode?, problems: [String]) {
  let collector = DiagnosticCollector()
  let tree = SourceFile(path: "g.yaml", text: text).parseYAML(limits: limits, into: collector)
  let problems = collector.sorted.map { diagnostic in
    let place = diagnostic.location.map { "\($0.line):\($0.column): " } ?? ""
    return place + ([diagnostic.message] + diagnostic.notes).joined(separator: "; ")
  }
  return (tree, problems)
}

struct YAMLTreeTests {
  @Test func readsWithoutGuessingTypes() throws {
    let (tree, problems) = parse("a: no\nb: [1, '2', ~, 0x10]\nc: {d: , e: \"\"}\nf: |\n  two\n  lines\n")
    #expect(problems.isEmpty)
    #expect(outline(try #require(tree)) == "{a: no, b: [1, '2', ~, 0x10], c: {d: , e: ''}, f: 'two\nlines\n'}")
  }

  @Test func marksBecomeLineAndColumn() throws {
    let text = "# 苹果\r\na: {苹: b}\rc:\n  - 'x\u{85}y'\n  - z\n"
    let root = try #require(parse(text).tree)
    let mapping = try #require(root.mapping)
    #expect(root.location.description == "g.yaml:2:1")
    #expect(mapping["a"]?.location.description == "g.yaml:2:4")
    #expect(mapping["a"]?.mapping?["苹"]?.location.description == "g.yaml:2:8")
    #expect(mapping.entries[1].key.location.description == "g.yaml:3:1")
    #expect(mapping["c"]?.sequence?[1].location.description == "g.yaml:5:5")
  }

  /// What `json.dumps` of Python writes for characters beyond U+FFFF, and only in double quotes.
  @Test(arguments: [
    (#"{"a": "\ud83d\ude00"}"#, "{a: '😀'}"),
    (
      #"{"a": "x\"\ud83d\uDE00y", "\uD83C\uDF4E": [1, true, null, "\ud834\udd1e\ud834\udd1e"], "b": 2}"#,
      #"{a: 'x"😀y', 🍎: [1, true, null, '𝄞𝄞'], b: 2}"#
    ),
    (
      [#"a: "\ud83d\ude00""#, #"b: '\ud83d\ude00'"#, #"c: \ud83d\ude00"#, #"d: ["x", "\ud83d\ude00"]"#]
        .joined(separator: "\n"), #"{a: '😀', b: '\ud83d\ude00', c: \ud83d\ude00, d: ['x', '😀']}"#
    ),
    (#"a: "\\ud83d\\ude00 \U0001f34e \u00e9""#, #"{a: '\ud83d\ude00 🍎 é'}"#),
    (#"- "\ud83d\ude00""# + "\n" + #"- true "\ud83d\ude00""#, #"['😀', true "\ud83d\ude00"]"#),
  ])
  func surrogatePairsAreOneCharacter(_ text: String, _ expected: String) throws {
    let (tree, problems) = parse(text)
    #expect(problems.isEmpty)
    #expect(tree.map(outline) == expected)
  }

  @Test func placesAreThoseOfTheFileBehindSurrogatePairs() throws {
    let text = #"{"\ud83d\ude00": "\ud83d\ude00\ud83d\ude00", "b": [1,"#
    #expect(parse(text + " 2]}").tree?.mapping?["b"]?.sequence?[1].location.column == text.count + 2)
    #expect(parse(text + "\n2]} }").problems.first?.hasPrefix("2:5: ") == true)
  }

  @Test(arguments: [
    #"{"a": "\ud83d"}"#, #"{"a": "\ude00\ud83d"}"#, #"{"a": "\ud83d\ude0"}"#, #"{"a": "\ud83d\n\ude00"}"#,
  ])
  func halfASurrogatePairIsAnError(_ text: String) {
    #expect(parse(text).problems.first?.hasPrefix("1:") == true)
  }

  /// One text after another that libyaml refuses, in time n log n where they follow each other as in JSON.
  @Test func manySurrogatePairs() throws {
    let text = "[" + String(repeating: #"{"a": "\ud83d\ude00", "b": -1.5e3},"#, count: 3000) + "0]"
    #expect(parse(text).tree?.sequence?.count == 3001)
  }

  @Test func mappingsKnowTheirStyle() throws {
    let mapping = try #require(parse("a: {b: c}").tree?.mapping)
    #expect(!mapping.isFlow)
    #expect(mapping["a"]?.mapping?.isFlow == true)
  }

  @Test func aliasesRepeatWhatTheyName() throws {
    let (tree, problems) = parse("x-a: &t {p: 1}\nb: *t\nc: [*t, *t]\n")
    #expect(problems.isEmpty)
    #expect(outline(try #require(tree)) == "{x-a: {p: 1}, b: {p: 1}, c: [{p: 1}, {p: 1}]}")
    #expect(tree?.mapping?["b"]?.location.line == 1)
  }

  @Test(arguments: [
    ("a: 1\nb: 2\na: 3\n", "3:1: the key 'a' is written twice; first at g.yaml:1:1"),
    (
      "a: &m {b: 1}\nc: {<<: *m}\n",
      "2:5: the merge key '<<' is not supported; write the keys out, or use a whole value again with an alias"
    ),
    ("a: 1\n---\nb: 2\n", "2:1: a file holds one YAML document, but a second one starts here"),
    (
      "a: !!int 3\n",
      "1:4: the tag '!!int' is not supported; types are declared by ports and params, so no tag is needed"
    ),
    (
      "a: !!map {}\n",
      "1:4: the tag '!!map' is not supported; types are declared by ports and params, so no tag is needed"
    ),
    ("a: !x 3\n", "1:4: the tag '!x' is not supported; types are declared by ports and params, so no tag is needed"),
    ("? [a]\n: 1\n", "1:3: a key must be a text, not a list"),
    ("", "1:1: the file is empty"),
    ("# only a comment\n", "1:1: the file is empty"),
    ("a: &x [*x]\n", "1:8: the alias '*x' stands inside what it names"),
    ("a: &model 1\nb: *modle\n", "2:4: there is no anchor '&modle' before this alias; did you mean 'model'?"),
    ("a: \u{7}\n", "1:4: the control character U+0007 can't stand in a YAML file"),
    ("a: x\u{FEFF}\n", "1:5: the control character U+FEFF can't stand in a YAML file"),
    (
      "a: {b: 1\nc: 2\n",
      "2:2: this is not valid YAML: did not find expected ',' or '}'; while parsing a flow mapping that starts at "
        + "g.yaml:1:4; a bracket or brace is not closed, or a text with one of ',[]{}' in it needs quotes"
    ),
    (
      "a: b: c\n",
      "1:5: this is not valid YAML: mapping values are not allowed in this context; a text with ': ' in it needs quotes"
    ),
    (
      "a:\n\tb: 1\n",
      "2:1: this is not valid YAML: found character that cannot start any token; while scanning for the next token "
        + "that starts at g.yaml:2:1; indent with blanks, not tabs; a text that starts with '@', '%' or a backquote "
        + "needs quotes"
    ),
  ])
  func refuses(_ text: String, _ problem: String) { #expect(parse(text).problems == [problem]) }

  @Test func theStringTagAndCommentsAreFine() {
    #expect(parse("a: !!str 3 # three\n").problems.isEmpty)
  }

  @Test func goesOnAfterProblemsThatAllowIt() throws {
    let (tree, problems) = parse("a: !x 1\na: 2\nb: {<<: c, d: 1}\n")
    #expect(problems.count == 3)
    #expect(outline(try #require(tree)) == "{a: 1, b: {d: 1}}")
  }

  @Test func keepsLimits() {
    var limits = YAMLLimits()
    limits.depth = 3
    #expect(parse("a: {b: 1}", limits: limits).problems.isEmpty)
    #expect(parse("a: {b: {c: 1}}", limits: limits).problems == ["1:9: values are nested more than 3 deep"])
    #expect(
      parse("a: &x {b: 1}\nc: {d: *x}", limits: limits).problems == ["2:8: values are nested more than 3 deep"])
    limits = YAMLLimits()
    limits.aliases = 2
    #expect(parse("a: &x 1\nb: [*x, *x, *x]", limits: limits).problems == ["2:13: the file has more than 2 aliases"])
    limits = YAMLLimits()
    limits.nodes = 6
    #expect(
      parse("a: &x [1, 2]\nb: *x", limits: limits).problems == [
        "2:4: the file has more than 6 values, aliases expanded"
      ])
    limits.nodes = 7
    #expect(parse("a: &x [1, 2]\nb: *x", limits: limits).problems.isEmpty)
  }

  @Test func manyLaughsEndSoon() {
    var text = "x0: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    for i in 1...9 { text += "x\(i): &x\(i) [\((0..<10).map { _ in "*x\(i - 1)" }.joined(separator: ", "))]\n" }
    #expect(parse(text).problems.count == 1)
  }

  @Test func deepNestingEndsSoon() {
    #expect(parse(String(repeating: "[", count: 500_000)).problems.count == 1)
    #expect(parse(String(repeating: "- ", count: 100_000)).problems == ["1:129: values are nested more than 64 deep"])
  }
}

struct SourceFileReadingTests {
  private func problem(_ bytes: [UInt8]) -> String? {
    do throws(DiagnosticList) {
      _ = try SourceFile(path: "g.yaml", bytes: bytes)
      return nil
    } catch {
      return error.diagnostics.map { ([$0.message] + $0.notes).joined(separator: "; ") }.joined()
    }
  }

  @Test func textIsUTF8() throws {
    #expect(try SourceFile(path: "g.yaml", bytes: [0xEF, 0xBB, 0xBF, 0x61]).text == "a")
    #expect(problem([0x61, 0xFF]) == "'g.yaml' is not UTF-8 text")
    #expect(problem([0xFF, 0xFE, 0x61, 0]) == "'g.yaml' is not UTF-8 text; it looks like UTF-16: save it as UTF-8")
  }

  @Test func unreadableFilesSayWhy() {
    func problem(_ path: String) -> String? {
      do throws(DiagnosticList) {
        _ = try SourceFile.read(path)
        return nil
      } catch {
        return error.diagnostics.first?.message
      }
    }
    #expect(problem("/no/such/file.yaml") == "cannot read '/no/such/file.yaml': there is no such file")
    #expect(problem("/") == "cannot read '/': it is a folder")
    #expect(problem("/dev/zero") == "'/dev/zero' is larger than 1048576 bytes, the limit for a workflow file")
  }
}
