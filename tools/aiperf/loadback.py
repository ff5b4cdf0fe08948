"""Loads the files of an artifact directory with AIPerf's own models, and computes
their numbers again with AIPerf's own functions.

usage: loadback.py DIRECTORY
"""
import json
import sys
from pathlib import Path

import numpy as np
from aiperf.analysis import sweepline
from aiperf.analysis.sweepline_kv_cache import tokens_in_flight_sweep_line_icl
from aiperf.common.models.export_models import JsonExportData, TimesliceCollectionExportData
from aiperf.common.models.record_models import MetricRecordInfo
from aiperf.common.models.telemetry_models import TelemetryRecord
from aiperf.metrics.metric_dicts import metric_result_from_array

art = Path(sys.argv[1])
STATS = ["avg", "min", "max", "sum", "std", "p1", "p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99"]
bad = []
compared = 0


def same(what, ours, theirs, tolerance=1e-9):
    global compared
    compared += 1
    if ours is None or abs(ours - theirs) > tolerance * max(1, abs(theirs)):
        bad.append(f"{what}: {ours}, and by AIPerf {theirs}")


def lines(name, model):
    text = (art / name).read_text().splitlines()
    found = [model.model_validate_json(line) for line in text]
    print(f"ok    {name}: {len(found)} lines are {model.__name__}")
    return found


def summary():
    data = json.loads((art / "profile_export_aiperf.json").read_text())
    export = JsonExportData.model_validate(data)
    assert export.input_config is not None, "there is no input_config"
    assert export.telemetry_data is not None and export.telemetry_data.endpoints, "there is no telemetry_data"
    phase = export.input_config.phases[-1]
    print(f"ok    profile_export_aiperf.json is JsonExportData; models {[m.name for m in export.input_config.models.items]}, "
          f"phase {phase.name} of type {phase.type}")
    return data


def distributions(data, records):
    """Each statistic of each metric, from the lines of single requests."""
    values = {}
    for r in records:
        if r.metadata.benchmark_phase != "profiling" or r.error:
            continue
        for tag, v in r.metrics.items():
            values.setdefault(tag, []).extend(v.value if isinstance(v.value, list) else [v.value])
    for tag, x in values.items():
        if tag == "good_request_count":
            same(tag, data[tag]["avg"], sum(x))
            continue
        result = metric_result_from_array(tag, tag, "", np.array(x, dtype=np.float64), float(np.sum(x)))
        for stat in STATS:
            same(f"{tag} {stat}", data[tag].get(stat), getattr(result, stat), 1e-8)


def sweeps(data):
    """What was in flight, by AIPerf's sweep lines over the records."""
    requests = [r for r in map(json.loads, (art / "merged.ndjson").read_text().splitlines())
                if r["type"] == "request" and r["phase"] == "profiling"]
    ns = lambda text: int(np.datetime64(text[:-1], "ns").astype(np.int64))
    nan = float("nan")
    start, first, end, isl, osl, gaps, index, offsets = [], [], [], [], [], [], [], []
    for i, r in enumerate(requests):
        at, good = ns(r["start"]), "error" not in r
        start.append(at)
        end.append(at + round(r["took"] * 1e9))
        first.append(at + round(r["ttft"] * 1e9) if good else nan)
        isl.append(r["tokens"]["in"] if good else nan)
        osl.append(r["tokens"]["out"] if good else nan)
        offsets.append(len(gaps))
        for g in r.get("gaps", [])[1:] if good else []:
            gaps.append(round(g * 1e9))
            index.append(i)
    start, first, end, isl, osl, gaps = (np.array(x, dtype=np.float64) for x in (start, first, end, isl, osl, gaps))
    index, offsets = np.array(index, dtype=np.int32), np.array(offsets, dtype=np.int64)
    flying = sweepline.concurrency_sweep_line(start, end)
    decode = sweepline.concurrency_sweep_line(first, end)
    prefill = sweepline.concurrency_sweep_line(start, first)
    rate = sweepline.throughput_sweep_line_icl(first, osl, gaps, index, icl_offsets=offsets)
    prefill_rate = sweepline.prefill_throughput_sweep_line(start, first, isl)
    total = sweepline.total_throughput_sweep_line(start, first, end, isl, output_tokens=osl)
    user = sweepline.divide_step_functions(*rate, *decode)
    prefill_user = sweepline.divide_step_functions(*prefill_rate, *prefill)
    tokens = tokens_in_flight_sweep_line_icl(start, first, end, isl, osl, gaps, index, offsets)
    curves = [flying, rate, prefill_rate, decode, prefill, total, user, prefill_user, tokens]
    names = ["concurrency", "throughput", "prefill_throughput", "generation_concurrency", "prefill_concurrency",
             "total_throughput", "throughput_per_user", "prefill_throughput_per_user", "tokens_in_flight"]
    fields = {}
    for name, (t, x) in zip(names, curves):
        fields[name + "_ts"], fields[name] = t, x
    found = sweepline.SweepLineCurves(**fields).compute_metrics(float(np.min(start)), float(np.max(end)))
    for tag, result in found.items():
        for stat in ("avg", "min", "max", "std", "p50", "p90", "p95", "p99"):
            same(f"{tag} {stat}", data[tag].get(stat), getattr(result, stat), 1e-6)


records = lines("profile_export.jsonl", MetricRecordInfo)
lines("gpu_telemetry_export.jsonl", TelemetryRecord)
data = summary()
slices = TimesliceCollectionExportData.model_validate_json((art / "profile_export_aiperf_timeslices.json").read_text())
print(f"ok    profile_export_aiperf_timeslices.json is TimesliceCollectionExportData, of {len(slices.timeslices)} slices")
distributions(data, records)
sweeps(data)
for line in bad[:20]:
    print("FAIL ", line)
if bad or compared < 400:
    sys.exit(f"{len(bad)} of {compared} numbers are not AIPerf's")
print(f"ok    {compared} numbers are those that AIPerf's own functions give")
