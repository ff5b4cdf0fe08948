"""Runs a command and says what it took: seconds, CPU seconds, most memory."""
import os
import resource
import subprocess
import sys
import time

name, command = sys.argv[1], sys.argv[2:]
began = time.monotonic()
code = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
took = time.monotonic() - began
use = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{name:14} {took:8.2f} s {use.ru_utime + use.ru_stime:8.2f} s CPU {use.ru_maxrss / 1024:8.0f} MiB", flush=True)
sys.exit(code)
