#!/usr/bin/env bash
# tokenizers 0.23.3, sentencepiece 0.2.3 (protobuf 7.36.2): with the same normalization rules (nmt_nfkc, those of T5) tokenizers loses accents that sentencepiece keeps.
#
# Guess:    tokenizer.json carries sentencepiece's own table (precompiled_charsmap), so both normalize every text alike.
# Instead:  sentencepiece replaces the longest match at each place of the text. tokenizers cuts the text into graphemes, looks a grapheme of fewer than 6
#           bytes up by its SHORTEST matching prefix and drops the rest of it; a longer grapheme is looked up character by character. So of a letter
#           with two combining marks the second is lost, and what composes from 3-byte characters stays apart.
# Output:   "tiếng Việt" in NFD (as macOS writes it): sentencepiece ti\u1ebfng Vi\u1ec7t, tokenizers ti\xeang Vi\u1eb9t (another word). Half-width katakana
#           GA (U+FF76 U+FF9E): \u30ac against \u30ab\u3099; Hangul in NFD: composed against not. One mark (cafe + U+0301), and NFC but for
#           half-width kana, agree. T5's shipped tokenizer.json does the same to the Vietnamese words.
# Matters:  T5, UMT5, mT5 and XLM-R encoders of picture models are run with tokenizers by diffusers and ComfyUI, with sentencepiece by their trainers and
#           by C++ programs: the same prompt gives other tokens. Compose (NFC) the text first, then they agree.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile tokenizers==0.23.3 sentencepiece==0.2.3 protobuf==7.36.2
cd "$work"
"$work/venv/bin/python" - 2> "$work/errors" <<'PY' || { cat "$work/errors" >&2; exit 1; }
import unicodedata
import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import normalizers

open("corpus.txt", "w").write("a photo of a cat on a mat\n" * 100)
sentencepiece.SentencePieceTrainer.train(input="corpus.txt", model_prefix="small", vocab_size=16, hard_vocab_limit=False,
                                         normalization_rule_name="nmt_nfkc", minloglevel=2)
reference = sentencepiece.SentencePieceProcessor(model_file="small.model")
model = sentencepiece_model_pb2.ModelProto.FromString(open("small.model", "rb").read())
ported = normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap)

def both(text):
    return reference.normalize(text).lstrip("\u2581").replace("\u2581", " "), ported.normalize_str(text)

nfd = lambda text: unicodedata.normalize("NFD", text)
cases = {
    nfd("ti\u1ebfng Vi\u1ec7t"): ("ti\u1ebfng Vi\u1ec7t", "ti\xeang Vi\u1eb9t"),
    nfd("ph\u1edf"): ("ph\u1edf", "ph\u01a1"),
    nfd("\ud55c"): ("\ud55c", "\u1112\u1161\u11ab"),
    "\uff76\uff9e": ("\u30ac", "\u30ab\u3099"),
    "\xb2\u0301": ("2\u0301", "2"),
    # agreement
    nfd("caf\xe9"): ("caf\xe9", "caf\xe9"),
    "ti\u1ebfng Vi\u1ec7t": ("ti\u1ebfng Vi\u1ec7t", "ti\u1ebfng Vi\u1ec7t"),
    "\ufb01ne \uff23\u2460": ("fine C1", "fine C1")}
for text, wanted in cases.items():
    seen = both(text)
    print(ascii(text), "sentencepiece", ascii(seen[0]), "tokenizers", ascii(seen[1]), "" if seen[0] == seen[1] else "DIFFERENT")
    assert seen == wanted
PY
