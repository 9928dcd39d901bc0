extension WorkflowTest {
  /// A JSON Schema (draft-07) of files of tests, for editors.
  package static var schema: String { WorkflowTestSchema().document.text + "\n" }
}

private struct WorkflowTestSchema {
  var document: SchemaValue {
    let parts: [(String, SchemaValue)] = [
      (WorkflowTest.versionKey, ["description": "The version of the format.", "enum": [1, "1"]]), ("description", text),
      ("workflow", described(text, "The workflow's path; left out in NAME.test.yaml, which tests NAME.yaml.")),
      ("with", settings), ("within", tolerance), ("psnr", psnr),
      ("cases", ["type": "object", "propertyNames": name, "minProperties": 1, "additionalProperties": testCase]),
    ]
    return SchemaValue.object([
      ("$schema", "http://json-schema.org/draft-07/schema#"), ("title", "Tests of a Stepgraph workflow"),
      ("required", [.string(WorkflowTest.versionKey), "cases"]),
    ]).adding(closed(parts))
  }

  private var testCase: SchemaValue {
    let parts: [(String, SchemaValue)] = [
      ("description", text), ("with", settings),
      ("after", described(text, "The case whose results the cache holds when this one begins.")),
      ("target", ["anyOf": [text, ["type": "array", "items": text, "minItems": 1]]]),
      ("same", described(files(ending: ".safetensors"), "Wires whose values are like those in files.")),
      ("within", tolerance),
      (
        "picture",
        described(
          ["anyOf": [file(ending: ".png"), files(ending: ".png")]],
          "The picture that is written, or wires, and what they look like.")
      ),
      ("psnr", psnr),
      (
        "runs",
        described(["type": ["integer", "string"], "minimum": 0, "pattern": "^[0-9]+$"], "How many nodes execute.")
      ),
      (
        "error",
        described(["type": ["string", "number", "boolean"], "minLength": 1], "A text of the error that ends the run.")
      ),
    ]
    return ["anyOf": [closed(parts), ["type": "null"]]]
  }

  private func closed(_ properties: [(String, SchemaValue)]) -> SchemaValue {
    [
      "type": "object", "properties": .object(properties.map { ($0, $1) }), "additionalProperties": false,
      "patternProperties": ["^x-": true],
    ]
  }

  private var text: SchemaValue { ["type": ["string", "number", "boolean", "null"]] }
  private var name: SchemaValue { ["type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"] }
  private var settings: SchemaValue {
    described(["type": ["object", "null"], "additionalProperties": text], "Values for params, as --set takes them.")
  }
  private var tolerance: SchemaValue {
    described(number, "The Euclidean norm of the difference over that of the reference, at most; 0.0001 when left out.")
  }
  private var psnr: SchemaValue {
    described(number, "The peak signal-to-noise ratio in dB, at least; 40 when left out.")
  }

  private var number: SchemaValue {
    ["anyOf": [["type": "number", "minimum": 0], ["type": "string", "pattern": "^[0-9.]+([eE][+-]?[0-9]+)?$"]]]
  }

  private func file(ending: String) -> SchemaValue {
    ["type": "string", "pattern": .string(".\\\(ending)$")]
  }

  private func files(ending: String) -> SchemaValue {
    ["type": "object", "additionalProperties": file(ending: ending)]
  }

  private func described(_ schema: SchemaValue, _ help: String) -> SchemaValue {
    schema.adding(["description": .string(help)])
  }
}
