import CYAML
import Diagnostics

/// What libyaml reports, with places as indices into the file's Unicode scalars.
struct YAMLEvent {
  enum Kind: Equatable {
    case streamStart, streamEnd, documentStart, documentEnd, sequenceEnd, mappingEnd
    case alias(String)
    case scalar(YAMLScalar)
    case sequenceStart
    case mappingStart(isFlow: Bool)
  }

  var kind: Kind
  var anchor: String?
  var tag: String?
  /// Index of the first scalar.
  var start: Int
  /// Index after the last one; of a text in a block, where the lines that it can be made of end.
  var end: Int
  /// Of a document's start or end: whether there is no marker for it.
  var isImplicit = true
}

/// What libyaml says of text that is no YAML.
struct YAMLSyntaxError: Error {
  var problem: String
  var index: Int
  /// What was being read, and where it starts.
  var context: (text: String, index: Int)?
}

/// Pulls events out of libyaml; the only code that knows its C interface.
final class YAMLEventReader {
  /// At a fixed address, for libyaml keeps pointers into it.
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let input: UnsafeMutableBufferPointer<UInt8>
  private let source: YAMLSource

  /// Throws when libyaml has no memory.
  init(_ source: YAMLSource) throws(YAMLSyntaxError) {
    self.source = source
    let bytes = Array(source.text.utf8)
    input = .allocate(capacity: max(bytes.count, 1))
    _ = input.initialize(from: bytes)
    parser = .allocate(capacity: 1)
    parser.initialize(to: yaml_parser_t())
    guard yaml_parser_initialize(parser) == 1 else {
      throw YAMLSyntaxError(problem: "out of memory", index: 0)
    }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    input.deallocate()
  }

  func next() throws(YAMLSyntaxError) -> YAMLEvent {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
    defer { yaml_event_delete(&event) }
    let (start, end) = (source.place(event.start_mark.index), source.place(event.end_mark.index))
    func made(
      _ kind: YAMLEvent.Kind, anchor: UnsafeMutablePointer<yaml_char_t>? = nil,
      tag: UnsafeMutablePointer<yaml_char_t>? = nil, isImplicit: Bool = true
    ) -> YAMLEvent {
      YAMLEvent(
        kind: kind, anchor: anchor.map { String(cString: $0) }, tag: tag.map { String(cString: $0) }, start: start,
        end: end, isImplicit: isImplicit)
    }
    switch event.type {
    case YAML_STREAM_START_EVENT: return made(.streamStart)
    case YAML_DOCUMENT_START_EVENT: return made(.documentStart, isImplicit: event.data.document_start.implicit != 0)
    case YAML_DOCUMENT_END_EVENT: return made(.documentEnd, isImplicit: event.data.document_end.implicit != 0)
    case YAML_SEQUENCE_END_EVENT: return made(.sequenceEnd)
    case YAML_MAPPING_END_EVENT: return made(.mappingEnd)
    case YAML_ALIAS_EVENT:
      return made(.alias(event.data.alias.anchor.map { String(cString: $0) } ?? ""))
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
      return made(.scalar(YAMLScalar(text, isPlain: isPlain)), anchor: scalar.anchor, tag: scalar.tag)
    case YAML_SEQUENCE_START_EVENT:
      let sequence = event.data.sequence_start
      return made(.sequenceStart, anchor: sequence.anchor, tag: sequence.tag)
    case YAML_MAPPING_START_EVENT:
      let mapping = event.data.mapping_start
      let isFlow = mapping.style == YAML_FLOW_MAPPING_STYLE
      return made(.mappingStart(isFlow: isFlow), anchor: mapping.anchor, tag: mapping.tag)
    default: return made(.streamEnd)
    }
  }

  private func syntaxError() -> YAMLSyntaxError {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "it can't be read"
    let context = parser.pointee.context.map {
      (text: String(cString: $0), index: source.place(parser.pointee.context_mark.index))
    }
    return YAMLSyntaxError(problem: problem, index: source.place(parser.pointee.problem_mark.index), context: context)
  }
}
