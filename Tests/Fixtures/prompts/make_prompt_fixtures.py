"""Writes what prompts with weights become in ComfyUI's and in AUTOMATIC1111's syntax, computed from their rules.

usage: python make_prompt_fixtures.py     (needs torch, transformers, safetensors; ../VERSIONS names the versions)

`model/` is a text encoder of width 4 with the tokenizer of ../sd1-tiny, `embeddings/` textual inversions in every layout.
`prompts.json` has, for each syntax, texts with their chunks as the tokenizer in ../tokenizer/clip cuts them: per chunk a
list of [token, weight] without begin, end and padding, where a token is an id or "file:row" of an embedding.
`states.safetensors` has the states that the text encoder in `model/` makes of each text, its weights applied.
"""

import json
import random
import re
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from make_fixtures import randomize, write_tokenizer  # noqa: E402

WIDTH, ROOM = 4, 75


# ---------------------------------------------------------------------------------------------- pieces of text


def comfy_pieces(text, weight=1.0):
    """[(text, weight)]: outermost groups first, then what is inside them."""
    marked = re.sub(r"\\([()])", lambda match: {"(": "\ue001", ")": "\ue002"}[match[1]], text)
    pieces = []

    def walk(part, weight):
        level, start, cuts = 0, 0, []
        for place, letter in enumerate(part):
            if letter == "(":
                if level == 0:
                    cuts.append(part[start:place])
                    start = place
                level += 1
            elif letter == ")":
                level -= 1
                if level == 0:
                    cuts.append(part[start : place + 1])
                    start = place + 1
        cuts.append(part[start:])
        for cut in filter(None, cuts):
            if not (len(cut) > 1 and cut[0] == "(" and cut[-1] == ")"):
                pieces.append((cut.replace("\ue001", "(").replace("\ue002", ")"), weight))
                continue
            head, colon, tail = cut[1:-1].rpartition(":")
            try:
                walk(head, float(tail)) if head and colon else walk(cut[1:-1], weight * 1.1)
            except ValueError:
                walk(cut[1:-1], weight * 1.1)

    walk(marked, weight)
    return pieces


def comfy_groups(text, embeddings):
    """[(what is kept together, weight)], each a text or a list of rows of an embedding."""
    groups = []
    for piece, weight in comfy_pieces(text):
        for part in re.split(r"[ \n](?=embedding:)", piece):
            if not part.startswith("embedding:"):
                groups.append((part, weight))
                continue
            name, *rest = part[len("embedding:") :].split()
            rest = " ".join(rest)
            if name not in embeddings and name.rstrip(",") != name:
                name, rest = name.rstrip(","), name[len(name.rstrip(",")) :] + " " + rest
            if name in embeddings:
                groups.append((embeddings[name], weight))
            groups.append((rest, weight))
    return groups


def comfy_chunks(text, tokenizer, embeddings):
    chunks = [[]]
    for part, weight in comfy_groups(text, embeddings):
        tokens = part if isinstance(part, list) else tokenizer(part, add_special_tokens=False).input_ids
        tokens = [(token, weight) for token in tokens]
        is_long = len(tokens) >= 8
        while len(chunks[-1]) + len(tokens) > ROOM:
            if is_long:
                room = ROOM - len(chunks[-1])
                chunks[-1] += tokens[:room]
                tokens = tokens[room:]
            chunks.append([])
        chunks[-1] += tokens
    return chunks


