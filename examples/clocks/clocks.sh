#!/bin/sh
# Two hosts, one of them with a clock that is 400 ms fast: what that does to the
# joules, how to notice, and how to mend it. usage: clocks.sh [DIRECTORY], with the commands and
# sim in PATH; it leaves what it records in DIRECTORY
set -eu

work=${1:-$(mktemp -d)}
mkdir -p "$work"
cd "$work"
rm -f node[12].urls node[12].ndjson
running=
cleanup() {
	for pid in $running; do
		kill "$pid" 2>/dev/null || :
	done
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# await PATTERN FILE…: wait until each file has a line like that
await() {
	pattern=$1
	shift
	for file in "$@"; do
		until grep -q "$pattern" "$file" 2>/dev/null; do
			for pid in $running; do
				kill -0 "$pid" || exit
			done
			sleep 0.1
		done
	done
}

# Each host has a model server, a GPU, and a scraper of its own.
for host in node1 node2; do
	sim --host $host --listen 127.0.0.1:0 --dcgm-listen 127.0.0.1:0 --ready $host.urls \
		--gpus 1 --seed 1 --refresh 50ms --tau 50ms --itl 4ms >$host.log &
	running="$running $!"
done
await '^dcgm' node1.urls node2.urls
url() { sed -n "s/^$2 //p" "$1.urls"; }
scrapers=
for host in node1 node2; do
	aiperf-scrape --quiet --no-default --interval 50ms -o $host.ndjson "$(url $host dcgm)" &
	running="$running $!"
	scrapers="$scrapers $!"
done
await '"type":"gpu"' node1.ndjson node2.ndjson
sleep 0.6 # or the readings of a fast clock would begin behind the load

# Requests by turns that take some 200 ms each, in bursts, as by chance: a load
# that repeats itself would not tell by how much the power is late.
aiperf-load --quiet -m sim-model -u "$(url node1 llm)" -u "$(url node2 llm)" --streaming \
	--isl 20 --osl 40 --request-rate 6 --arrival-pattern gamma --arrival-smoothness 0.1 \
	--request-count "${REQUESTS:-24}" --random-seed 1 -o load.ndjson
sleep 0.6 # or those of a slow one would end before it
for pid in $scrapers; do
	kill -INT "$pid"
	wait "$pid" || :
done

# What node2 would have written if its clock had been fast.
mkdir -p skewed
aiperf-merge --quiet --no-attribute --offset node2.ndjson=+400ms -o skewed/node2.ndjson node2.ndjson

# energy FILE: what became of the joules of each GPU
energy() {
	sed -n 's/.*"type":"energy".*"scope":"gpu".*"host":"\([^"]*\)".*"requests":\([0-9]*\).*"idle":\([0-9]*\).*"verdict":"\([a-z]*\)".*/\1 requests \2 J, idle \3 J, \4/p' "$1"
}

echo 'The clocks agree:'
aiperf-merge --quiet -o true.ndjson load.ndjson node1.ndjson node2.ndjson
energy true.ndjson

echo 'The clock of node2 is 400 ms fast:'
aiperf-merge -o symptom.ndjson load.ndjson node1.ndjson skewed/node2.ndjson 2>&1
energy symptom.ndjson

echo 'With --offset skewed/node2.ndjson=-400ms:'
aiperf-merge --quiet --offset skewed/node2.ndjson=-400ms -o cure.ndjson load.ndjson node1.ndjson skewed/node2.ndjson
energy cure.ndjson
cmp true.ndjson cure.ndjson

echo 'With --offset node2=-400ms, in a stream that was merged before:'
aiperf-merge --quiet --no-attribute -o mixed.ndjson load.ndjson node1.ndjson skewed/node2.ndjson
aiperf-merge --quiet --offset node2=-400ms -o mixedcure.ndjson mixed.ndjson
energy mixedcure.ndjson

echo 'With --align, which takes off the delay of the power itself, too:'
aiperf-merge --quiet --align -o aligned.ndjson load.ndjson node1.ndjson skewed/node2.ndjson
energy aligned.ndjson
