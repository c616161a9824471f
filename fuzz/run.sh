#!/usr/bin/env bash
# One fuzz target for some seconds: fuzz/run.sh SECONDS TARGET. Prints one line; `./dev fuzz` builds and calls it. First every
# committed input runs, then what libFuzzer makes of them; inputs that reach new code are kept in build/fuzz/corpus.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=$1 name=$2
program=build/fuzz/bin/fuzz_$name committed=fuzz/corpus/$name found=build/fuzz/corpus/$name
crashes=build/fuzz/crashes/$name log=build/fuzz/fuzz_$name.log
mkdir -p "$found" "$crashes"

fail() {  # prints the inputs that stopped the target, with the commands to run them again
  printf '%-15s FAILED: %s\n' "$name" "$(grep -am1 -E 'SUMMARY|ERROR' "$log" || tail -n 1 "$log")"
  local input
  for input in "$crashes"/*; do
    [[ -f $input ]] && echo "    again: $program $input"
  done
  echo "    log: $log"
  exit 1
}

options=(-rss_limit_mb=1024 -malloc_limit_mb=256 -timeout=10 -artifact_prefix="$crashes/")
"$program" "${options[@]}" "$committed"/* >"$log" 2>&1 || fail
[[ -f fuzz/dictionaries/$name ]] && options+=(-dict="fuzz/dictionaries/$name")
"$program" "${options[@]}" -max_total_time="$seconds" -max_len=4096 -print_final_stats=1 "$found" "$committed" \
  >"$log" 2>&1 || fail
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
coverage=$(grep -ao 'cov: [0-9]*' "$log" | tail -n 1)
printf '%-15s passed: %s inputs, %s edges covered\n' "$name" "$runs" "${coverage#cov: }"
