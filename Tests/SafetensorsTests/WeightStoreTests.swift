import Foundation
import Safetensors
import Tensors
import Testing

@Suite("Weights of a model part")
struct WeightStoreTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func write(_ name: String, _ shapes: [String: [Int]], also add: (inout SafetensorsWriter) -> Void = { _ in })
    throws
  {
    var writer = SafetensorsWriter()
    for (tensor, shape) in shapes { writer.add(tensor, Tensor(repeating: 2, shape: shape), as: .f16) }
    add(&writer)
    try folder.write(writer.bytes(), to: name)
  }

  private func store(places: (String) -> [WeightPlace] = { [WeightPlace($0)] }) throws -> WeightStore {
    try WeightStore(WeightFiles(in: folder.path, stem: "model"), places: places)
  }

  @Test func handsOutWhatIsThere() throws {
    try write("model.safetensors", ["blocks.0.weight": [4, 3], "blocks.0.bias": [4]])
    let (weight, bias) = try store().load { weights in
      let block = weights.scope("blocks", 0)
      #expect(block.contains("bias") && !block.contains("scale"))
      return (try block.source("weight", [4, 3]), try block.tensor("bias", [4]))
    }
    #expect(bias.values == [2, 2, 2, 2])
    #expect(weight.shape == [4, 3])
    let rows = try Tensor(shape: [2, 3]) { try weight.readRows(1..<3, $0) }
    #expect(rows.values == [2, 2, 2, 2, 2, 2])
  }

  @Test func rowsOfATableAreReadAfterTheStoreIsGone() throws {
    var writer = SafetensorsWriter()
    writer.add("words", Tensor(shape: [3, 2], values: [0, 1, 2, 3, 4, 5]), as: .bf16)
    try folder.write(writer.bytes(), to: "model.safetensors")
    let table = try store().load { try $0.table("words", [3, 2]) }
    func row(_ index: Int) throws -> [Float] {
      try Tensor(shape: [1, 2]) { try table.readRows(index..<index + 1, $0) }.values
    }
    #expect(try row(2) == [4, 5])
    #expect(try row(0) == [0, 1])
    #expect(truncate(folder.path + "/model.safetensors", off_t(writer.bytes().count - 2)) == 0)
    #expect(try row(1) == [2, 3])
    #expect(message { _ = try row(2) } == "\(folder.path)/model.safetensors: has become shorter while it was in use")
  }

  @Test func tellsWhichWeightsAreHalves() throws {
    try write("model.safetensors", ["half": [2, 3]]) {
      $0.add("single", Tensor(repeating: 2, shape: [2, 3]), as: .f32)
      $0.add("brain", Tensor(repeating: 2, shape: [2, 3]), as: .bf16)
    }
    let halves = try store().load { weights in
      try ["half", "single", "brain"].filter { try weights.source($0, [2, 3]).isHalf }
    }
    #expect(halves == ["half"])
  }

  @Test func tellsEverythingAtOnce() throws {
    try write("model.safetensors", ["a.to_q.weight": [4, 4], "b.weight": [4, 3], "spare": [7]]) {
      $0.add("ids", .i64, shape: [1], bytes: [UInt8](repeating: 0, count: 8))
    }
    let found = message {
      _ = try store().load { weights in
        #expect(try weights.tensor("a.query.weight", [4, 4]).values == [Float](repeating: 0, count: 16))
        #expect(try weights.tensor("b.weight", [3, 4]).shape == [3, 4])
        _ = try weights.tensor("ids", [1])
        _ = try weights.tensor("c", [2])
      }
    }
    #expect(
      found == """
        \(folder.path)/model.safetensors: the weights do not fit the model's config
          missing: 2
            'a.query.weight' [4, 4]; is it 'a.to_q.weight'?
            'c' [2]
          misshapen: 2
            'b.weight' is [4, 3], expected [3, 4]
            'ids' is I64, expected F32, F16, BF16 or F8
          unused: 2
            'a.to_q.weight' [4, 4]
            'spare' [7]
        """)
  }

  @Test func aLongReportIsCutShort() throws {
    try write("model.safetensors", Dictionary(uniqueKeysWithValues: (0..<100).map { ("w.\($0)", [1]) }))
    let found = message { try store().load { _ = try $0.tensor("v", [2]) } }
    #expect(found.contains("missing: 1") && found.contains("unused: 100") && found.hasSuffix("\n    and 60 more"))
  }

  @Test func warnsOfWhatIsLeftOver() throws {
    try write("model.safetensors", ["a": [1], "logit_scale": [], "text_projection.weight": [3, 2], "empty": [0]]) {
      $0.add("ids", .i64, shape: [1], bytes: [UInt8](repeating: 0, count: 8))
    }
    var warnings: [String] = []
    try store().load(warn: { warnings.append($0) }) { _ = try $0.tensor("a", [1]) }
    #expect(
      warnings == [
        "\(folder.path)/model.safetensors: the model does not use 'empty', 'ids', 'logit_scale', 'text_projection.weight'"
      ])
    try write("model.safetensors", Dictionary(uniqueKeysWithValues: (0..<9).map { ("w.\($0)", [1]) }))
    warnings = []
    try store().finish { warnings.append($0) }
    #expect(warnings[0].hasSuffix("does not use 'w.0', 'w.1', 'w.2', 'w.3', 'w.4' and 4 more tensors"))
  }

  @Test func otherNamesAndShapes() throws {
    try write("model.safetensors", ["text_model.query.weight": [2, 2, 1, 1], "norm": [2]]) {
      $0.add("text_model.position_ids", .i64, shape: [1], bytes: [UInt8](repeating: 0, count: 8))
    }
    try store { name in
      let bare = name.hasPrefix("text_model.") ? String(name.dropFirst(11)) : name
      return bare == "position_ids" ? [] : [WeightPlace(bare.replacing("query", with: "to_q"))]
    }.load { (weights) throws in
      #expect(try weights.source("to_q.weight", [2, 2], or: [2, 2, 1, 1]).shape == [2, 2])
      #expect(try weights.tensor("norm", [2]).values == [2, 2])
    }
  }

  @Test func partsOfTensors() throws {
    var writer = SafetensorsWriter()
    writer.add("joined", Tensor(shape: [6, 2], values: (0..<12).map(Float.init)))
    writer.add("turned", Tensor(shape: [2, 3], values: [0, 1, 2, 3, 4, 5]), as: .f16)
    try folder.write(writer.bytes(), to: "model.safetensors")
    try store { name in
      name == "turned"
        ? [WeightPlace("t", .transposed)] : (0..<3).map { WeightPlace("w\($0)", .rows($0..<$0 + 1, of: 3)) }
    }.load { (weights) throws in
      #expect(try weights.tensor("w0", [2, 2]).values == [0, 1, 2, 3])
      #expect(try weights.tensor("w2", [2, 2]).values == [8, 9, 10, 11])
      let table = try weights.table("w1", [2, 2])
      #expect(try Tensor(shape: [1, 2]) { try table.readRows(1..<2, $0) }.values == [6, 7])
      let turned = try weights.source("t", [3, 2])
      #expect(try Tensor(shape: [2, 2]) { try turned.readRows(1..<3, $0) }.values == [1, 4, 2, 5])
    }
    try store { name in
      name == "turned" ? [] : [WeightPlace("a", .rows(0..<1, of: 6)), WeightPlace("b", .rows(1..<6, of: 6))]
    }.load { (weights) throws in
      #expect(try weights.tensor("a", [1, 2]).values == [0, 1])
      #expect(try weights.tensor("b", [5, 2]).values == (2..<12).map(Float.init))
    }
    try store { $0 == "turned" ? [] : [WeightPlace("x", .halvesExchanged)] }.load { (weights) throws in
      let exchanged = try weights.source("x", [6, 2])
      for rows in [0..<6, 0..<2, 2..<5, 3..<6, 4..<5] {
        let values = try Tensor(shape: [rows.count, 2]) { try exchanged.readRows(rows, $0) }.values
        let first = rows.map { 2 * (($0 + 3) % 6) }
        #expect(values == first.flatMap { [Float($0), Float($0 + 1)] })
      }
    }
    // What cannot be cut or turned has a wrong shape.
    let found = message {
      _ = try store { [WeightPlace($0, $0 == "turned" ? .rows(0..<1, of: 5) : .whole)] }.load { weights in
        _ = try weights.tensor("turned", [1, 3])
        _ = try weights.tensor("joined", [6, 2])
      }
    }
    #expect(found.hasSuffix("misshapen: 1\n    'turned' is [2, 3], expected [5, 3]"))
  }

  @Test func scaledWeights() throws {
    var writer = SafetensorsWriter()
    // 0.5, 1.75, -2, 448 in E4M3.
    writer.add("a.weight", .f8e4m3, shape: [2, 2], bytes: [0x30, 0x3E, 0xC0, 0x7E])
    writer.add("a.scale_weight", Tensor(shape: [1], values: [2]))
    writer.add("b.weight", .f8e5m2, shape: [2, 1], bytes: [0x38, 0xC0])
    writer.add("b.weight_scale", Tensor(shape: [2, 1], values: [10, 100]))
    try folder.write(writer.bytes(), to: "model.safetensors")
    try store().load { (weights) throws in
      let source = try weights.source("a.weight", [2, 2])
      #expect(!source.isHalf)
      #expect(try Tensor(shape: [2, 2]) { try source.readRows(0..<2, $0) }.values == [1, 3.5, -4, 896])
      #expect(try weights.tensor("b.weight", [2, 1]).values == [5, -200])
    }
    let found = message { try store().finish() }
    #expect(found.contains("'a.scale_weight' [1]"))
  }

  /// One scale for a tensor that joins two weights, one for each of them, and one for each row.
  @Test(arguments: [([2], [2, 2, 2, 2]), ([2, 3], [2, 2, 3, 3]), ([2, 3, 4, 5], [2, 3, 4, 5])])
  func scalesOfJoinedWeights(_ scales: [Float], _ expected: [Float]) throws {
    var writer = SafetensorsWriter()
    writer.add("ab.weight", .f8e4m3, shape: [4, 1], bytes: [0x38, 0x38, 0x38, 0x38])
    writer.add("ab.scale_weight", Tensor(shape: [scales.count], values: scales))
    try folder.write(writer.bytes(), to: "model.safetensors")
    let found = try store { name in
      let rest = name.dropFirst(2)
      return [WeightPlace("a\(rest)", .rows(0..<1, of: 2)), WeightPlace("b\(rest)", .rows(1..<2, of: 2))]
    }.load { try $0.tensor("a.weight", [2, 1]).values + $0.tensor("b.weight", [2, 1]).values }
    #expect(found == expected)
  }

  @Test func twoTensorsForOneWeight() throws {
    try write("model.safetensors", ["query": [1], "to_q": [1]])
    #expect(
      message { _ = try store { _ in [WeightPlace("to_q")] } }
        == "\(folder.path)/model.safetensors: tensor 'to_q' is the same weight as 'query' in \(folder.path)/model.safetensors"
    )
  }

  @Test func aConfigThatAsksForTooMuchEndsAtOnce() throws {
    try write("model.safetensors", ["w": [1]])
    let found = message { _ = try store().load { _ = try $0.tensor("w", [1 << 40, 1 << 40]) } }
    #expect(found.contains("'w' is [1], expected [1099511627776, 1099511627776]"))
  }

  /// Every name that diffusers and transformers have written variants under.
  @Test(arguments: [
    "model.bf16.safetensors", "model.non_ema.safetensors", "model.fp32.safetensors", "model.ema.safetensors",
    "model.fp16-ema.safetensors", "model.safetensors.index.bf16.json", "model.safetensors.non_ema.index.json",
    "model.ema.safetensors.index.json",
  ])
  func theOnlyVariantIsTaken(_ name: String) throws {
    let shards = ["model.bf16-00001-of-00002.safetensors", "model-00002-of-00002.bf16.safetensors"]
    if name.hasSuffix(".json") {
      let map = #"{"weight_map": {"a": "\#(shards[0])", "b": "\#(shards[1])"}}"#
      try folder.write(Array(map.utf8), to: name)
      try write(shards[0], ["a": [1]])
      try write(shards[1], ["b": [1]])
    } else {
      try write(name, ["a": [1], "b": [1]])
    }
    #expect(try WeightFiles(in: folder.path, stem: "model").paths[0] == "\(folder.path)/\(name)")
    try store().load { weights in
      _ = try weights.tensor("a", [1])
      _ = try weights.tensor("b", [1])
    }
  }

  @Test func oneOfSeveralVariantsMustBeChosen() throws {
    for name in ["model.ema.safetensors", "model.bf16.safetensors", "other.fp32.safetensors", "model.ema.bin"] {
      try write(name, ["a": [1]])
    }
    #expect(
      message { _ = try WeightFiles(in: folder.path, stem: "model") }
        == "\(folder.path): has no 'model.safetensors' and several variants of it, 'model.bf16.safetensors', "
        + "'model.ema.safetensors'; give the one to use that name")
    try write("model.fp16.safetensors", ["a": [1]])
    #expect(try WeightFiles(in: folder.path, stem: "model").paths == ["\(folder.path)/model.fp16.safetensors"])
  }

  @Test func shardsWithoutAnIndex() throws {
    try write("model-00001-of-00002.safetensors", ["a": [1]])
    try write("model.bf16-00001-of-00002.safetensors", ["a": [1]])
    #expect(
      message { _ = try WeightFiles(in: folder.path, stem: "model") }
        == "\(folder.path): has no weights: 'model.safetensors' was expected; 'model-00001-of-00002.safetensors' is a "
        + "shard, of which an index, 'model.safetensors.index.json', was expected")
  }

  /// The index decides; what disagrees with it is told.
  @Test func shardsThatDisagreeWithTheirIndex() throws {
    var first = SafetensorsWriter()
    first.add("both", Tensor(shape: [1], values: [1]))
    first.add("stray", Tensor(shape: [1], values: [1]))
    first.add("unlisted", Tensor(shape: [1], values: [5]))
    try folder.write(first.bytes(), to: "model-1.safetensors")
    var second = SafetensorsWriter()
    second.add("both", Tensor(shape: [1], values: [2]))
    try folder.write(second.bytes(), to: "model-2.safetensors")
    try folder.write(
      Array(
        #"""
        {"weight_map": {"both": "model-2.safetensors", "stray": "model-2.safetensors", "gone": "model-1.safetensors"}}
        """#.utf8), to: "model.safetensors.index.json")
    var warnings: [String] = []
    let (both, unlisted) = try store().load(warn: { warnings.append($0) }) { weights in
      (try weights.tensor("both", [1]), try weights.tensor("unlisted", [1]))
    }
    #expect(both.values == [2] && unlisted.values == [5])
    let path = folder.path
    #expect(
      warnings == [
        "\(path)/model-1.safetensors: has 'both', which the index puts into \(path)/model-2.safetensors; that is taken"
      ])
    let found = message {
      try store().load { weights in
        for name in ["both", "unlisted", "stray", "gone"] { _ = try weights.tensor(name, [1]) }
      }
    }
    #expect(
      found == """
        \(path): the weights do not fit the model's config
          missing: 2
            'gone' [1]; the index puts it into \(path)/model-1.safetensors, which has none of that name
            'stray' [1]; the index puts it into \(path)/model-2.safetensors, which has none of that name, though \(path)/model-1.safetensors has
        """)
  }

  @Test func halfPrecisionVariantOnlyWherePlainIsAbsent() throws {
    try write("model.fp16.safetensors", ["half": [1]])
    #expect(try WeightFiles(in: folder.path, stem: "model").paths == ["\(folder.path)/model.fp16.safetensors"])
    try write("model.safetensors", ["plain": [1]])
    #expect(try WeightFiles(in: folder.path, stem: "model").paths == ["\(folder.path)/model.safetensors"])
  }

  @Test func shards() throws {
    try write("model-1.safetensors", ["a": [1]])
    try write("model-2.safetensors", ["b": [1]])
    try folder.write(
      Array(
        #"{"metadata":{"total_size":4,"x":[{}]},"weight_map":{"b":"model-2.safetensors","a":"model-1.safetensors"}}"#
          .utf8),
      to: "model.safetensors.index.json")
    #expect(
      try WeightFiles(in: folder.path, stem: "model").paths.map { $0.dropFirst(folder.path.count) } == [
        "/model.safetensors.index.json", "/model-1.safetensors", "/model-2.safetensors",
      ])
    try store().load { weights in
      _ = try weights.tensor("a", [1])
      _ = try weights.tensor("b", [1])
    }
  }

  @Test(arguments: [
    ("{", "malformed index: expected a key in quotes (byte 1 of the JSON)"),
    (#"{"weight_map":{}}"#, "malformed index: 'weight_map' names no files"),
    (
      #"{"weight_map":{"a":"../b.safetensors"}}"#,
      "names the file '../b.safetensors'; a safetensors file in the same folder was expected"
    ),
  ])
  func malformedIndexes(_ index: String, _ expected: String) throws {
    try folder.write(Array(index.utf8), to: "model.safetensors.index.json")
    #expect(
      message { _ = try WeightFiles(in: folder.path, stem: "model") }
        == "\(folder.path)/model.safetensors.index.json: \(expected)")
  }

  @Test func noWeights() throws {
    #expect(
      message { _ = try WeightFiles(in: folder.path, stem: "model") }
        == "\(folder.path): has no weights: 'model.safetensors' was expected")
    try folder.write([0x80], to: "pytorch_model.bin")
    #expect(
      message { _ = try WeightFiles(in: folder.path, stem: "model") }.hasSuffix(
        "'pytorch_model.bin' is in a format that can run code: convert it to safetensors"))
  }
}
