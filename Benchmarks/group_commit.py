"""64 clients write one point a request: syncs against writes, and how long acknowledgements take while LMDB commits.

usage: python group_commit.py --server <program> [--writers 64] [--seconds 10]

Every acknowledgement means that the write is on disk. The server syncs once for all writes that wait; the counts come
from its /metrics. Every acknowledged point is counted afterwards.
"""

import json
import multiprocessing
import re
import threading
import time

import measuring
import numpy
from needletail_rest import Connection

PATH = "/collections/group"
SYNC_SHARE_MAX = 0.25


def metrics(connection):
    """Counts and seconds of the steps of writes so far, by step."""
    text = connection.send("GET", "/metrics")[1].decode()
    return [
        {step: float(value) for step, value in re.findall(rf'^{name}\{{[^}}]*step="([^"]+)"[^}}]*\}} (\S+)$', text, re.M)}
        for name in ("write_steps_total", "write_step_seconds_total")]


def write(port, first, writers, seconds, dimension, ready, start, results):
    """One client process: threads that each send one request at a time. Puts all latencies into `results`."""
    vectors = numpy.random.default_rng(first).standard_normal((500, dimension)).round(3).tolist()
    vectors = [json.dumps(vector).encode() for vector in vectors]
    latencies = []

    def run(writer):
        connection = Connection("127.0.0.1", port)
        number, deadline = 0, time.monotonic() + seconds
        while time.monotonic() < deadline:
            body = b'{"points":[{"id":%d,"vector":%s,"payload":{"writer":%d}}]}' % (
                writer * 1_000_000 + number, vectors[number % len(vectors)], writer)
            latencies.append(measuring.send_timed(connection, "PUT", f"{PATH}/points?wait=true", body)[1])
            number += 1

    ready.release()
    start.wait()
    threads = [threading.Thread(target=run, args=(first + n,)) for n in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(latencies)


def main():
    parser = measuring.parser(__doc__.splitlines()[0])
    parser.add_argument("--writers", type=int, default=64)
    parser.add_argument("--processes", type=int, default=4, help="of the clients")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--dimension", type=int, default=128)
    options = parser.parse_args()
    print(f"group_commit: {options.writers} writers of one {options.dimension}-d point a request, {measuring.machine()}")
    with measuring.running_server(options) as server:
        connection = server.connect()
        connection.request("PUT", PATH, {
            "vectors": {"size": options.dimension, "distance": "Cosine"}, "optimizers_config": {"indexing_threshold": 0}})
        ready, start, results = multiprocessing.Semaphore(0), multiprocessing.Event(), multiprocessing.Queue()
        each = options.writers // options.processes
        clients = [multiprocessing.Process(target=write, args=(
            server.port, n * each, each, options.seconds, options.dimension, ready, start, results))
            for n in range(options.processes)]
        for client in clients:
            client.start()
        for _ in clients:
            ready.acquire()
        counts, seconds = metrics(connection)
        start.set()
        latencies = [value for _ in clients for value in results.get()]
        for client in clients:
            client.join()
        after_counts, after_seconds = metrics(connection)
        found = connection.request("POST", f"{PATH}/points/count", {"exact": True})["count"]
    assert found == len(latencies), f"{found} points, {len(latencies)} were acknowledged"
    done = {step: after_counts[step] - counts[step] for step in counts}
    spent = {step: after_seconds[step] - seconds[step] for step in seconds}
    share = done["sync"] / len(latencies)
    print(f"  {len(latencies):,} writes acknowledged ({len(latencies) / options.seconds:,.0f} a second) with {done['sync']:,.0f} syncs: "
          f"{1 / share:.1f} writes a sync; a sync takes {spent['sync'] / done['sync'] * 1000:.2f} ms")
    print(f"  acknowledgement p50 {measuring.milliseconds(measuring.percentile(latencies, 0.5))} ms, "
          f"p99 {measuring.milliseconds(measuring.percentile(latencies, 0.99))} ms, slowest {measuring.milliseconds(max(latencies))} ms, "
          f"with {done['commit']:,.0f} commits of LMDB of {spent['commit'] / max(done['commit'], 1) * 1000:.1f} ms meanwhile")
    if share > SYNC_SHARE_MAX:
        raise SystemExit(f"a sync for {1 / share:.1f} writes, at least {1 / SYNC_SHARE_MAX:.0f} are wanted")


if __name__ == "__main__":
    main()
