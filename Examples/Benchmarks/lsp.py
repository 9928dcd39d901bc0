#!/usr/bin/env python3
"""Measures `stepgraph lsp` on a large workflow: answers to keystrokes and completions, and memory after many edits.

    lsp.py [--stepgraph PATH] [--lines 2000] [--subgraphs 20] [--keystrokes 300] [--edits 10000] [--other "COMMAND ARGS"]

A workflow of so many lines calls so many subgraphs. Each keystroke is a change of one character, and its time that until the
diagnostics come. Beside it: `stepgraph validate` as a process on the same file, and another language server given by --other,
such as "yaml-language-server --stdio", of which the time until its diagnostics is told.
"""

import argparse
import json
import os
import pathlib
import queue
import statistics
import subprocess
import tempfile
import threading
import time


def subgraph(number):
    return f"""stepgraph: 1
params:
  amount: {{type: float, default: 0.5, min: 0, max: 1}}
  times: {{type: int, default: {2 + number % 3}}}
inputs:
  latent: {{type: latent}}
nodes:
  walk:
    loop: {{times: $(times), index: i}}
    carry: {{latent: inputs.latent}}
    nodes:
      near:
        node: BlendLatent
        in: {{a: carry.latent, b: inputs.latent}}
        with: {{amount: $(amount)}}
    yield: {{latent: near}}
outputs: {{latent: walk.latent}}
"""


def workflow(lines, subgraphs, broken=False):
    text = ["stepgraph: 1", "params:", "  seed: {type: int, default: 1}", "nodes:", "  start: {node: EmptyLatent}"]
    last, number = "start", 0
    while len(text) < lines - 4:
        name = f"node_{number}"
        if number % 20 == 0 and number // 20 < subgraphs:
            text += [f"  {name}:", f"    graph: sub{number // 20}.yaml", f"    in: {{latent: {last}}}", "    with:",
                     "      amount: 0.25"]
        else:
            text += [f"  {name}:", "    node: BlendLatent", "    in:", f"      a: {last}", "      b: start", "    with:",
                     f"      amount: 0.{number % 9 + 1}"]
        last, number = name, number + 1
    text += ["  save:", "    node: SaveLatent", f"    in: {{latent: {last}}}", "    with: {path: a.safetensors}"]
    return "\n".join(text) + "\n"


class Server:
    def __init__(self, command, folder):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder,
                                        stderr=subprocess.DEVNULL)
        self.messages = queue.Queue()
        self.number = 0
        threading.Thread(target=self.read, daemon=True).start()
        self.request("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {
            "textDocument": {"completion": {"completionItem": {"snippetSupport": True}}, "publishDiagnostics": {}}}})
        self.notify("initialized", {})

    def read(self):
        stream = self.process.stdout
        while True:
            length = None
            while True:
                line = stream.readline()
                if not line:
                    return
                if line == b"\r\n":
                    break
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            message = json.loads(stream.read(length))
            self.messages.put((time.perf_counter(), message))

    def send(self, message):
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    def wait(self, condition, limit=60):
        end = time.perf_counter() + limit
        while True:
            moment, message = self.messages.get(timeout=max(0.001, end - time.perf_counter()))
            if "method" in message and "id" in message:
                # A request of the server, such as for its settings.
                items = len(message.get("params", {}).get("items", [])) if message.get("params") else 0
                self.send({"id": message["id"], "result": [None] * items if items else None})
            if condition(message):
                return moment, message

    def request(self, method, params):
        self.number += 1
        number = self.number
        self.send({"id": number, "method": method, "params": params})
        return self.wait(lambda message: message.get("id") == number and "method" not in message)

    def memory(self):
        """Resident MiB, now and at most."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return [int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")]


def quantiles(times):
    times = sorted(times)
    return f"median {1000 * statistics.median(times):.1f} ms, p99 {1000 * times[int(len(times) * 0.99)]:.1f} ms"


def measure(name, command, folder, text, keystrokes, edits, subgraphs):
    server = Server(command, folder)
    uri = (folder / "main.yaml").as_uri()
    started = time.perf_counter()
    server.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}})
    lines = text.split("\n")
    # The type of a node in the middle, which each second keystroke breaks: every one changes what is told.
    row = next(i for i in range(len(lines) // 2, len(lines)) if "node: BlendLatent" in lines[i])
    column = lines[row].index("BlendLatent") + 5
    version = 1

    def change(start, end, new):
        nonlocal version
        version += 1
        server.notify("textDocument/didChange", {
            "textDocument": {"uri": uri, "version": version}, "contentChanges": [
                {"range": {"start": {"line": row, "character": start}, "end": {"line": row, "character": end}}, "text": new}]})

    def told(message):
        return message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri

    times = []
    for number in range(keystrokes):
        began = time.perf_counter()
        if number % 2 == 0:
            change(column, column, "x")
        else:
            change(column, column + 1, "")
        moment, _ = server.wait(told)
        times.append(moment - began)
    print(f"{name}: diagnostics after a keystroke {quantiles(times)}")

    times = []
    wire = row + 2
    for number in range(keystrokes // 2):
        change(column, column, "x")
        change(column, column + 1, "")
        began = time.perf_counter()
        moment, answer = server.request("textDocument/completion", {
            "textDocument": {"uri": uri}, "position": {"line": wire, "character": len(lines[wire])}})
        times.append(moment - began)
    result = answer["result"]
    items = result["items"] if isinstance(result, dict) else result
    print(f"{name}: completion of a wire ({len(items or [])} offered) {quantiles(times)}")

    for number in range(edits):
        if number % 2 == 0:
            change(column, column, "x")
        else:
            change(column, column + 1, "")
        if number % 50 == 49:
            server.request("textDocument/hover", {
                "textDocument": {"uri": uri}, "position": {"line": row, "character": column}})
    now, most = server.memory()
    print(f"{name}: {now:.0f} MiB after {edits} edits, {most:.0f} MiB at most")
    server.request("shutdown", None)
    server.notify("exit", None)
    server.process.wait(timeout=10)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stepgraph", default=".build/release/stepgraph")
    parser.add_argument("--lines", type=int, default=2000)
    parser.add_argument("--subgraphs", type=int, default=20)
    parser.add_argument("--keystrokes", type=int, default=300)
    parser.add_argument("--edits", type=int, default=10000)
    parser.add_argument("--other")
    options = parser.parse_args()
    stepgraph = os.path.abspath(options.stepgraph)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        for number in range(options.subgraphs):
            (folder / f"sub{number}.yaml").write_text(subgraph(number))
        text = workflow(options.lines, options.subgraphs)
        (folder / "main.yaml").write_text(text)
        print(f"{text.count(chr(10))} lines, {options.subgraphs} subgraphs, {os.cpu_count()} processors")
        times = []
        for _ in range(20):
            began = time.perf_counter()
            subprocess.run([stepgraph, "validate", "--quiet", "main.yaml"], cwd=folder, check=True)
            times.append(time.perf_counter() - began)
        print(f"validate, a process each time: {quantiles(times)}")
        measure("stepgraph lsp", [stepgraph, "lsp"], folder, text, options.keystrokes, options.edits, options.subgraphs)
        if options.other:
            schema = subprocess.run([stepgraph, "schema"], capture_output=True, check=True, text=True).stdout
            (folder / "stepgraph.schema.json").write_text(schema)
            headed = f"# yaml-language-server: $schema={(folder / 'stepgraph.schema.json').as_uri()}\n" + text
            measure(options.other.split()[0], options.other.split(), folder, headed, options.keystrokes, options.edits,
                    options.subgraphs)


if __name__ == "__main__":
    main()
