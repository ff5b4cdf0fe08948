# make build, make test, make demo; make help lists the rest.

PREFIX   = /usr/local
DESTDIR  =
FUZZTIME = 20s
COUNT    = 1
SOAK     = 10m

commands = aiperf-load aiperf-scrape aiperf-merge aiperf-report aiperf-profile
bindir   = $(DESTDIR)$(PREFIX)/bin
gobuild  = CGO_ENABLED=0 go build -trimpath -buildvcs=auto

.PHONY: all build test test-tokenizers test-llamacpp test-prometheus test-aiperf test-page test-jobs race fuzz bench bench-peers bench-duckdb soak test-aiperf-report bench-report lint demo install clean help

all: build lint test  ## build, lint and test

build:  ## the commands and the simulator, static, in bin/
	$(gobuild) -o bin/ ./cmd/... ./examples/...
	cp examples/aiperf-profile bin/

test:  ## all tests
	go test ./...
	go -C tools test ./...

test-tokenizers:  ## token counts against the Rust tokenizers (needs node and npm)
	tools/test-tokenizers

test-prometheus:  ## telemetry read back from a real Prometheus (installs Debian's if there is none)
	tools/test-prometheus

test-aiperf: build  ## AIPerf's numbers from AIPerf's own files, of a fresh run of it (needs Python)
	tools/test-aiperf

test-page:  ## the HTML page in a real Chromium (installs Debian's if there is none)
	tools/test-page

test-jobs:  ## examples/jobs against the API types and systemd's own check
	tools/test-jobs

race:  ## all tests but the long ones under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race -short ./...

fuzz:  ## every fuzz target for FUZZTIME=20s
	tools/fuzz $(FUZZTIME)

bench:  ## every benchmark COUNT=1 times, into bench.txt
	go test -run '^$$' -bench . -benchmem -count $(COUNT) ./... >bench.txt; s=$$?; cat bench.txt; exit $$s

bench-peers: build  ## aiperf-load beside AIPerf and others, one server (slow; needs Python)
	tools/bench-peers

bench-duckdb:  ## aiperf-merge beside DuckDB's ASOF join and beside sort -m (slow; needs Python)
	tools/bench-duckdb

test-llamacpp: build  ## aiperf-load against llama.cpp, which is built first (slow)
	tools/test-llamacpp

test-aiperf-report: build  ## AIPerf loads, computes again and plots the files of aiperf-profile (needs Python)
	tools/test-aiperf-report

bench-report: build  ## aiperf-report beside DuckDB on a million requests of 200 gaps (2.5 GB; needs Python)
	tools/bench-report

soak:  ## a thousand sources once a second for SOAK=10m; wants an idle machine
	AIPERF_SOAK=$(SOAK) go test -run '^TestSoak$$' -count 1 -timeout 48h -v ./cmd

lint:  ## gofmt, go vet, go fix, staticcheck; sh -n and, if there is one, shellcheck
	tools/lint

demo: build  ## a simulated server, a run against it, and its joules beside the truth
	examples/demo.sh

install: build  ## into PREFIX=/usr/local
	install -d "$(bindir)"
	install -m 755 $(commands:%=bin/%) "$(bindir)"

clean:  ## remove what was built
	rm -rf bin bench.txt

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##/\1	/p' Makefile | expand -t 17
