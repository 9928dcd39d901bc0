import Diagnostics
import GraphEngine
import Testing

private let values: [String: ParameterValue] = [
  "n": .int(20), "cfg": .float(7.5), "on": .bool(true), "prompt": .string("a cat"), "other": .string("a dog"),
  "path": .path("x/y"), "scales": .list([.float(7), .float(5), .float(3)]), "none": .list([]),
  "big": .int(Int128(UInt64.max)), "min": .int(2), "names": .list([.string("a"), .string("b, c")]),
]

private func value(_ text: String, as type: ParameterType, i: Int = 3) throws(DiagnosticList) -> ParameterValue {
  try TextTemplate(text, as: type, values: values, indices: ["i"]).value([i])
}

/// What is wrong, as `column: message; notes`.
private func problems(_ text: String, as type: ParameterType = .float, i: Int = 3) -> [String] {
  do throws(DiagnosticList) {
    _ = try value(text, as: type, i: i)
    return []
  } catch {
    return error.diagnostics.map { "\($0.location?.column ?? 0): \(([$0.message] + $0.notes).joined(separator: "; "))" }
  }
}

struct ExpressionTests {
  @Test(
    arguments: [
      ("$(2*n+1)", 41), ("$( 100 - n*2 - 1 )", 59), ("$(2-3-4)", -5), ("$(2-(3-4))", 3), ("$((1+2)*3)", 9),
      ("$(-n+1)", -19),
      ("$(--n)", 20), ("$(-(n-i))", -17), ("$(2*-3)", -6), ("$(min(n, i, 7))", 3), ("$(max(1, min(n, 5)))", 5),
      ("$(min)", 2),
      ("$(min(min, 9))", 2), ("$(floor(7/2))", 3), ("$(floor(-7/2))", -4), ("$(ceil(7/2))", 4), ("$(ceil(-7/2))", -3),
      ("$(round(7/2))", 4), ("$(round(-7/2))", -4), ("$(round(5/3))", 2), ("$(round(4/3))", 1), ("$(floor(7/-2))", -4),
      ("$(floor(2.5))", 2), ("$(ceil(2.1))", 3), ("$(round(2.5))", 3), ("$(round(-2.5))", -3), ("$(floor(n))", 20),
      ("$(abs(-5))", 5), ("$(abs(i-9))", 6), ("$(len(scales))", 3), ("$(len(none))", 0), ("$(if(i < 5, 1, 2))", 1),
      ("$(if(i >= 5, 1, 2))", 2), ("$(if(on, i, n))", 3), ("$(floor(i/(n-1)*10))", 1),
      ("$(if(prompt == other, 1, 2))", 2),
      ("$(if(prompt != other, 1, 2))", 1),
    ] as [(String, Int)])
  func ints(_ text: String, _ expected: Int) throws {
    #expect(try value(text, as: .int) == .int(Int128(expected)))
  }

  /// Up to 2^64 - 1, where doubles have long lost the last digits.
  @Test(
    arguments: [
      ("$(big-1)", UInt64.max - 1), ("$(floor(big/1))", .max), ("$(ceil((big-1)/2))", .max / 2),
      ("$(round(big/3))", .max / 3), ("$(if(big > big-1, 1, 2))", 1), ("$(max(big-1, big-2))", .max - 1),
      ("$(18446744073709551615)", .max),
    ] as [(String, UInt64)])
  func intsAreExact(_ text: String, _ expected: UInt64) throws {
    #expect(try value(text, as: .int) == .int(Int128(expected)))
  }

