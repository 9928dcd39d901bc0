#!/bin/sh
# Tries the settings of this folder with Emacs and no window: try.sh [STEPGRAPH]. Needs Emacs with eglot (elpa-eglot before 29).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
stepgraph=$(readlink -f "${1:-$(command -v stepgraph)}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin" "$folder/home"
ln -s "$stepgraph" "$folder/bin/stepgraph"
printf 'stepgraph: 1\nnodes:\n  start: {node: EmptyLaten}\n' > "$folder/main.yaml"
printf 'services:\n  web: {image: nginx}\n' > "$folder/other.yaml"
cd "$folder"
HOME="$folder/home" XDG_CACHE_HOME="$folder/home/.cache" PATH="$folder/bin:$PATH" \
  emacs --batch -l package -f package-initialize -l "$here/stepgraph.el" -l "$here/try.el"
