import Safetensors
import Testing

@Suite("Malformed files")
struct HeaderTests {
  private func problem(_ bytes: [UInt8]) -> String {
    message { try bytes.withUnsafeBytes { _ = try SafetensorsReader(borrowing: $0, source: "x") } }
  }

  private func tensor(_ dtype: String, _ shape: String, _ offsets: String) -> String {
    #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  @Test func shorterThanAnyHeader() {
    #expect(problem([]) == "x: no safetensors file: it is empty")
    #expect(problem([1, 2, 3]) == "x: no safetensors file: it has 3 bytes, and 8 are the header's length alone")
  }

  @Test(arguments: [
    (
      "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n",
      "a Git LFS pointer to a file of 12 bytes that was not fetched; 'git lfs pull' fetches it"
    ),
    ("<!doctype html>\n<title>Sign in</title>", "an HTML page titled 'Sign in', perhaps a server's error message"),
    ("PK\u{3}\u{4}" + String(repeating: "\0", count: 60), "a zip archive"),
    ("Not Found", "text that begins with 'Not Found'"),
    ("[]", "JSON text that begins with '[]', perhaps a server's error message"),
  ])
  func somethingElse(_ text: String, _ nature: String) {
    #expect(problem(Array(text.utf8)) == "x: no safetensors file: it is \(nature)")
  }