  @Test(
    arguments: [
      ("$(n)", 20), ("$(7/2)", 3.5), ("$(n/4)", 5), ("$(1.5+n)", 21.5), ("$(.5*cfg)", 3.75), ("$(2.*3)", 6),
      ("$(1e-3)", 0.001),
      ("$(1E2*1.5)", 150), ("$(-cfg)", -7.5), ("$(cfg/2*2)", 7.5), ("$(min(cfg, n))", 7.5), ("$(max(cfg, n))", 20),
      ("$(abs(-cfg))", 7.5), ("$(sqrt(2.25))", 1.5), ("$(sqrt(16))", 4), ("$(cos(0))", 1), ("$(lerp(8, 3, 0))", 8),
      ("$(lerp(8, 3, 1))", 3), ("$(lerp(8, 3, 0.5))", 5.5), ("$(lerp(0.1, 0.1, 0.3))", 0.1),
      ("$(lerp(8, 3, i/6))", 5.5),
      ("$(scales[0])", 7), ("$(scales[i-1])", 3), ("$(scales[-1])", 3), ("$(scales[-3])", 7), ("$(if(on, 1, 2.5))", 1),
      ("$(if(i < len(scales), scales[i], scales[-1]))", 3), ("$(scales[if(on, 1, 0)]*2)", 10), ("$(-0.0)", 0),
      ("$(if(i < 5, 1, 1/0))", 1),
      ("$(lerp(cfg, 3, i/(n-1)))", 7.5 + 3.0 / 19 * (3 - 7.5)),
    ] as [(String, Double)])
  func floats(_ text: String, _ expected: Double) throws {
    guard case .float(let number) = try value(text, as: .float) else {
      Issue.record("no float")
      return
    }
    #expect(abs(number - expected) <= 1e-12 && number.sign == expected.sign)
  }

  @Test(arguments: [
    ("$(i < 5)", true), ("$(i <= 3)", true), ("$(i > 3)", false), ("$(i >= 3)", true), ("$(i == 3)", true),
    ("$(i != 3)", false), ("$(cfg > 7)", true), ("$(1 == 1.0)", true), ("$(on == (i < 5))", true), ("$(on)", true),
    ("$(if(on, i > 5, on))", false), ("$((i < 5) == on)", true), ("$(prompt == prompt)", true),
  ])
  func booleans(_ text: String, _ expected: Bool) throws {
    #expect(try value(text, as: .bool) == .bool(expected))
  }

  @Test(arguments: [
    ("out-$(i:03).png", "out-003.png"), ("$(i:3)|", "  3|"), ("$(-i:04)", "-003"), ("$(cfg:.2)", "7.50"),
    ("$(cfg:07.2)", "0007.50"),
    ("$(i:.1)", "3.0"), ("$(i:.0)", "3"), ("$(2/3:.3)", "0.667"), ("$(big:024)", "000018446744073709551615"),
    ("$(2.5:.0)", "2"), ("$(n:01)", "20"), ("$(cfg)", "7.5"), ("$(7.0)", "7"), ("$(scales)", "[7, 5, 3]"),
    ("a $$(x) $(prompt), $(n+1) $(on)", "a $(x) a cat, 21 true"), ("$(if(i < 5, prompt, other))", "a cat"),
    ("$(names[1])", "b, c"),
  ])
  func texts(_ text: String, _ expected: String) throws {
    #expect(try value(text, as: .string) == .string(expected))
  }

  @Test func wholeListsKeepTheirType() throws {
    #expect(try value("$(scales)", as: .list(.float)) == values["scales"])
    #expect(try value("$(names)", as: .list(.string)) == values["names"])
  }

  @Test(arguments: [
    ("$(1/0)", ["1: 1 / 0 is a division by zero"]), ("x $(i/(i-3)) y", ["3: 3 / 0 is a division by zero"]),
    ("$(1/0.0)", ["1: 1 / 0 is a division by zero"]), ("$(floor(n/0))", ["1: 20 / 0 is a division by zero"]),
    ("$(sqrt(-1))", ["1: sqrt(-1) is no number"]), ("$(sqrt(i-9))", ["1: sqrt(-6) is no number"]),
    ("$(1e300*1e300)", ["1: 1e+300 * 1e+300 is out of the range of a float"]),
    ("$(big+1)", ["1: 18446744073709551615 + 1 is out of the range of an int"]),
    ("$(big*big)", ["1: 18446744073709551615 * 18446744073709551615 is out of the range of an int"]),
    ("$(-big)", ["1: -18446744073709551615 is out of the range of an int"]),
    ("$(floor(1e300))", ["1: floor(1e+300) is out of the range of an int"]),
    ("$(99999999999999999999)", ["3: 99999999999999999999 is out of the range of an int"]),
    ("$(scales[3])", ["1: the list has no item 3; it has 3 items, 0 to 2; -1 is the last one"]),
    ("ab $(scales[-4])", ["4: the list has no item -4; it has 3 items, 0 to 2; -1 is the last one"]),
    ("$(none[i])", ["1: the list has no item 3; it is empty"]),
  ])
  func whatCannotBeComputed(_ text: String, _ expected: [String]) {
    #expect(problems(text, as: text.hasPrefix("$") ? .float : .string) == expected)
  }

