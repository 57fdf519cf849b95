#!/usr/bin/env bash
# The demonstration behind `./dev demo`: eight banks, their accounts and funds, two files of orders, the books
# checked at the end. May be run again at any time, also after it was interrupted: accounts are opened where
# they are missing, fundings and orders carry keys that let them happen once.
#
# Needs a running settled (`./dev run` in another terminal), found by SETTLED_DATA_DIR (./settled-dev) or
# SETTLED_URL and SETTLED_API_KEY. Ends with the exit code of `settlectl verify`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
settlectl=${SETTLECTL:-$here/../build/release/bin/settlectl}
data_dir=${SETTLED_DATA_DIR:-./settled-dev}
out=${SETTLED_DEMO_OUT:-$data_dir/demo}

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || say() { printf '\n%s\n' "$*"; }
ctl() { "$settlectl" --data-dir "$data_dir" "$@"; }

[ -x "$settlectl" ] || { echo "$settlectl is not there. Build it: ./dev build" >&2; exit 69; }
if [ -z "${SETTLED_URL:-}" ] && [ ! -e "$data_dir/endpoint.json" ]; then
  echo "Waiting for a settled in $data_dir. In another terminal: ./dev run" >&2
fi
for attempt in $(seq 1 120); do
  if error=$(ctl account list --json 2>&1 >/dev/null); then break; fi
  if [ "$attempt" = 120 ]; then
    printf 'No settled has answered for 60 s. %s\nStart one in another terminal: ./dev run\n' "$error" >&2
    exit 69
  fi
  sleep 0.5
done
mkdir -p "$out"

# Invented banks. Six keep West African francs with us, two keep cedis; one of them is poor on purpose.
say "1. Accounts of eight banks"
vostro() { # bank currency funds name
  ctl account open --if-missing --kind vostro --bank "$1" --currency "$2" --name "$4" >/dev/null
  ctl account fund "$3" "$2" --bank "$1" --kind vostro --key "demo-1-vostro-$1-$2" >/dev/null
}
nostro() { # bank currency funds name [--default]
  ctl account open --if-missing --kind nostro --bank "$1" --currency "$2" --name "$4" ${5:-} >/dev/null
  ctl account fund "$3" "$2" --bank "$1" --kind nostro --key "demo-1-nostro-$1-$2" >/dev/null
}
vostro ABIDCIAB XOF 1000000000 "Banque Lagune, Abidjan"
vostro DAKRSNDA XOF 1000000000 "Crédit Teranga, Dakar"
vostro COTOBJBJ XOF 1000000000 "Banque du Littoral, Cotonou"
vostro BAMKMLBA XOF 1000000000 "Banque Djoliba, Bamako"
vostro OUAGBFBF XOF 1000000000 "Crédit Mossi, Ouagadougou"
vostro LOMETGTG XOF 2500000 "Caisse du Golfe, Lomé"
vostro ACCRGHAC GHS 5000000.00 "Black Star Bank, Accra"
vostro KUMAGHKU GHS 5000000.00 "Ashanti Trust, Kumasi"
nostro DAKRSNDA XOF 2000000000 "our francs in Dakar" --default
nostro ABIDCIAB XOF 2000000000 "our francs in Abidjan"
nostro KUMAGHKU GHS 5000000.00 "our cedis in Kumasi" --default
nostro ACCRGHAC GHS 5000000.00 "our cedis in Accra"
ctl account list --kind vostro

settle() { # file result
  local code=0
  ctl settle "$1" --out "$2" || code=$?
  # 1: some orders failed, as they must. 2: some wait for their bank; verify shows them as pending.
  [ "$code" -le 2 ] || exit "$code"
}
say "2. A CSV file of 1 000 orders; some must fail: no funds, unknown bank, wrong decimals, a duplicate"
settle "$here/settlements-2026-11-20.csv" "$out/settlements.result.csv"

say "3. An ISO 20022 file (pain.001.001.09) of 20 credit transfers"
settle "$here/pain001-2026-11-20.xml" "$out/pain001.result.csv"

say "4. Balances"
ctl account list --kind vostro
ctl account list --kind nostro

example=$(awk -F, '$4 == "COMPLETED" { print $3; exit }' "$out/settlements.result.csv")
if [ -n "$example" ]; then
  say "5. The way of one settlement"
  ctl timeline "$example"
fi

say "6. Are the books right, and did the bank do exactly what they say?"
{
  echo id
  awk -F, 'FNR > 1 && $3 != "" { print $3 }' "$out/settlements.result.csv" "$out/pain001.result.csv"
} >"$out/acknowledged.txt"
code=0
ctl verify --acknowledged "$out/acknowledged.txt" || code=$?
exit "$code"
