#!/usr/bin/env bash
# The demonstration: train on real data, re-execute the record elsewhere, lose nothing to kill -9, find the bit that a broken machine
# got wrong.
# Usage: demo.sh TESSERA_PROGRAM    (./dev demo builds the program and calls this)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly tessera=$1
readonly config=examples/train/digits.toml
store=$(mktemp -d "${TMPDIR:-/tmp}/tessera-demo-XXXXXX")
readonly store
trap 'rm -rf "$store"' EXIT

readonly started=$SECONDS
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() {  # prints a command as a user would type it, then runs it
  printf '\033[2m$ tessera %s\033[0m\n' "$*"
  "$tessera" "$@"
}
differ() { show diff "$@" && exit 1 || (($? == 1)); }  # a difference is what is expected
seal_of() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["seal"])' "$store/$1/seal.json"; }

say "1. Train a small convolutional network on 1,797 handwritten digits."
show train "$config" --store "$store" --name first

say "2. How good is it on the digits that it never saw?"
show evaluate "$store/first" data/digits.csv

say "3. Re-execute the record with one thread: the same bits, or the first place where they differ."
show verify "$store/first" --threads 1

say "4. The same with the reference backend, plain loops without vector instructions (a shorter run: it is slow)."
show train "$config" --store "$store" --name short --set training.epochs=1 --quiet
show verify "$store/short" --backend reference

say "5. Train again, and kill the process with SIGKILL in the middle."
"$tessera" train "$config" --store "$store" --name second --quiet &
victim=$!
for _ in {1..400}; do
  lines=$( (wc -l <"$store/second/chain.jsonl") 2>/dev/null || echo 0)
  ((lines > 150)) && break
  sleep 0.05
done
kill -9 $victim
wait $victim 2>/dev/null || true
show runs --store "$store"
say "   ... and resume it with three threads."
show resume "$store/second" --threads 3

say "6. The seals, one number for claim, every step and the final weights:"
printf '   uninterrupted       %s\n' "$(seal_of first)"
printf '   killed and resumed  %s\n' "$(seal_of second)"
[[ $(seal_of first) == "$(seal_of second)" ]] || { echo "the seals differ: please report this" >&2; exit 1; }
say "7. A machine with a broken memory: one bit of one weight flips at the beginning of step 700. Nothing fails, and nothing is said."
export TESSERA_PLANT_FAULT="step=700 tensor=model.3.weight element=1234 bit=9"
"$tessera" train "$config" --store "$store" --name broken --quiet 2>&1 | grep -v 'fault'
unset TESSERA_PLANT_FAULT
say "   Why does this run differ from the first? Both are re-executed here, on a sound machine."
differ "$store/first" "$store/broken" --quiet
say "   So the broken machine leaves a trace of these steps, which is copied here and compared with the first run."
TESSERA_PLANT_FAULT="step=700 tensor=model.3.weight element=1234 bit=9" \
  "$tessera" trace "$store/broken" --from 699 --to 700 --values --output "$store/broken.trace" --quiet 2>/dev/null
differ "$store/first" "$store/broken.trace" --quiet
say "The same bits where they should be, and the one that is not by name. It took $((SECONDS - started)) seconds."