def a1111_pieces(text):
    """[text, weight] in order, None for a break: every piece collects its factors, the innermost first."""
    text = re.sub(r"<\w+:[^>]+>", "", text)
    pieces, opened = [], {"(": [], "[": []}

    def close(bracket, factor):
        for piece in pieces[opened[bracket].pop() :]:
            if piece:
                piece[1] *= factor

    # A number with two points, at which the web UI stops with an error, is text.
    number = r":\s*(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))\s*\)"
    scanner = re.compile(rf"(?P<escape>\\[()\[\]\\]?)|(?P<open>[(\[])|{number}|(?P<close>[)\]])|[^\\()\[\]:]+|:")
    for match in scanner.finditer(text):
        if match["escape"]:
            pieces.append([match["escape"][1:], 1.0])
        elif match["open"]:
            opened[match["open"]].append(len(pieces))
        elif match["number"] and opened["("]:
            close("(", float(match["number"]))
        elif match["close"] and opened["(" if match["close"] == ")" else "["]:
            close(*(("(", 1.1) if match["close"] == ")" else ("[", 1 / 1.1)))
        else:
            for index, part in enumerate(re.split(r"\s*\bBREAK\b\s*", match[0])):
                pieces += [None] * (index > 0) + [[part, 1.0]]
    for bracket, factor in (("(", 1.1), ("[", 1 / 1.1)):
        for start in opened[bracket]:
            for piece in filter(None, pieces[start:]):
                piece[1] *= factor
    merged = []
    for piece in pieces or [["", 1.0]]:
        if piece and merged and merged[-1] and merged[-1][1] == piece[1]:
            merged[-1][0] += piece[0]
        else:
            merged.append(piece)
    return merged


def words(tokenizer, text):
    """Token ids, those of one word together."""
    result, word = [], []
    for token in tokenizer(text, add_special_tokens=False).input_ids:
        word.append(token)
        if tokenizer.convert_ids_to_tokens(token).endswith("</w>") or token >= tokenizer.vocab_size - 2:
            result, word = result + [word], []
    return result


def a1111_chunks(text, tokenizer, embeddings):
    comma = tokenizer.convert_tokens_to_ids(",</w>")
    names = [(words(tokenizer, name.split("/")[-1]), rows) for name, rows in embeddings.items()]
    names.sort(key=lambda name: -sum(map(len, name[0])))
    chunks, chunk, last_comma = [], [], None

    def finish():
        nonlocal chunk, last_comma
        chunks.append(chunk)
        chunk, last_comma = [], None

    def make_room(token):
        nonlocal chunk, last_comma
        if token == comma:
            last_comma = len(chunk)
        elif len(chunk) == ROOM and last_comma is not None and ROOM - last_comma <= 20:
            moved, chunk = chunk[last_comma + 1 :], chunk[: last_comma + 1]
            finish()
            chunk = moved
        if len(chunk) == ROOM:
            finish()

    for piece in a1111_pieces(text):
        if piece is None:
            finish()
            continue
        rest = words(tokenizer, piece[0])
        while rest:
            name, rows = next(((name, rows) for name, rows in names if rest[: len(name)] == name), (None, None))
            if name:
                make_room(None)
                if len(chunk) + len(rows) > ROOM:
                    finish()
                chunk += [(row, piece[1]) for row in rows]
                rest = rest[len(name) :]
            else:
                for token in rest.pop(0):
                    make_room(token)
                    chunk.append((token, piece[1]))
    if chunk or not chunks:
        finish()
    return chunks


# ---------------------------------------------------------------------------------------------- states


def states(chunks, syntax, tokenizer, model, rows):
    """[1, 77 n, width]; rows of embeddings are further rows of the token table."""
    start, end, pad = tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id
    def ids(chunk):
        content = [token if isinstance(token, int) else rows[token] for token, _ in chunk]
        return torch.tensor([[start, *content, end] + [pad] * (ROOM - len(content))])
    empty, result = model(ids([])).last_hidden_state, []
    for chunk in chunks:
        z = model(ids(chunk)).last_hidden_state
        weight = torch.tensor([1.0, *(weight for _, weight in chunk)] + [1.0] * (ROOM + 1 - len(chunk)))[None, :, None]
        if syntax == "comfyui":
            z = torch.where(weight == 1, z, (z - empty) * weight + empty)
        else:
            weighted = z * weight
            z = weighted * (z.mean() / weighted.mean())
        result.append(z)
    return torch.cat(result, dim=1)


