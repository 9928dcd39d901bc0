"""Opens pictures of Stepgraph's in ComfyUI's page, and compares the graphs that come of them with what `export` writes.

usage: page.py COMFYUI PYTHON FOLDER PICTURE... [--chromium PATH] [--stepgraph PATH]

COMFYUI, PYTHON and FOLDER are those of `compare.py`, after it ran: the page knows a model by the server's list. A picture is given to
the page's own dialog for opening files. The graph must have the nodes, titles and values of the exported prompt, which the page makes of
it again, no node may be unknown, and none may lie on another. FOLDER/pages has a view of each.

Needs playwright, and a Chromium.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

from compare import ROOT
from server import running

# What the page says of its graph: the prompt it would send, its nodes as they lie, and what it misses.
LOOK = """async () => {
  const prompt = (await app.graphToPrompt()).output
  const nodes = app.graph.nodes.map(node => ({
    id: String(node.id), type: node.type, title: node.title, known: Boolean(node.constructor.nodeData), wrong: Boolean(node.has_errors),
    box: Array.from(node.getBounding())}))
  const dialogs = [...document.querySelectorAll('.p-dialog, .p-toast-message')].map(shown => shown.innerText)
  return {prompt, nodes, dialogs}
}"""


def on_each_other(nodes):
    for number, one in enumerate(nodes):
        for other in nodes[:number]:
            (ax, ay, aw, ah), (bx, by, bw, bh) = one["box"], other["box"]
            if ax < bx + bw and bx < ax + aw and ay < by + bh and by < ay + ah:
                yield f"'{one['title']}' lies on '{other['title']}'"


def faults(page, exported):
    """What is not as it should be."""
    for text in page["dialogs"]:
        yield f"the page says: {text}"
    for node in page["nodes"]:
        if not node["known"] or node["wrong"]:
            yield f"{node['type']} is not known to the page"
    yield from on_each_other(page["nodes"])
    titles = {node["id"]: node["title"] for node in page["nodes"]}
    if set(page["prompt"]) != set(exported):
        yield f"its nodes are {sorted(page['prompt'])}, ours {sorted(exported)}"
    for id, node in exported.items():
        made = page["prompt"].get(id, {"class_type": None, "inputs": {}})
        if made["class_type"] != node["class_type"] or titles.get(id) != node["_meta"]["title"]:
            yield f"node {id} is {made['class_type']} '{titles.get(id)}', ours {node['class_type']} '{node['_meta']['title']}'"
        for name, value in node["inputs"].items():
            if made["inputs"].get(name) != value:
                yield f"{node['class_type']} has {name} {made['inputs'].get(name)!r}, ours has {value!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("comfyui", type=pathlib.Path)
    parser.add_argument("python", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("pictures", type=pathlib.Path, nargs="+")
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    parser.add_argument("--stepgraph", type=pathlib.Path, default=ROOT / ".build/release/stepgraph")
    options = parser.parse_args()
    views = options.folder / "pages"
    views.mkdir(exist_ok=True)
    count = 0
    with running(options.comfyui, options.python, options.folder.resolve()) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        # Without the choice of templates that a page opens with at first.
        server.ask("/settings/Comfy.TutorialCompleted", True)
        for picture in options.pictures:
            exported = json.loads(subprocess.run([options.stepgraph, "export", picture], capture_output=True, check=True, text=True).stdout)
            # A context of its own, as the page goes on with what it had open.
            context = browser.new_context(viewport={"width": 1900, "height": 1000})
            page = context.new_page()
            page.goto(server.address)
            page.wait_for_function("window.app?.graph?.nodes?.length !== undefined && !document.querySelector('#splash-loader')")
            page.wait_for_timeout(2000)
            page.evaluate("app.graph.clear()")
            page.locator("#comfy-file-input").set_input_files(picture)
            page.wait_for_function("app.graph.nodes.length > 0", timeout=20000)
            page.wait_for_timeout(1000)
            page.keyboard.press(".")
            page.wait_for_timeout(1000)
            page.screenshot(path=views / f"{picture.stem}.png")
            found = list(faults(page.evaluate(LOOK), exported))
            context.close()
            count += len(found)
            print(f"{picture.name}: {len(exported)} nodes, {'as exported' if not found else ''}")
            for fault in found:
                print("  " + fault)
        browser.close()
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
