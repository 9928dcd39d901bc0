import Diagnostics
import Foundation
import GraphEngine
import Testing

struct RunEventTests {
  static let place = SourceLocation(file: SourceFile(path: "a \"b\".yaml", text: ""), line: 3, column: 7)

  @Test(arguments: [
    (RunEvent.planned(nodes: 3, run: 2, hit: 1), #"{"event":"planned","nodes":3,"run":2,"hit":1}"#),
    (.started(node: "s[7]/e", type: "Add"), #"{"event":"started","node":"s[7]/e","type":"Add"}"#),
    (
      .finished(node: "s[7]/e", type: "Add", source: .disk, seconds: 0.0123456789),
      #"{"event":"finished","node":"s[7]/e","type":"Add","source":"disk","seconds":0.012346}"#
    ),
    (
      .started(node: "a", type: "Add", batch: ["a", "b"]),
      #"{"event":"started","node":"a","type":"Add","batch":["a","b"]}"#
    ),
    (
      .finished(node: "b", type: "Add", source: .executed, seconds: 1, batch: ["a", "b"]),
      #"{"event":"finished","node":"b","type":"Add","source":"executed","seconds":1.0,"batch":["a","b"]}"#
    ),
    (
      .loaded(node: "m", type: "Open", part: "left", seconds: 2),
      #"{"event":"loaded","node":"m","type":"Open","part":"left","seconds":2.0}"#
    ),
    (
      .warning(node: nil, Diagnostic("tab\there, \u{1}\u{7f} and é\u{2028}", severity: .warning)),
      "{\"event\":\"warning\",\"message\":\"tab\\there, \\u0001\\u007f and é\u{2028}\"}"
    ),
    (
      .failed(node: "x", type: "Add", Diagnostic("no \\ way\nout", at: place)),
      #"{"event":"failed","node":"x","type":"Add","message":"no \\ way\nout","location":"a \"b\".yaml:3:7"}"#
    ),
    (.cancelled, #"{"event":"cancelled"}"#),
    (.done(seconds: 0), #"{"event":"done","seconds":0.0}"#),
  ])
  func eventsAreLinesOfJSON(event: RunEvent, line: String) throws {
    #expect(event.json == line)
    #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
  }
}