# ---------------------------------------------------------------------------------------------- texts

SHARED = [
    "", " ", "a red apple", "a (red) apple", "a (red:1.5) apple", "a ((red)) apple", "a (((red:1.3)) cat) on the (background:0.5)",
    "(a red (apple:1.2) on (a blue:0.7) background:1.4)", "(red)(apple)", "(red:0) apple", "(red:-1) apple", "(red:+1.25)", "(red: 1.2 ) cat",
    "(red:.5)", "(red:1.)", "(red:1e0)", "(red:1.2.3)", "(red:abc)", "(:1.2)", "()", "(())", "a red: apple", "a:1.2 b", "(a: b:1.3)",
    "a (red apple", "a ((red apple)", "a red) apple", "a) (red) apple", "a) ((red)) apple (cat:1.3)", ")(", "(red:1.2))",
    r"a \(red\) apple", r"a \(red:1.2\)", r"(a \) b:1.3)", r"\\(red)", r"a \ b \[c\]", r"\\", "[red] apple", "[[red]] apple (cat)",
    "[red:1.2]", "[red (apple] on) cat", "{red|blue} cat", "[red|blue] cat", "[red:blue:0.5] cat", "red BREAK blue", "(red BREAK blue:1.2)",
    "red BREAK", "BREAK red", "xBREAKx BREAKs", "BREAK BREAK", "red AND blue AND green", "a cat <lora:name:0.8> face", "<lora:a:1>",
    "NaÏve (CAFÉ:1.3) 日本語", "(a photo of a red apple on the blue background:1.3), (blurry:0.6)", "a\nred\n(apple)\t cat",
]  # fmt: skip
LONG = [
    "a " * 75, "a " * 76, "a " * 150 + "(red:1.3)", "a " * 70 + "(red apple on a blue background:1.2) cat",
    "a " * 72 + "(red apple on:1.2) cat", "a " * 68 + "(a a a a a a a:1.1) (a a a a a a a a:1.2)", "(cat:1.2) " * 90, "red, " * 60,
    "a " * 50 + ", " + "b " * 24 + "c d e", "a " * 55 + ", " + "b " * 19 + "c d e", "a " * 54 + ", " + "b " * 20 + "c d e",
    "a " * 74 + ", b c", "a " * 75 + ", b c", "a " * 60 + "BREAK " + "b " * 80, "(" + "a " * 100 + ":0.8) , b",
]  # fmt: skip
CALLS = {
    "comfyui": [
        "embedding:mystyle", "a cat, embedding:mystyle, red", "(embedding:mystyle:1.3) apple", "a (red embedding:mystyle cat:0.7)",
        "embedding:mystyle.safetensors red", "embedding:MyLook cat", "embedding:mylook cat", "embedding:sub/deep", "embedding:deep, a",
        "xembedding:mystyle", "red,embedding:mystyle", "red\nembedding:one\nblue", "embedding:nothing, red", "embedding:pair,",
        "embedding:cat cat", "a embedding:mystyle embedding:one b", "a " * 73 + "embedding:mystyle", "a " * 70 + "embedding:broad b",
    ],
    "a1111": [
        "mystyle", "a cat, mystyle, red", "(mystyle:1.3) apple", "a photo in MyStyle", "xmystyley", "xmystyle", "mylook cat", "MYLOOK",
        "deep red", "one red one", "a pair, a cat", "my(style)", "my style", "cat's cat", "a " * 73 + "mystyle", "a " * 60 + ", a b mystyle" + " b" * 20,
        "a " * 70 + "broad b", "mystyle mystyle",
    ],
}  # fmt: skip


def soup(rng):
    """Brackets and words in any order."""
    pieces = ["(", ")", "[", "]", ":", ":1.2)", ":0.7)", "\\", "\\(", "\\)", " ", "red ", "a cat, ", "apple", "BREAK", " AND ", "1.3"]
    return "".join(rng.choices(pieces, k=rng.randint(3, 24)))


