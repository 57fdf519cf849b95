#!/usr/bin/env bash
# Builds nothing: runs each defect of settled-mutant against the check that must find it, and says what found
# it and when. Exit 0 only where all were found, and where the same program without a defect was not.
#
#   tests/mutants/run.sh FOLDER_OF_THE_PROGRAMS [NAME…]        ./dev mutants --check [NAME…]
#
# Rounds stop at the first finding. Most are found in one of the first.
set -uo pipefail
bin=$1
shift
seed=${SEED:-1} rounds=${ROUNDS:-200}
by_rounds=(--rounds "$rounds" --seed "$seed")
declare -A check=(
  [ack_before_commit]="${by_rounds[*]}"
  [resend_without_inquiry]="${by_rounds[*]}"
  [no_unique_idempotency]="${by_rounds[*]}"
  [no_epoch_check]="--matrix F04"
  [release_hold_twice]="${by_rounds[*]}"
  [post_without_hold]="${by_rounds[*]}"
  [async_commit]="--matrix F32"
)
names=(none ack_before_commit resend_without_inquiry no_unique_idempotency no_epoch_check release_hold_twice
  post_without_hold async_commit)
(($# == 0)) || names=("$@")

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failed=0
for name in "${names[@]}"; do
  arguments=${check[$name]:-"--rounds 6 --seed $seed"}
  [[ $name == none || ${check[$name]:-} ]] || { echo "There is no mutant $name." >&2; exit 64; }
  began=$SECONDS
  # shellcheck disable=SC2086 # words
  "$bin/settled-drill" $arguments --quiet --program settled-mutant --env "MUTANT=$name" --folder "$out/$name" \
    >"$out/$name.txt" 2>&1
  code=$?
  case $code in
    0) colour=green ;;
    1) colour=red ;;
    *) colour="did not run ($code)" ;;
  esac
  # The round or the row, and the first thing that it found.
  where=$(grep -oE '^FAILED in round [0-9]+|^F[0-9]+' "$out/$name.txt" | head -1 | sed 's/^FAILED in //')
  what=$(grep -m1 -E '^  .* \| expected |^F[0-9]+.* FAILED ' "$out/$name.txt" | sed -E 's/^ +//; s/^F[0-9]+.* FAILED +[0-9]+ s +//')
  [[ $what ]] || what=$(sed -n '/^FAILED/,$p' "$out/$name.txt" | sed -n 3p | sed -E 's/^ +//')
  [[ $code == 0 && $arguments != --matrix* ]] && where= && what=
  [[ $code == 0 || $code == 1 ]] || what=$(tail -1 "$out/$name.txt")
  expected=red
  [[ $name == none ]] && expected=green
  [[ $colour == "$expected" ]] || { failed=1; colour="$colour, must be $expected"; }
  printf '%-24s %-8s %4d s  %s%s\n' "$name" "$colour" $((SECONDS - began)) "$where" "${what:+: ${what:0:220}}"
  rm -rf "${out:?}/$name"
done
exit $failed
