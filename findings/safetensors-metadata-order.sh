#!/usr/bin/env bash
# safetensors 0.8.0 (NumPy 2.4.6): the same tensors with the same metadata give another file on every save.
#
# Guess:    a file is a function of its tensors and its metadata, so that equal contents have equal checksums.
# Instead:  the entries of __metadata__ come out in a random order, a new one at every call, even within one process. Tensors are
#           always in the same order (wider element types first, then by name). A file with one entry ({"format": "pt"}) is stable,
#           which is why it is seldom noticed.
# Output:   8 metadata entries: 20 saves, 20 different files; 2 entries: 20 saves, 2 different files; 1 entry: 20 saves, 1 file.
#           Without the metadata's order all 20 headers are equal.
# Matters:  a cache, a build or a download that identifies a model by the digest of its file takes an unchanged LoRA (trainers write
#           dozens of entries) for a new one. Compare the tensors' bytes, or sort the header before hashing; a writer of one's own
#           should sort.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile safetensors==0.8.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PY'
import hashlib, json
import numpy as np
from safetensors.numpy import save

tensors = {"b": np.zeros(3, np.uint8), "a": np.zeros(2, np.float16), "c": np.zeros(2, np.float32), "aa": np.zeros(1, np.int64)}

def header(file):
    return json.loads(file[8:8 + int.from_bytes(file[:8], "little")])

def files(entries):
    metadata = {f"key{i}": str(i) for i in range(entries)}
    return [save(tensors, metadata) for _ in range(20)]

for entries, different in ((8, lambda n: n > 10), (2, lambda n: n == 2), (1, lambda n: n == 1)):
    made = files(entries)
    count = len({hashlib.sha256(file).hexdigest() for file in made})
    print(f"{entries} metadata entries: 20 saves, {count} different files")
    assert different(count)
    assert len({json.dumps(header(file), sort_keys=True) for file in made}) == 1
    assert {tuple(name for name in header(file) if name != "__metadata__") for file in made} == {("aa", "c", "a", "b")}
    assert len({file[8 + int.from_bytes(file[:8], "little"):] for file in made}) == 1
PY
