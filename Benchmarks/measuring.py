"""What the server benchmarks share: a server on a temporary directory, timed requests, percentiles, the machine."""

import argparse
import bisect
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


class HostSteal:
    """Which requests fell into time in which the host of this virtual machine took its processors away.

    A host that shares its processors or limits a machine's use of them stops the whole machine for tens of milliseconds,
    whatever runs in it; the kernel counts that as `steal`, at the next tick of its clock.
    """
    TICK = 1 / os.sysconf("SC_CLK_TCK")

    def __init__(self):
        self.spans, self.times, self.stolen = [], [], []
        self.read()

    def read(self):
        with open("/proc/stat") as stat:
            ticks = stat.readline().split()
        self.times.append(time.monotonic())
        self.stolen.append(int(ticks[8]) if len(ticks) > 8 else 0)

    def note(self, due, done):
        """Notes a request, right after its end."""
        self.spans.append((due, done))
        self.read()

    def undisturbed(self):
        """The seconds that the other requests took; of all, where those are not even half."""
        taken = [
            done - due for due, done in self.spans
            if self.before(due) == self.stolen[min(len(self.times) - 1, bisect.bisect_left(self.times, done + self.TICK))]]
        return taken if 2 * len(taken) >= len(self.spans) else [done - due for due, done in self.spans]

    def before(self, moment):
        return self.stolen[max(0, bisect.bisect_right(self.times, moment) - 1)]


def milliseconds(seconds):
    return f"{seconds * 1000:.2f}"