  @Test func headerLengthThatLies() {
    #expect(
      problem([UInt8](repeating: 0xFF, count: 16))
        == "x: no safetensors file: its first 8 bytes give a header of 18446744073709551615 bytes; at most 100000000 are allowed"
    )
    #expect(
      problem([3, 0, 0, 0, 0, 0, 0, 0, 0x7B])
        == "x: truncated: a header of 3 bytes is announced, and 1 bytes are there")
  }

  @Test(arguments: [
    ("", "expected an object (byte 0 of the JSON)"),
    ("[]", "expected an object (byte 0 of the JSON)"),
    ("{", "expected a key in quotes (byte 1 of the JSON)"),
    ("{}{}", "unexpected text after the value (byte 2 of the JSON)"),
    (#"{"a":1}"#, "expected an object (byte 5 of the JSON)"),
    (#"{"a" 1}"#, "expected ':' after the key 'a' (byte 5 of the JSON)"),
    (#"{"a":{}}"#, "tensor 'a': expected dtype, shape and two data_offsets (byte 7 of the JSON)"),
    (#"{"\ud800":{}}"#, "half a surrogate pair in a string (byte 2 of the JSON)"),
    ("{\"a\n\":{}}", "a control character in a string (byte 3 of the JSON)"),
    (#"{"__metadata__":{"a":1}}"#, "expected a string as the value of 'a' in '__metadata__' (byte 21 of the JSON)"),
    (#"{"__metadata__":{"a":"","a":""}}"#, "'a' stands twice in '__metadata__' (byte 30 of the JSON)"),
  ])
  func malformedJSON(_ header: String, _ expected: String) {
    #expect(problem(file(header: header)) == "x: malformed header: " + expected)
  }

  @Test func deepNesting() {
    let header = #"{"a":{"x":"# + String(repeating: "[", count: 100_000) + "}"
    #expect(problem(file(header: header)).hasSuffix("an unexpected bracket (byte 100010 of the JSON)"))
  }

  @Test func invalidUTF8() {
    #expect(
      problem([4, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x22, 0xFF, 0x22])
        == "x: malformed header: a string that is not UTF-8 (byte 1 of the JSON)")
  }

  @Test(arguments: [
    ("F33", "[1]", "[0,4]", "unknown dtype 'F33'"),
    ("F32", "[-1]", "[0,4]", "tensor 'a': shape: expected a whole number of 0 or more"),
    ("F32", "[1.0]", "[0,4]", "tensor 'a': shape: expected a whole number of 0 or more"),
    ("F32", "[01]", "[0,4]", "tensor 'a': shape: expected a whole number of 0 or more"),
    ("F32", "[99999999999999999999]", "[0,4]", "tensor 'a': shape: a number too large"),
    ("F32", "[4294967296, 4294967296]", "[0,4]", "the shape [4294967296, 4294967296] is too large"),
    ("F32", "[2, 2]", "[0,4]", "tensor 'a': F32 [2, 2] takes 16 bytes, its data_offsets give 4"),
    ("F32", "[]", "[0,8]", "tensor 'a': F32 [] takes 4 bytes, its data_offsets give 8"),
    ("F32", "[1]", "[4,0]", "tensor 'a': its data ends at 0, before it begins at 4"),
    ("F32", "[1]", "[0,4,8]", "tensor 'a': expected dtype, shape and two data_offsets"),
    ("F32", "[1]", "[0,18446744073709551615]", "tensor 'a': data_offsets: a number too large"),
  ])
  func tensorThatContradictsItself(_ dtype: String, _ shape: String, _ offsets: String, _ expected: String) {
    let found = problem(file(header: "{\"a\":\(tensor(dtype, shape, offsets))}", dataCount: 4))
    #expect(found.hasPrefix("x: malformed header: ") && found.contains(expected), "\(found)")
  }

  /// Types that nobody reads here do no harm until someone asks for them; elements of less than a byte are packed.
  @Test(arguments: [
    ("F4", "[2,3]", 3), ("F6_E2M3", "[4]", 3), ("F6_E3M2", "[2,2,2]", 6), ("F8_E4M3FNUZ", "[5]", 5),
    ("F8_E5M2FNUZ", "[1]", 1), ("F8_E8M0", "[2]", 2), ("I64", "[1]", 8), ("BOOL", "[3]", 3), ("U16", "[2]", 4),
    ("C64", "[1]", 8), ("F4", "[0,3]", 0),
  ])
  func typesThatNobodyReads(_ dtype: String, _ shape: String, _ count: Int) throws {
    let pair = (tensor(dtype, shape, "[0,\(count)]"), tensor("F32", "[1]", "[\(count),\(count + 4)]"))
    let header = "{\"a\":\(pair.0),\"b\":\(pair.1)}"
    try file(header: header, dataCount: count + 4).withUnsafeBytes { bytes in
      let reader = try SafetensorsReader(borrowing: bytes, source: "x")
      #expect(try reader.tensor("b").values == [0])
      #expect(message { _ = try reader.tensor("a") } == "x: tensor 'a' is \(dtype); F32, F16, BF16 or F8 was expected")
    }
  }

  @Test func elementsThatFillNoWholeBytes() {
    let found = problem(file(header: "{\"a\":\(tensor("F4", "[3]", "[0,2]"))}", dataCount: 2))
    #expect(found.contains("tensor 'a': F4 [3] takes no whole number of bytes"))
  }

  @Test(arguments: ["null", "{}", #"{"format":"pt"}"#]) func metadataMayBeNone(_ metadata: String) throws {
    let header = "{\"__metadata__\": \(metadata),\"a\":\(tensor("F32", "[1]", "[0,4]"))}"
    #expect(problem(file(header: header, dataCount: 4)) == "no error")
    #expect(problem(file(header: #"{"__metadata__":nullx}"#)).contains("expected an object"))
  }

  @Test func duplicates() {
    let one = tensor("F32", "[1]", "[0,4]")
    #expect(
      problem(file(header: "{\"a\":\(one),\"a\":\(one)}", dataCount: 4)).contains("tensor 'a' stands twice"))
    #expect(
      problem(file(header: #"{"a":{"dtype":"F32","dtype":"F16"}}"#)).contains("tensor 'a': 'dtype' stands twice"))
    #expect(
      problem(file(header: #"{"__metadata__":{"a":"b"},"__metadata__":{}}"#)).contains("'__metadata__' stands twice"))
  }

  @Test func dataThatIsNotTiled() {
    let first = tensor("F32", "[1]", "[0,4]")
    let pair = { (second: String) in "{\"a\":\(first),\"b\":\(second)}" }
    #expect(
      problem(file(header: pair(tensor("F32", "[1]", "[2,6]")), dataCount: 8))
        == "x: tensor 'b': its data begins at 2, where tensor 'a' ends at 4: data must neither overlap nor leave gaps")
    #expect(
      problem(file(header: pair(tensor("F32", "[1]", "[8,12]")), dataCount: 12))
        == "x: tensor 'b': its data begins at 8, where tensor 'a' ends at 4: data must neither overlap nor leave gaps")
    #expect(
      problem(file(header: pair(tensor("F32", "[1]", "[4,8]")), dataCount: 6))
        == "x: truncated: tensor 'b' ends at byte 8 of the data, and 6 bytes are there")
    #expect(
      problem(file(header: pair(tensor("F32", "[1]", "[4,8]")), dataCount: 9))
        == "x: the tensors take 8 bytes, and 9 bytes of data are there")
  }

  /// Every file cut short and every single corrupted byte of a header either reads or throws, and never traps.
  @Test func corruptionNeverTraps() {
    var writer = SafetensorsWriter(metadata: ["k": "v"])
    writer.add("a", .i64, shape: [2], bytes: [UInt8](repeating: 1, count: 16))
    writer.add("b", .f16, shape: [0, 3], bytes: [])
    let whole = writer.bytes()
    for count in 0..<whole.count { #expect(problem(Array(whole[..<count])) != "no error") }
    for index in whole.indices {
      for byte in stride(from: UInt8(0), to: 255, by: 5) {
        var bytes = whole
        bytes[index] = byte
        _ = problem(bytes)
      }
    }
  }
}