  @Test(arguments: [
    (
      "$(n/2)", ParameterType.int,
      "1: 'text' takes an int, but 'n/2' is a float; 'floor(...)', 'ceil(...)' and 'round(...)' make an int of it"
    ),
    ("$(cfg)", .int, "1: 'text' takes an int, but 'cfg' is a float"),
    ("$(i < 5)", .int, "1: 'text' takes an int, but 'i<5' is a bool"),
    ("$(n)", .bool, "1: 'text' takes true or false, but 'n' is an int"),
    ("$(prompt+1)", .float, "3: 'prompt' is a string; only numbers can be calculated with"),
    ("$(1+on)", .float, "5: 'on' is a bool; only numbers can be calculated with"),
    ("$(2*(i<5))", .float, "6: 'i<5' is a bool; only numbers can be calculated with"),
    ("$(-prompt)", .float, "4: 'prompt' is a string; only numbers can be calculated with"),
    ("$(prompt < other)", .bool, "3: 'prompt' is a string; only numbers can be calculated with"),
    ("$(prompt == 1)", .bool, "13: '1' is an int; 'prompt' is a string, with which it cannot be compared"),
    ("$(1 == prompt)", .bool, "8: 'prompt' is a string; '1' is an int, with which it cannot be compared"),
    ("$(path == path)", .bool, "3: 'path' is a path; only numbers, texts and booleans can be compared"),
    (
      "$(scales == scales)", .bool, "3: 'scales' is a list of numbers; only numbers, texts and booleans can be compared"
    ),
    ("$(if(n, 1, 2))", .float, "6: 'n' is an int; a condition is true or false, such as 'i < 5'"),
    ("$(if(on, 1, prompt))", .float, "3: 'if' chooses between an int and a string, which no place takes both"),
    (
      "$(if(on, path, path))", .path(.write),
      "3: a path cannot be chosen with 'if'; it is relative to where it is written"
    ),
    ("$(n[0])", .float, "3: 'n' is an int; only lists have items"),
    ("$(scales[0.5])", .float, "10: '0.5' is a float; an item is named by an int"),
    ("$(len(n))", .int, "7: 'n' is an int; 'len' takes a list"),
    ("$(scales+1)", .float, "3: 'scales' is a list of numbers; only numbers can be calculated with"),
    ("$(prompt:03)", .string, "1: 'prompt' is a string; only numbers have a format such as ':03'"),
    (
      "$(m)", .float,
      "3: there is no param or loop index 'm'; known are big, cfg, i, min, n, names, none, on, other, path, prompt, scales"
    ),
  ])
  func whatDoesNotFit(_ text: String, _ type: ParameterType, _ expected: String) {
    #expect(problems(text, as: type) == [expected])
  }

  private static let inBrackets =
    "'$(...)' takes params, loop indices and numbers, with '+', '-', '*', '/', brackets, comparisons and "
    + "if, min, max, floor, ceil, round, abs, sqrt, cos, lerp, len"

