import Foundation
import LanguageServer
import StepgraphNodes
import Testing

struct LifecycleTests {
  @Test func messagesAreTakenOutOfAStream() throws {
    var reader = MessageReader()
    let first = Data(#"{"a": "é"}"#.utf8)
    let stream = Array(first.framed) + Array("content-length:  2\r\nContent-Type: x\r\n\r\n{}".utf8)
    var messages: [Data] = []
    for byte in stream {
      reader.append([byte])
      while let message = try reader.next() { messages.append(message) }
    }
    #expect(messages == [first, Data("{}".utf8)])
    reader.append(Array("Content-Size: 3\r\n\r\n".utf8))
    #expect(throws: MessageReader.Failure.noLength) { try reader.next() }
  }

  @Test func theClientSaysWhenItBeginsAndEnds() throws {
    let client = try Client()
    #expect(throws: Client.Refusal.self) { try client.request("initialize", ["capabilities": [:]]) }
    #expect(throws: Client.Refusal.self) { try client.request("textDocument/banana", [:]) }
    #expect(throws: Client.Refusal.self) { try client.request("textDocument/hover", ["textDocument": 3]) }
    #expect(try client.request("shutdown", .null) == .null)
    #expect(throws: Client.Refusal.self) { try client.request("textDocument/hover", [:]) }
    #expect(client.server.exitCode == nil)
    client.notify("exit", .null)
    #expect(client.server.exitCode == 0)
  }

  /// Over two pipes, as a process is talked to.
  @Test func aServerRunsOverPipes() throws {
    let (input, output) = (Pipe(), Pipe())
    let loop = ServerLoop(
      input: input.fileHandleForReading.fileDescriptor, output: output.fileHandleForWriting.fileDescriptor)
    let text = #"stepgraph: 1\nnodes: {a: {node: Decoed}}\n"#
    let messages = [
      #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#,
      #"{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///a.yaml","languageId":"yaml","version":1,"text":"\#(text)"}}}"#,
      #"{"jsonrpc":"2.0","id":"two","method":"textDocument/documentSymbol","params":{"textDocument":{"uri":"file:///a.yaml"}}}"#,
      #"{"jsonrpc":"2.0","id":3,"method":"shutdown"}"#, #"{"jsonrpc":"2.0","method":"exit"}"#,
    ]
    input.fileHandleForWriting.write(messages.reduce(Data()) { $0 + Data($1.utf8).framed })
    let code = loop.run { post, write in LanguageServer(catalog: .stepgraph, post: post, write: write) }
    #expect(code == 0)
    try output.fileHandleForWriting.close()
    var reader = MessageReader()
    reader.append(output.fileHandleForReading.readDataToEndOfFile())
    var ids: [JSONValue] = []
    while let message = try reader.next() {
      let value = try JSONDecoder().decode(JSONValue.self, from: message)
      if let id = value["id"] { ids.append(id) }
    }
    #expect(ids == [1, "two", 3])
  }
}
