#!/usr/bin/env bash
# Tries the completions of bash, zsh and fish, those that are installed, as a person at the keyboard would: by the scripts that
# the command writes, through the shells' own machinery. Usage: try.sh STEPGRAPH
set -u
stepgraph=$(readlink -f "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
root=$(cd "$(dirname "$0")/../.." && pwd)
export PATH=$(dirname "$stepgraph"):$PATH XDG_CACHE_HOME=$folder/cache HOME=$folder
cp "$root/Graphs/txt2img.yaml" "$folder/graph.yaml"
cd "$folder"
failed=0

# expect SHELL WHAT WANTED CANDIDATES
expect() {
  if grep -qxF -- "$3" <<<"$4"; then echo "$1: $2: $3"; else echo "$1: $2: '$3' is not among:" "$4" >&2; failed=1; fi
}

cases=(
  "subcommands|stepgraph ex|explain"
  "files|stepgraph run gra|graph.yaml"
  "node types|stepgraph nodes DDI|DDIMStep"
  "params|stepgraph run graph.yaml --set ste|steps="
  "addresses|stepgraph run graph.yaml --target ima|image"
  "addresses in loops|stepgraph explain graph.yaml sample[0]/ep|sample[0]/eps"
  "options|stepgraph run graph.yaml --swe|--sweep"
)

if command -v bash >/dev/null; then
  stepgraph --generate-completion-script bash > bash.sh
  for case in "${cases[@]}"; do
    IFS='|' read -r what line wanted <<<"$case"
    candidates=$(bash --norc -c '
      source ./bash.sh
      line=$1
      read -ra COMP_WORDS <<<"$line"
      COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$line; COMP_POINT=${#line}
      function_name=$(complete -p stepgraph | sed "s/.*-F \([^ ]*\).*/\1/")
      $function_name stepgraph "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}" 2>/dev/null
      printf "%s\n" "${COMPREPLY[@]}"' _ "$line" | sed 's/ *$//; s/\\//g')
    expect bash "$what" "$wanted" "$candidates"
  done
fi

if command -v fish >/dev/null; then
  stepgraph --generate-completion-script fish > fish.fish
  for case in "${cases[@]}"; do
    IFS='|' read -r what line wanted <<<"$case"
    # fish 3 tells where the cursor is at a terminal only, which script(1) gives it.
    rm -f candidates
    (sleep 0.5; printf 'complete -C "%s" > candidates\nexit\n' "$line"; sleep 1.5) \
      | TERM=dumb script -qec "fish --no-config -i --init-command 'source fish.fish'" /dev/null >/dev/null 2>&1
    candidates=$(cut -f1 candidates)
    expect fish "$what" "$wanted" "$candidates"
  done
fi

if command -v zsh >/dev/null; then
  mkdir -p functions
  stepgraph --generate-completion-script zsh > functions/_stepgraph
  for case in "${cases[@]}"; do
    IFS='|' read -r what line wanted <<<"$case"
    # zsh completes at a terminal only: it is given one of its own, and shows what it puts in the line.
    candidates=$(LINE=$line zsh -f -c '
      zmodload zsh/zpty
      zpty shell zsh -f -i
      zpty -w shell "PS1=; fpath=($PWD/functions \$fpath); autoload -Uz compinit; compinit -u -D; zstyle \":completion:*\" list-colors; setopt no_list_ambiguous; bindkey \"^I\" complete-word; echo rea\"\"dy"
      zpty -r -m shell out "*ready*"
      zpty -n -w shell "$LINE"$'"'\t'"'
      sleep 2
      zpty -r -t shell out "*" ; print -r -- "$out"
      while zpty -r -t shell more; do print -r -- "$more"; done
      zpty -d shell' 2>/dev/null | sed 's/\x1b\[[0-9;?]*[A-Za-z]//g; s/\x07//g' | tr -s '\r ' '\n\n' | sed 's/\\//g')
    expect zsh "$what" "$wanted" "$candidates"
  done
fi
exit $failed
