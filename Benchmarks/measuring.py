"""What the server benchmarks share: a server on a temporary directory, timed requests, percentiles, the machine."""

import argparse
import contextlib
import json
import math
import multiprocessing
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


class Standstill:
    """Notes, while the block runs, when the host gave this virtual machine's processors to others.

    A process of the highest priority sleeps two milliseconds at a time. Where it wakes ten or more later, and the system
    says that one processor at least was stolen for half of that nap, it was the host that kept it. What a kernel that does
    not interrupt itself makes others wait for is not stolen, and not noted. Ticks of 10 ms make short gaps uncertain.
    """

    NAP, GAP_MIN, TICK = 0.002, 0.01, 0.01

    def __init__(self):
        self.gaps = []
        self._stop, self._found = multiprocessing.Event(), multiprocessing.Queue()
        self._process = multiprocessing.Process(target=self._watch)

    @staticmethod
    def _stolen():
        with open("/proc/stat") as stat:
            return int(stat.readline().split()[8]) * Standstill.TICK

    def _watch(self):
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, -20)
        gaps, last, stolen = [], time.monotonic(), self._stolen()
        while not self._stop.is_set():
            time.sleep(self.NAP)
            now, before, stolen = time.monotonic(), stolen, self._stolen()
            if now - last >= self.GAP_MIN and stolen - before >= (now - last) / 2:
                gaps.append((last, now))
            last = now
        self._found.put(gaps)

    def covers(self, start, end):
        """Whether the machine stood still between two moments of the monotonic clock."""
        return any(start < last and first < end for first, last in self.gaps)

    def __enter__(self):
        self._process.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self.gaps = self._found.get()
        self._process.join()


def percentile(values, share):
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def milliseconds(seconds):
    return f"{seconds * 1000:.2f}"
