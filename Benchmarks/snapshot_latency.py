"""What searches feel of a snapshot: their p50 and p99 while one is made, beside the same searches without.

Rounds with and without a snapshot alternate, so that other programs on the machine disturb both alike. Also says what a
snapshot costs in bytes, and one on its base after 1 % of the points changed.

usage: python snapshot_latency.py --server <program> [--points 100000] [--dimension 128]
"""

import threading
import time

import measuring
import numpy

PATH = "/collections/bench"


def fill(server, points, dimension, random):
    connection = server.connect()
    connection.request("PUT", PATH, {"vectors": {"size": dimension, "distance": "Cosine"}})
    for start in range(0, points, 1000):
        put(connection, range(start, min(start + 1000, points)), dimension, random)
    while connection.request("GET", PATH)["status"] != "green":
        time.sleep(0.2)


def put(connection, ids, dimension, random):
    vectors = random.standard_normal((len(ids), dimension), dtype=numpy.float32)
    connection.request("PUT", f"{PATH}/points?wait=true", {"points": [
        {"id": id, "vector": vector.tolist(), "payload": {"number": id, "text": f"point {id} " * 8}}
        for id, vector in zip(ids, vectors)]})


def searches(server, queries, stop):
    """Searches, one after the other, until `stop` is set; returns the seconds that each took."""
    connection = server.connect()
    times = []
    while not stop.is_set():
        query = queries[len(times) % len(queries)]
        _, seconds = measuring.send_timed(
            connection, "POST", f"{PATH}/points/query", {"query": query, "limit": 10, "with_payload": True})
        times.append(seconds)
    return times


def during(server, queries, body):
    """The searches' times while `body` runs, and what it returns."""
    stop = threading.Event()
    result = []
    thread = threading.Thread(target=lambda: result.extend(searches(server, queries, stop)))
    thread.start()
    try:
        answer = body()
    finally:
        stop.set()
        thread.join()
    return result, answer


def main():
    parser = measuring.parser(__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ratio-max", type=float, default=2.0, help="fail when p99 with ÷ p99 without is above this")
    options = parser.parse_args()
    random = numpy.random.default_rng(1)
    queries = random.standard_normal((200, options.dimension), dtype=numpy.float32).tolist()
    print(f"snapshot_latency: {measuring.machine()}")
    with measuring.running_server(options) as server:
        fill(server, options.points, options.dimension, random)
        connection = server.connect()
        during(server, queries, lambda: time.sleep(1))
        quiet, busy, made, seconds = [], [], [], []
        for _ in range(options.rounds):
            started = time.monotonic()
            times, snapshot = during(
                server, queries, lambda: connection.request("POST", f"{PATH}/snapshots", {}))
            seconds.append(time.monotonic() - started)
            busy += times
            made.append(snapshot)
            quiet += during(server, queries, lambda: time.sleep(seconds[-1]))[0]
        for name, times in (("without", quiet), ("during a snapshot", busy)):
            print(f"  {name}: {len(times)} searches, p50 {measuring.milliseconds(measuring.percentile(times, 0.5))} ms, "
                  f"p99 {measuring.milliseconds(measuring.percentile(times, 0.99))} ms")
        full = made[-1]["size"]
        print(f"  a snapshot: {full / 2**20:,.1f} MB in {numpy.median(seconds):.2f} s, "
              f"{server.resident_kilobytes() / 1024:,.0f} MB resident")
        changed = range(0, options.points, 100)
        put(connection, changed, options.dimension, random)
        small = connection.request("POST", f"{PATH}/snapshots", {"base": made[-1]["name"]})["size"]
        limit = 0.015 * full + 2**20
        print(f"  after {len(changed):,} changes (1 %): {small / 2**20:,.2f} MB on its base, "
              f"the limit is {limit / 2**20:,.2f} MB")
        ratio = measuring.percentile(busy, 0.99) / measuring.percentile(quiet, 0.99)
        print(f"  p99 during ÷ without: {ratio:.2f}")
    if ratio > options.ratio_max:
        raise SystemExit(f"p99 during a snapshot is {ratio:.2f} times that without, the limit is {options.ratio_max}")
    if small > limit:
        raise SystemExit(f"an incremental snapshot of 1 % has {small} bytes, the limit is {limit:.0f}")


if __name__ == "__main__":
    main()
