"""A ComfyUI server on this machine's own address, and what prompts make there."""

import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
# Text encoders are kept in f16 otherwise, and weights that a LoRA changed rounded to it. Nothing is kept between prompts, as uni_pc
# changes lists of sigmas that are.
OPTIONS = [
    "--cpu", "--force-fp32", "--fp32-text-enc", "--disable-auto-launch", "--disable-api-nodes", "--cache-none", "--listen", "127.0.0.1"]


class Failed(Exception):
    """The server refused a prompt, or a node failed."""


class Server:
    def __init__(self, address):
        self.address = address

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=data, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            answer = json.loads(error.read())
            nodes = {id: [e["details"] for e in node["errors"]] for id, node in answer.get("node_errors", {}).items()}
            raise Failed(f"{answer['error']['message']} {nodes}") from None

    def outputs(self, prompt):
        """The files that a prompt writes, by their endings, in order."""
        id = json.loads(self.ask("/prompt", {"prompt": prompt}))["prompt_id"]
        while not (entry := json.loads(self.ask(f"/history/{id}")).get(id)):
            time.sleep(0.1)
        if entry["status"]["status_str"] != "success":
            errors = [told for kind, told in entry["status"]["messages"] if kind == "execution_error"]
            raise Failed("; ".join(f"{e['node_type']}: {e['exception_message']}" for e in errors))
        found = {}
        for node in entry["outputs"].values():
            for item in node.get("images", []) + node.get("latents", []):
                query = urllib.parse.urlencode({key: item[key] for key in ("filename", "subfolder", "type")})
                found.setdefault(pathlib.PurePath(item["filename"]).suffix, []).append(self.ask(f"/view?{query}"))
        return found


@contextlib.contextmanager
def running(comfyui, python, folder):
    """A server whose models, inputs and outputs are in FOLDER, with the tiny models' settings."""
    for name in ("custom_nodes", "user", "input", "output", "temp", "models"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "tiny.py", folder / "custom_nodes")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(folder / "server.log", "w") as log:
        command = [python, "main.py", *OPTIONS, "--port", str(port), "--base-directory", folder.resolve()]
        process = subprocess.Popen(command, cwd=comfyui, stdout=log, stderr=subprocess.STDOUT)
        try:
            server = Server(f"http://127.0.0.1:{port}")
            while True:
                if process.poll() is not None:
                    raise SystemExit(f"the server did not start; {folder / 'server.log'} tells why")
                with contextlib.suppress(urllib.error.URLError):
                    server.ask("/system_stats")
                    break
                time.sleep(0.2)
            yield server
        finally:
            process.terminate()
            process.wait()