def texts(syntax):
    rng = random.Random(syntax)
    return SHARED + LONG + CALLS[syntax] + [soup(rng) for _ in range(40)]


# ---------------------------------------------------------------------------------------------- files


def write_model(folder):
    shutil.rmtree(folder, ignore_errors=True)
    vocabulary = write_tokenizer(folder / "tokenizer", "<|endoftext|>", True)
    torch.manual_seed(15)
    config = dict(
        vocab_size=vocabulary, hidden_size=WIDTH, intermediate_size=8, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=77, hidden_act="quick_gelu", eos_token_id=vocabulary - 1, bos_token_id=vocabulary - 2)
    model = randomize(CLIPTextModel(CLIPTextConfig(**config)), torch.float16)
    (folder / "text_encoder").mkdir()
    save_file({key: value.half().contiguous() for key, value in model.state_dict().items()}, folder / "text_encoder" / "model.safetensors")
    (folder / "text_encoder" / "config.json").write_text(json.dumps({"model_type": "clip_text_model", **config}, indent=2) + "\n")
    index = {"text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"]}
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline", **index}, indent=2) + "\n")
    return model, CLIPTokenizer.from_pretrained(folder / "tokenizer", model_max_length=10**6)


def write_embeddings(folder):
    """Every layout; returns the vectors for the text encoder by file and row."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "sub").mkdir(parents=True)
    torch.manual_seed(16)
    files = {
        "mystyle": {"emb_params": torch.randn(3, WIDTH)}, "MyLook": {"emb_params": torch.randn(2, WIDTH).half()},
        "one": {"<one>": torch.randn(WIDTH)}, "cat": {"<cat>": torch.randn(1, WIDTH).bfloat16()},
        "pair": {"clip_l": torch.randn(2, WIDTH), "clip_g": torch.randn(2, 6)}, "sub/deep": {"*": torch.randn(2, WIDTH)},
        "broad": {"emb_params": torch.randn(8, WIDTH)},
    }  # fmt: skip
    for name, tensors in files.items():
        save_file(tensors, folder / f"{name}.safetensors")
    rows = {name: tensors.get("clip_l", next(iter(tensors.values()))).float() for name, tensors in files.items()}
    return {name: tensor.reshape(-1, WIDTH) for name, tensor in rows.items()}


def main():
    model, tokenizer = write_model(HERE / "model")
    vectors = write_embeddings(HERE / "embeddings")
    rows, table = {}, [model.get_input_embeddings().weight.data]
    for name, tensor in vectors.items():
        for index in range(len(tensor)):
            rows[f"{name}:{index}"] = len(table) - 1 + len(table[0])
            table.append(tensor[index : index + 1])
    extended = torch.nn.Embedding.from_pretrained(torch.cat(table))
    model.set_input_embeddings(extended)
    names = {name: [f"{name}:{index}" for index in range(len(tensor))] for name, tensor in vectors.items()}
    comfy_names = {**names, "deep": names["sub/deep"], "mystyle.safetensors": names["mystyle"]}

    published = CLIPTokenizer.from_pretrained(HERE.parent / "tokenizer" / "clip", model_max_length=10**6)
    cases, results = {}, {}
    for syntax, cut, known in (("comfyui", comfy_chunks, comfy_names), ("a1111", a1111_chunks, names)):
        cases[syntax] = []
        for index, text in enumerate(texts(syntax)):
            cases[syntax].append({"text": text, "chunks": cut(text, published, known)})
            if index < len(texts(syntax)) - 40:
                with torch.no_grad():
                    results[f"{syntax}.{index}"] = states(cut(text, tokenizer, known), syntax, tokenizer, model, rows).contiguous()
    lines = [f'"{syntax}": [\n' + ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in rows) + "\n]" for syntax, rows in cases.items()]
    (HERE / "prompts.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    save_file(results, HERE / "states.safetensors")


if __name__ == "__main__":
    main()
