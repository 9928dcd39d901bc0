#!/usr/bin/env python3
"""Talks to `stepgraph lsp` as an editor does, and checks every message against the protocol's types.

    pip install lsprotocol
    conversation.py [STEPGRAPH]

The types are those that lsprotocol makes of the protocol's meta-model: a message with a field that is missing, of another type, or
that the protocol does not know ends the conversation with an error.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import attrs
from lsprotocol import converters, types

SUB = """stepgraph: 1
inputs: {latent: {type: latent}}
nodes:
  twice: {node: RepeatLatent, in: {latent: inputs.latent}, with: {times: 2}}
outputs: {doubled: twice}
"""
MAIN = """stepgraph: 1
# 🎨 text beyond the basic plane
params: {n: {type: int, default: 3}}
nodes:
  start: {node: EmptyLaten, with: {batch: $(n)}}
  part: {graph: sub.yaml, in: {latent: start}}
  walk:
    loop: {times: 3}
    carry: {x: start}
    nodes:
      next: {node: BlendLatent, in: {a: carry.x, b: start}}
    yield: {x: next}
  save: {node: SaveLatent, in: {latent: part}, with: {path: a.safetensors}}
"""


class Conversation:
    def __init__(self, command, folder):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        self.converter = converters.get_converter()
        self.number = 0
        self.notes = []
        self.checked = 0

    def send(self, message):
        data = json.dumps(self.converter.unstructure(message, unstructure_as=type(message))).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while (line := self.process.stdout.readline()) != b"\r\n":
            if not line:
                raise SystemExit("the server is gone")
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(self.process.stdout.read(length))

    def check(self, message, kind):
        """A message as its type; and back again, which must give what came: nothing was left out that has no place."""
        value = self.converter.structure(message, kind)
        again = self.converter.unstructure(value, unstructure_as=kind)

        def same(given, kept, path):
            if isinstance(given, dict):
                for key in given:
                    if given[key] is None:
                        continue
                    assert isinstance(kept, dict) and key in kept, f"{path}.{key} is not of the protocol"
                    same(given[key], kept[key], f"{path}.{key}")
            elif isinstance(given, list):
                assert len(given) == len(kept), path
                for number, (a, b) in enumerate(zip(given, kept)):
                    same(a, b, f"{path}[{number}]")
            else:
                assert given == kept, f"{path}: {given} is not {kept}"

        same(message, again, kind.__name__)
        self.checked += 1
        return value

    def request(self, kind, params):
        self.number += 1
        method = attrs.fields(kind).method.default
        self.send(kind(id=self.number, params=params) if params is not None else kind(id=self.number))
        while True:
            message = self.receive()
            if message.get("id") == self.number and "method" not in message:
                if "error" in message:
                    return self.check(message, types.ResponseErrorMessage).error
                return self.check(message, types.METHOD_TO_TYPES[method][1]).result
            self.take(message)

    def take(self, message):
        method = message["method"]
        self.notes.append(self.check(message, types.METHOD_TO_TYPES[method][0]))
        if "id" in message:
            data = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": None}).encode()
            self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
            self.process.stdin.flush()

    def diagnostics(self, uri, condition):
        """What is told of a document once it is as `condition` wants it."""
        while True:
            for note in reversed(self.notes):
                if isinstance(note, types.PublishDiagnosticsNotification) and note.params.uri == uri:
                    if condition(note.params.diagnostics):
                        return note.params.diagnostics
                    break
            self.take(self.receive())


def main():
    stepgraph = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".build/release/stepgraph")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        (folder / "sub.yaml").write_text(SUB)
        (folder / "main.yaml").write_text(MAIN)
        talk = Conversation([stepgraph, "lsp", "--cache", str(folder / "cache")], folder)
        uri = (folder / "main.yaml").as_uri()
        document = types.TextDocumentIdentifier(uri=uri)
        capabilities = types.ClientCapabilities(
            workspace=types.WorkspaceClientCapabilities(
                code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=True),
                did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)),
            text_document=types.TextDocumentClientCapabilities(completion=types.CompletionClientCapabilities(
                completion_item=types.ClientCompletionItemOptions(snippet_support=True))))
        result = talk.request(
            types.InitializeRequest,
            types.InitializeParams(capabilities=capabilities, root_uri=folder.as_uri(), process_id=os.getpid()))
        assert result.capabilities.position_encoding == types.PositionEncodingKind.Utf16
        talk.send(types.InitializedNotification(params=types.InitializedParams()))
        talk.send(types.DidOpenTextDocumentNotification(params=types.DidOpenTextDocumentParams(
            text_document=types.TextDocumentItem(uri=uri, language_id="yaml", version=1, text=MAIN))))
        problems = talk.diagnostics(uri, lambda found: len(found) == 1)
        assert problems[0].range.start == types.Position(line=4, character=16), problems

        def at(line, word):
            column = MAIN.split("\n")[line].index(word)
            return {"text_document": document, "position": types.Position(line=line, character=column)}

        actions = talk.request(types.CodeActionRequest, types.CodeActionParams(
            text_document=document, range=problems[0].range, context=types.CodeActionContext(diagnostics=problems)))
        edit = actions[0].edit.changes[uri][0]
        assert edit.new_text == "EmptyLatent"
        talk.send(types.DidChangeTextDocumentNotification(params=types.DidChangeTextDocumentParams(
            text_document=types.VersionedTextDocumentIdentifier(uri=uri, version=2),
            content_changes=[types.TextDocumentContentChangePartial(range=edit.range, text=edit.new_text)])))
        talk.diagnostics(uri, lambda found: not found)
        for line, word in [(4, "EmptyLat"), (4, "batch"), (5, "start}"), (10, "carry"), (2, "int"), (12, "{latent"), (6, "walk")]:
            talk.request(types.CompletionRequest, types.CompletionParams(**at(line, word)))
            talk.request(types.HoverRequest, types.HoverParams(**at(line, word)))
            talk.request(types.DefinitionRequest, types.DefinitionParams(**at(line, word)))
            talk.request(types.DocumentHighlightRequest, types.DocumentHighlightParams(**at(line, word)))
            talk.request(types.ReferencesRequest, types.ReferenceParams(
                **at(line, word), context=types.ReferenceContext(include_declaration=True)))
            talk.request(types.PrepareRenameRequest, types.PrepareRenameParams(**at(line, word)))
        renamed = talk.request(types.RenameRequest, types.RenameParams(**at(5, "latent"), new_name="source"))
        assert len(renamed.changes) == 2, renamed
        talk.request(types.DocumentSymbolRequest, types.DocumentSymbolParams(text_document=document))
        talk.request(types.FoldingRangeRequest, types.FoldingRangeParams(text_document=document))
        talk.request(types.SemanticTokensRequest, types.SemanticTokensParams(text_document=document))
        talk.request(types.InlayHintRequest, types.InlayHintParams(text_document=document, range=types.Range(
            start=types.Position(line=0, character=0), end=types.Position(line=99, character=0))))
        talk.send(types.DidSaveTextDocumentNotification(params=types.DidSaveTextDocumentParams(text_document=document)))
        while not (lenses := talk.request(types.CodeLensRequest, types.CodeLensParams(text_document=document))):
            talk.take(talk.receive())
        assert "would run" in lenses[0].command.title, lenses
        why = next(lens for lens in lenses if lens.command.command == "stepgraph.why")
        talk.request(types.ExecuteCommandRequest, types.ExecuteCommandParams(
            command=why.command.command, arguments=why.command.arguments))
        while not any(isinstance(note, types.ShowMessageNotification) for note in talk.notes):
            talk.take(talk.receive())
        if result.capabilities.document_formatting_provider:
            talk.request(types.DocumentFormattingRequest, types.DocumentFormattingParams(
                text_document=document, options=types.FormattingOptions(tab_size=2, insert_spaces=True)))
        talk.send(types.DidCloseTextDocumentNotification(params=types.DidCloseTextDocumentParams(text_document=document)))
        talk.request(types.ShutdownRequest, None)
        talk.send(types.ExitNotification())
        assert talk.process.wait(timeout=10) == 0
        print(f"{talk.checked} messages are as the protocol says")


if __name__ == "__main__":
    main()
