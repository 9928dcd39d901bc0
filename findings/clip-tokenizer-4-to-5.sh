#!/usr/bin/env bash
# transformers 4.57.6 and 5.24.0 (ftfy 6.3.1; vocabulary of open_clip_torch 3.3.0): CLIPTokenizer gives other tokens since version 5.
#
# Guess:    one class name, one vocabulary: the same prompt has the same tokens; and what the tokenizer of OpenAI and open_clip does (mend the text
#           with ftfy, undo HTML entities) all CLIP tokenizers do.
# Instead:  4.57's CLIPTokenizer mended the text if ftfy was installed; its CLIPTokenizerFast never did, and 5's CLIPTokenizer is that one.
#           Typographic quotes, ligatures, full-width letters, entities and a final sigma now give other tokens, mostly more.
# Output:   it's with U+2019: 585 568 in 4.57, 585 728 503 338 in 5.24; quotes U+201C, U+201D: 257 against 728 506 and 728 507; fi ligature + ne: 3797 ("fine") against
#           171 105 223 1422; "a &amp; b": 320 261 321 against 320 261 6259 282 321. Plain ASCII, accents and CJK text agree.
# Matters:  prompts pasted from a text editor have such quotes: the same seed and model give another picture after the upgrade, and references made
#           with the two versions disagree. Say which of the two rules an encoder follows.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/old"
"$work/old/bin/pip" install --quiet --no-compile transformers==4.57.6 ftfy==6.3.1
python3 -m venv "$work/new"
"$work/new/bin/pip" install --quiet --no-compile transformers==5.24.0 ftfy==6.3.1
"$work/new/bin/pip" install --quiet --no-compile --no-deps --target "$work/clip" open_clip_torch==3.3.0
cd "$work"
cat > make_vocabulary.py <<'PY'
# The published merges as the two files CLIPTokenizer reads: 256 bytes, each also as a word's end, then the merges, then the two marks.
import gzip, json
merges = gzip.open("clip/open_clip/bpe_simple_vocab_16e6.txt.gz").read().decode().split("\n")[1:49152 - 256 - 2 + 1]
bytes_ = [*range(33, 127), *range(161, 173), *range(174, 256)]
letters = [chr(byte) for byte in bytes_] + [chr(256 + i) for i in range(256 - len(bytes_))]
words = letters + [letter + "</w>" for letter in letters] + [merge.replace(" ", "") for merge in merges] + ["<|startoftext|>", "<|endoftext|>"]
json.dump({word: i for i, word in enumerate(words)}, open("clip/vocab.json", "w"))
open("clip/merges.txt", "w").write("#version: 0.2\n" + "\n".join(merges) + "\n")
PY
cat > encode.py <<'PY'
import json
from transformers import CLIPTokenizer
tokenizer = CLIPTokenizer("clip/vocab.json", "clip/merges.txt")
texts = ["it\u2019s", "\u201ca cat\u201d", "\ufb01ne", "a &amp; b", "\u0391\u03a3", "\uff23\uff41\uff54", "it's 2024", "d'\u00e9t\u00e9", "\u65e5\u672c\u8a9e"]
print(json.dumps({text: tokenizer(text)["input_ids"][1:-1] for text in texts}))
PY
new/bin/python make_vocabulary.py
old/bin/python encode.py > old.json 2>/dev/null
new/bin/python encode.py > new.json 2>/dev/null
new/bin/python - <<'PY'
import json
old, new = json.load(open("old.json")), json.load(open("new.json"))
for text in old:
    print(ascii(text), old[text], new[text], "" if old[text] == new[text] else "DIFFERENT")
assert (old["it\u2019s"], new["it\u2019s"]) == ([585, 568], [585, 728, 503, 338])
assert (old["\u201ca cat\u201d"], new["\u201ca cat\u201d"]) == ([257, 320, 2368, 257], [728, 506, 320, 2368, 728, 507])
assert (old["\ufb01ne"], new["\ufb01ne"]) == ([3797], [171, 105, 223, 1422])
assert (old["a &amp; b"], new["a &amp; b"]) == ([320, 261, 321], [320, 261, 6259, 282, 321])
assert [text for text in old if old[text] == new[text]] == ["it's 2024", "d'\u00e9t\u00e9", "\u65e5\u672c\u8a9e"]
PY
