"""Computes with DuckDB what aiperf-report's table shows.

usage: report.py FILE                     print it
       report.py --compare FILE COMMAND   and compare it with the command's
"""
import json
import subprocess
import sys

import duckdb

PERCENTILES = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
METRICS = {
    "request_latency": "took",
    "time_to_first_token": "ttft",
    "time_to_second_token": "gaps[2]",
    "decode_duration": "took - ttft",
    "inter_token_latency": "(took - ttft) / (tokens.out - 1)",
    "output_token_throughput_per_user": "(tokens.out - 1) / (took - ttft)",
    "e2e_output_token_throughput": "tokens.out / took",
    "prefill_throughput_per_user": 'tokens."in" / ttft',
    "output_sequence_length": "tokens.out",
    "input_sequence_length": 'tokens."in"',
    "request_energy": "gpu.energy",
    "request_energy_per_output_token": "gpu.energy / tokens.out",
}
COLUMNS = """{type: 'VARCHAR', phase: 'VARCHAR', took: 'DOUBLE', ttft: 'DOUBLE', gaps: 'DOUBLE[]',
    tokens: 'STRUCT("in" BIGINT, "out" BIGINT)', error: 'JSON', gpu: 'STRUCT(energy DOUBLE)'}"""


def statistics(x):
    return f"avg({x}), min({x}), max({x}), stddev_pop({x}), quantile_cont({x}, {PERCENTILES})"


def query(file):
    c = duckdb.connect()
    c.execute(f"""create temp table r as select took, ttft, gaps, tokens, gpu
        from read_json('{file}', format = 'newline_delimited', maximum_object_size = 67108864, columns = {COLUMNS})
        where type = 'request' and phase = 'profiling' and error is null""")
    row = c.execute("select " + ", ".join(statistics(x) for x in METRICS.values()) + " from r").fetchone()
    found = {tag: row[5 * i : 5 * i + 5] for i, tag in enumerate(METRICS)}
    found["inter_chunk_latency"] = c.execute(
        f"select {statistics('g')} from (select unnest(gaps[2:]) g from r)").fetchone()
    return found


def compare(found, file, command):
    text = subprocess.run([command, "-q", "--format", "ndjson", file], check=True, capture_output=True, text=True).stdout
    ours = {}
    for line in text.splitlines():
        m = json.loads(line)
        ours[m["tag"]] = m
    n = 0
    for tag, (avg, least, most, std, quantiles) in found.items():
        theirs = {"avg": avg, "min": least, "max": most, "std": std}
        theirs |= {f"p{round(100 * p)}": q for p, q in zip(PERCENTILES, quantiles)}
        for stat, x in theirs.items():
            y = ours[tag][stat]
            n += 1
            if abs(x - y) > 1e-6 * abs(x) + 1e-9:
                sys.exit(f"{tag}.{stat}: DuckDB says {x}, aiperf-report {y}")
    print(f"{n} numbers are the same")


if sys.argv[1] == "--compare":
    compare(query(sys.argv[2]), sys.argv[2], sys.argv[3])
else:
    for tag, x in query(sys.argv[1]).items():
        print(tag, *x)