  @Test(arguments: [
    ("$()", "3: expected a name or a number in '$(...)', not ')'; \(inBrackets)"),
    ("$(1+)", "5: expected a name or a number in '$(...)', not ')'; \(inBrackets)"),
    ("$(1 2)", "5: expected a name or a number in '$(...)', not '2'; \(inBrackets)"),
    ("$((1)", "6: expected a name or a number in '$(...)', not the end; \(inBrackets)"),
    ("$(scales[0)", "11: expected a name or a number in '$(...)', not ')'; \(inBrackets)"),
    ("$(1 < 2 < 3)", "9: expected a name or a number in '$(...)', not '<'; \(inBrackets)"),
    (
      "$(1 = 2)",
      "5: expected a name or a number in '$(...)', not '='; '==' tells whether two are equal; \(inBrackets)"
    ),
    (
      "$(n % 2)",
      "5: expected a name or a number in '$(...)', not '%'; what is left of a division is 'a - b*floor(a/b)'; \(inBrackets)"
    ),
    ("$(on ? 1 : 2)", "6: expected a name or a number in '$(...)', not '?'; a choice is 'if(c, a, b)'; \(inBrackets)"),
    ("$(2**n)", "5: expected a name or a number in '$(...)', not '*'; a power is a product: 'a*a'; \(inBrackets)"),
    ("$(2x)", "3: '2x' is neither a name nor a number"),
    ("$(1.2.3)", "6: expected a name or a number in '$(...)', not '.'; \(inBrackets)"),
    ("$(0x10)", "3: '0x10' is neither a name nor a number"), ("$(1e)", "3: '1e' is neither a name nor a number"),
    ("$(.)", "3: '.' is neither a name nor a number"),
    ("$(sqrtt(2))", "3: there is no function 'sqrtt'; did you mean 'sqrt'?"),
    (
      "$(power(2))",
      "3: there is no function 'power'; functions are if, min, max, floor, ceil, round, abs, sqrt, cos, lerp, len"
    ),
    ("$(sqrt(2, 3))", "3: 'sqrt' takes one number, as in 'sqrt(a)'"),
    ("$(lerp(1, 2))", "3: 'lerp' takes two numbers and the part of the way between them, as in 'lerp(a, b, t)'"),
    ("$(if(on, 1))", "3: 'if' takes a condition and two values, as in 'if(i < 5, a, b)'"),
    ("$(min(1))", "3: 'min' takes two numbers or more, as in 'min(a, b)'"),
    ("$(len())", "7: expected a name or a number in '$(...)', not ')'; \(inBrackets)"),
    (
      "$(n:x)",
      "5: 'x' is no format; '$(i:03)' pads with zeros to 3 places, '$(x:.2)' gives 2 digits after the point; at most 30 each"
    ),
    (
      "$(n:99)",
      "5: '99' is no format; '$(i:03)' pads with zeros to 3 places, '$(x:.2)' gives 2 digits after the point; at most 30 each"
    ),
    ("$(n", "1: '$(' is not closed; a ')' must follow; '$$(' stands for the two characters '$('"),
    ("$(\(String(repeating: "n+", count: 100))n)", "203: '$(...)' has more than 100 names and numbers"),
    ("$(\(String(repeating: "-", count: 101))n)", "103: '$(...)' is nested more than 100 deep"),
    (
      "$(\(String(repeating: "(", count: 101))n\(String(repeating: ")", count: 101)))",
      "103: '$(...)' is nested more than 100 deep"
    ),
  ])
  func whatIsNoExpression(_ text: String, _ expected: String) { #expect(problems(text) == [expected]) }

  /// A picture's workflow says the same in its own words.
  @Test(arguments: [
    ("$( 2 * i+1 )", "$(2*i+1)"), ("$((2*i)+1)", "$(2*i+1)"), ("$(2*(i+1))", "$(2*(i+1))"),
    ("$(1-(2-3)-4)", "$(1-(2-3)-4)"),
    ("$(n/(i*2)/3)", "$(n/(i*2)/3)"), ("$(-(i+1)*2)", "$(-(i+1)*2)"), ("$(--i)", "$(--i)"), ("$(2--i)", "$(2--i)"),
    ("$(if( i<5 ,1,2 ))", "$(if(i<5, 1, 2))"), ("$((i<5)==(n>3))", "$((i<5)==(n>3))"),
    ("$((scales)[ -1 ])", "$(scales[-1])"),
    ("$(1.50*1e3)", "$(1.5*1000.0)"), ("out-$( i:03 ).png$$(", "out-$(i:03).png$$("), ("$(cfg:06.2)", "$(cfg:06.2)"),
    ("$(min(min, 3)*min)", "$(min(min, 3)*min)"),
  ])
  func itIsWrittenAgain(_ text: String, _ expected: String) throws {
    let template = try TextTemplate(text, as: .string, values: values, indices: ["i"])
    #expect(template.text == expected)
    let again = try TextTemplate(expected, as: .string, values: values, indices: ["i"])
    for i in [1, 2, 7] { #expect(try template.value([i]) == again.value([i])) }
  }
}
