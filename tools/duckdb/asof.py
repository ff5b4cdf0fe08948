"""Joins each request of LOAD with the latest reading of GPU at or before its start.

usage: asof.py LOAD GPU OUT   (record streams in zstd; OUT is one, too)
"""

import sys

import duckdb

load, gpu, out = sys.argv[1:]
db = duckdb.connect()
# Or the planner may take a nested loop, which takes minutes.
db.execute("SET asof_loop_join_threshold = 0")
# The last line has keys that the sample which the types are guessed from has not.
lines = "read_json('{}', format = 'newline_delimited', ignore_errors = true)".format
db.execute(
    f"""
    COPY (
        SELECT request.*, reading
        FROM (SELECT * FROM {lines(load)} WHERE type = 'request') request
        ASOF JOIN (SELECT * FROM {lines(gpu)} WHERE type = 'gpu') reading
        ON reading.taken <= request.start
    ) TO '{out}' (FORMAT json, COMPRESSION zstd)
    """
)
