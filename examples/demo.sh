#!/bin/sh
# A model server whose GPUs react to load, a run against it, and the joules that
# the run found beside the true ones. usage: examples/demo.sh, after make build
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/bin:$PATH

work=$(mktemp -d)
sim=
cleanup() {
	[ -z "$sim" ] || kill "$sim" 2>/dev/null || :
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

sim --listen 127.0.0.1:0 --dcgm-listen 127.0.0.1:0 --ready "$work/urls" \
	--gpus 2 --spread 0.2 --refresh 100ms --jitter 0.1 --seed 1 --truth "$work/truth.ndjson" >"$work/sim.log" &
sim=$!
while [ ! -e "$work/urls" ]; do
	kill -0 "$sim" || exit
	sleep 0.1
done
llm=$(sed -n 's/^llm //p' "$work/urls")
dcgm=$(sed -n 's/^dcgm //p' "$work/urls")

set -x
aiperf-profile --model sim-model --url "$llm" --endpoint-type chat --streaming \
	--synthetic-input-tokens-mean 100 --output-tokens-mean 150 --output-tokens-stddev 20 \
	--concurrency 8 --request-count 80 --warmup-request-count 4 --random-seed 100 \
	--gpu-telemetry "$dcgm" --artifact-dir "$work/artifacts"
{ set +x; } 2>/dev/null

kill "$sim"
wait "$sim" || :
sim=
truth "$work/truth.ndjson" "$work/artifacts/merged.ndjson"
