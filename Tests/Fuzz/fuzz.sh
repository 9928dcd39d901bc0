#!/usr/bin/env bash
# usage: fuzz.sh SECONDS [TARGET...]: fuzzes each target for so long, in a build of its own.
# Inputs that crash, take over 5 seconds or over 512 MiB are kept as .build/fuzz/findings/TARGET-*.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=$1
shift
[ $# -gt 0 ] || set -- workflow expression safetensors gguf tokenizer vocabulary prompt png jpeg comfyui model entry
swift build -c release --scratch-path .build/fuzz --product Fuzz
mkdir -p .build/fuzz/findings
# A crash is the fuzzer's to report: Swift's own report would end the process before the input is kept.
export SWIFT_BACKTRACE=enable=no
failed=0
for target in "$@"; do
  corpus=.build/fuzz/corpus/$target
  mkdir -p "$corpus"
  .build/fuzz/release/Fuzz "$target" "$corpus" "Tests/Fixtures/fuzz/$target" \
    -max_total_time="$seconds" -timeout=5 -rss_limit_mb=512 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix=".build/fuzz/findings/$target-" || failed=1
done
exit $failed
