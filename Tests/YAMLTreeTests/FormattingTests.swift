import Diagnostics
import Testing
import YAMLTree

private func formatted(_ text: String) throws -> String {
  try SourceFile(path: "g.yaml", text: text).formattedYAML { path, _ in
    path == ["params"] ? .declarations : path == ["nodes"] ? .values : .byHand
  }
}

struct FormattingTests {
  @Test(arguments: [
    // Blanks, indentation and line ends.
    ("a:   1\r\nb:\r\n    c: {x:1,  y : 2 ,z: [ 1,2 ]}   \r\n", "a: 1\nb:\n  c: {x:1, y: 2, z: [1, 2]}\n"),
    ("a:\n- b\n-   c:  d\n    e: f\n- - g\n  -  h\n", "a:\n  - b\n  - c: d\n    e: f\n  - - g\n    - h\n"),
    ("a:\n  {b: c}\nd:\n  e", "a: {b: c}\nd: e\n"),
    ("\n\na: 1\n\n\n\nb: 2\n\n", "a: 1\n\nb: 2\n"),
    // Quotes where both kinds would do.
    (
      "a: 'b'\nc: 'it''s'\nd: 'x\"y'\ne: '\\d'\n'f': \"\"\n", "a: \"b\"\nc: 'it''s'\nd: 'x\"y'\ne: '\\d'\n\"f\": \"\"\n"
    ),
    // Comments.
    ("#a\na: 1 # b\n    # c\nb: # d\n  c: 2\n  # e\n# f\n", "#a\na: 1   # b\n# c\nb:   # d\n  c: 2\n  # e\n# f\n"),
    (
      "a: # x\n  # y\n  1\nb: {c: 1, # z\n  d: 2 # w\n  }\n",
      "a:   # x\n  # y\n  1\nb: {c: 1,   # z\n  d: 2   # w\n}\n"
    ),
    ("- # v\n  - a\n-\n  # w\n  b: c\n", "-   # v\n  - a\n-\n  # w\n  b: c\n"),
    ("a:\n    b: 1\n    # of a\n  # of the file\nc: 2\n", "a:\n  b: 1\n  # of a\n# of the file\nc: 2\n"),
    // Columns of comments that were made by hand, with lines between that have none.
    ("ab: 1  # x\nc: 2\nd: 3   # y\n", "ab: 1  # x\nc: 2\nd: 3   # y\n"),
    ("a: 1 # x\nbb: 2 # y\n", "a: 1   # x\nbb: 2   # y\n"),
    // Texts.
    (
      "a: >-  # c\n      x\n        y\n\n      z\n\n\nb: |2+\n   q\n\n",
      "a: >-   # c\n  x\n    y\n\n  z\n\nb: |2+\n   q\n\n"
    ),
    ("a:\n    b: c\n     d\n\n     e\n", "a:\n  b: c\n    d\n\n    e\n"),
    ("a: \"b\\\n     c \\ \n    d\"\n", "a: \"b\\\n  c \\ \n  d\"\n"),
    ("a: |\n  x", "a: |\n  x"),
    // Braces over several lines.
    ("a: {b: 1,\n c: [2,\n 3],\n d: 4\n}\n", "a: {b: 1,\n  c: [2,\n    3],\n  d: 4\n}\n"),
    ("{\"a\": {\n\"b\": [\n1\n]\n}}\n", "{\"a\": {\n  \"b\": [\n    1\n  ]\n}}\n"),
    // Anchors, aliases, tags, what is empty, explicit keys, markers.
    ("a: &x   b\n*x : {*x : &y  c, ? d : e, &z f: g}\n", "a: &x b\n*x : {*x : &y c, d: e, &z f: g}\n"),
    ("a: &x   {b: 1}\nc:  *x\nd: &y\n   e: !!str  f\n", "a: &x {b: 1}\nc: *x\nd: &y\n  e: !!str f\n"),
    ("a:\nb: ~\nc: {d: , e}\nf: [g: h, i: ]\n", "a:\nb: ~\nc: {d, e}\nf: [g: h, i: ]\n"),
    ("? a\n:  b\n", "a: b\n"),
    ("%YAML 1.1\n# c\n---\na:  1\n...\n# d\n", "%YAML 1.1\n# c\n---\na: 1\n...\n# d\n"),
  ])
  func givesOneStyle(_ text: String, _ expected: String) throws {
    #expect(try formatted(text) == expected)
    #expect(try formatted(expected) == expected)
  }

  @Test(arguments: [
    "x-a:\n  &v   # t\n  1\n", "stepgraph: &v\n  # own\n  1\n", "k: &m\n  # own\n  {type: int}\n",
  ])
  func commentsBehindAnchorsStayWhereTheyWerePut(_ text: String) throws {
    let once = try formatted(text)
    #expect(try formatted(once) == once)
    #expect(once.contains("# ") && once.contains("&"))
  }

  @Test func tablesHaveColumns() throws {
    let text = """
      params:
        a: {type: int, default: 1, min: 0}
        name: {type: string, default: x}
        # a comment parts no table
        b: {type: path}

        longer: {type: choice, default: x}
      nodes:
        x: {node: A, in: {a: b}}
        block:
          node: B
        longest: {node: LongName, in: {a: b}}
      other:
        x: 1
        long: 2
      """
    #expect(
      try formatted(text) == """
        params:
          a:    {type: int,    default: 1, min: 0}
          name: {type: string, default: x}
          # a comment parts no table
          b:    {type: path}

          longer: {type: choice, default: x}
        nodes:
          x:       {node: A, in: {a: b}}
          block:
            node: B
          longest: {node: LongName, in: {a: b}}
        other:
          x: 1
          long: 2

        """)
  }

  /// What neighbours have in one column stays in one, and moves together.
  @Test func columnsMadeByHandStay() throws {
    let text = """
      nodes:
        a:  {node: A,   in: {x: b,   y: c}}
        bb: {node: Bcd, in: {x: bcd, y: c}}
        ccc: {node: Bcd,  in: {x: bcd, y: c}}
      x:
        in:   &in   {a: b}
        with: &with {c: d}
        e:   f
      """
    #expect(
      try formatted(text) == """
        nodes:
          a:   {node: A,   in: {x: b,   y: c}}
          bb:  {node: Bcd, in: {x: bcd, y: c}}
          ccc: {node: Bcd, in: {x: bcd, y: c}}
        x:
          in:   &in   {a: b}
          with: &with {c: d}
          e: f

        """)
  }

  @Test(arguments: [
    ("a: 1\na: 2\n", "2:1: the key 'a' is written twice"),
    ("a: [1\n", "2:1: this is not valid YAML: did not find expected ',' or ']'"),
    ("? >-\n  a\n: b\n", "1:3: a key that takes several lines can't be formatted"),
    ("", "1:1: the file is empty"),
  ])
  func tellsWhyNot(_ text: String, _ message: String) throws {
    let error = try #require(throws: DiagnosticList.self) { try formatted(text) }
    let first = try #require(error.diagnostics.first)
    #expect("\(first.location?.line ?? 0):\(first.location?.column ?? 0): \(first.message)" == message)
  }
}
