"""What the server benchmarks share: a server on a temporary directory, timed requests, percentiles, the machine."""

import argparse
import contextlib
import json
import math
import os
import platform
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Examples"))
from needletail_rest import Server


def parser(description):
    """An argument parser with what every benchmark takes."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument("--server", required=True, help="path of the needletail program, a release build")
    result.add_argument("--directory", help="where the data goes (default: a temporary directory, removed afterwards)")
    return result


@contextlib.contextmanager
def running_server(options, **arguments):
    """A fresh server; its data is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="needletail-bench-", dir=options.directory) as directory:
        with Server(options.server, os.path.join(directory, "data"), **arguments) as server:
            yield server


def machine():
    """One line about where the figures were taken."""
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo") as cpuinfo:
        model = next((line.split(":", 1)[1].strip() for line in cpuinfo if line.startswith("model name")), model)
    return f"{len(os.sched_getaffinity(0))} cores of {model}, load {os.getloadavg()[0]:.1f}"


def send_timed(connection, method, path, body):
    """Sends one request; returns the decoded result and the seconds it took, decoding excluded."""
    started = time.perf_counter()
    status, data = connection.send(method, path, body)
    seconds = time.perf_counter() - started
    if status != 200:
        raise RuntimeError(f"{method} {path}: HTTP {status}: {data[:500]!r}")
    return json.loads(data)["result"], seconds


def percentile(values, share):
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def milliseconds(seconds):
    return f"{seconds * 1000:.2f}"
