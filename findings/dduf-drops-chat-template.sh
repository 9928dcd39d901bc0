#!/usr/bin/env bash
# huggingface_hub 2.4.0 (transformers 5.24.0): packing a pipeline's folder as a DDUF file leaves the chat template out, without a word.
#
# Guess:    export_folder_as_dduf packs the folder, and raises if it meets a file the format does not allow.
# Instead:  it takes .json, .model, .safetensors and .txt at most one folder deep and skips everything else silently (a message at debug level).
#           transformers 5 saves a tokenizer's chat template as chat_template.jinja, so it is lost; .gguf and .bin weights as well.
# Output:   folder: chat_template.jinja, tokenizer.json, tokenizer_config.json; archive: the last two. A tokenizer loaded from what is in the
#           archive has no template, and apply_chat_template raises ValueError.
# Matters:  FLUX.2 klein, Z-Image and Qwen-Image encode every prompt through the chat template of a Qwen tokenizer: such a DDUF cannot be
#           run as it is. A reader should know the family's template, a writer should check that what it packed is all there was.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile huggingface_hub==2.4.0 transformers==5.24.0 jinja2==3.1.6
cd "$work"
"$work/venv/bin/python" - 2> "$work/errors" <<'PY' || { cat "$work/errors" >&2; exit 1; }
import json, os, zipfile
from huggingface_hub import export_folder_as_dduf, read_dduf_file
from tokenizers import Tokenizer, models
from transformers import AutoTokenizer, PreTrainedTokenizerFast

tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"a": 0, "cat": 1}, unk_token="a")))
tokenizer.chat_template = "<|im_start|>user\n{{ messages[0]['content'] }}<|im_end|>\n"
tokenizer.save_pretrained("pipeline/tokenizer")
os.makedirs("pipeline/transformer")
open("pipeline/transformer/config.json", "w").write("{}")
open("pipeline/transformer/model.gguf", "wb").write(b"GGUF")
json.dump({"_class_name": "X", "tokenizer": ["transformers", "PreTrainedTokenizerFast"], "transformer": ["diffusers", "Y"]}, open("pipeline/model_index.json", "w"))

export_folder_as_dduf("pipeline.dduf", "pipeline")
there = sorted(os.path.relpath(os.path.join(folder, name), "pipeline") for folder, _, names in os.walk("pipeline") for name in names)
packed = sorted(read_dduf_file("pipeline.dduf"))
print("in the folder", there)
print("left out     ", sorted(set(there) - set(packed)))
assert sorted(set(there) - set(packed)) == ["tokenizer/chat_template.jinja", "transformer/model.gguf"]

zipfile.ZipFile("pipeline.dduf").extractall("unpacked")
prompt = [{"role": "user", "content": "a cat"}]
print("before", repr(AutoTokenizer.from_pretrained("pipeline/tokenizer").apply_chat_template(prompt, tokenize=False)))
loaded = AutoTokenizer.from_pretrained("unpacked/tokenizer")
assert loaded.chat_template is None
try:
    loaded.apply_chat_template(prompt, tokenize=False)
    raise SystemExit("the template is there now")
except ValueError as error:
    print("after ", type(error).__name__, str(error)[:80])
PY
