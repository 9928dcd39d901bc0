#!/bin/sh
# Tries the settings of this folder with Neovim and no window: try.sh [STEPGRAPH]. Needs nvim 0.7 or later.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
stepgraph=$(readlink -f "${1:-$(command -v stepgraph)}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/.git" "$folder/home"
cat > "$folder/sub.yaml" <<'YAML'
stepgraph: 1
inputs: {latent: {type: latent}}
nodes:
  twice: {node: RepeatLatent, in: {latent: inputs.latent}, with: {times: 2}}
outputs: {doubled: twice}
YAML
cat > "$folder/main.yaml" <<'YAML'
stepgraph: 1
# 🎨 text beyond the basic plane
nodes:
  start: {node: EmptyLaten}
  part: {graph: sub.yaml, in: {latent: start}}
  save: {node: SaveLatent, in: {latent: }, with: {path: a.safetensors}}
YAML
cd "$folder"
HOME="$folder/home" XDG_CACHE_HOME="$folder/home/.cache" STEPGRAPH_COMMAND="$stepgraph" STEPGRAPH_SETTINGS="$here/stepgraph.lua" \
  nvim --headless -u NONE -i NONE -n -c "luafile $here/try.lua" main.yaml
