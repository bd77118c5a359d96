"""Restart after `kill -9` with 1,000,000 × 128-d points of ten indexed payload fields: time until ready, and memory.

usage: python restart_scale.py --server <program> [--points 1000000] [--rounds 3]

The points are synthetic clusters. Before each kill some more are written, so that there is a tail of the log to
replay. The steady state is measured after queries with payloads have been served.
"""

import json
import os
import sys
import tempfile
import time

import measuring
import numpy
from needletail_rest import Server, wait_until_indexed

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "clients", "python", "src"))
import needletail

COLLECTION = "scale"
CLUSTERS = 2000
FIELDS = {
    "language": "keyword", "section": "keyword", "author": "keyword", "year": "integer", "size": "integer",
    "views": "integer", "rating": "float", "weight": "float", "public": "bool", "added": "datetime"}


def points(source, centres, first, count):
    """Ids, vectors of a few thousand clusters, and payloads as JSON."""
    vectors = centres[source.integers(0, len(centres), count)]
    vectors = vectors + source.standard_normal(vectors.shape, dtype=numpy.float32) * numpy.float32(0.6)
    numbers = source.integers(0, 1 << 30, (count, 8)).tolist()
    payloads = [json.dumps({
        "language": f"l{n[0] % 20}", "section": f"s{n[1] % 60}", "author": f"author {n[2] % 5000}", "year": 1990 + n[3] % 36,
        "size": n[4] % 1_000_000, "views": n[5], "rating": n[6] % 500 / 100, "weight": n[7] / 1e6, "public": n[0] % 3 > 0,
        "added": f"20{n[1] % 26:02}-{n[2] % 12 + 1:02}-{n[3] % 28 + 1:02}T{n[4] % 24:02}:00:00Z"}).encode() for n in numbers]
    return range(first, first + count), vectors, payloads


def upload(server, source, centres, first, count):
    with needletail.Client("127.0.0.1", server.binary_port) as client:
        for start in range(first, first + count, 50_000):
            ids, vectors, payloads = points(source, centres, start, min(50_000, first + count - start))
            client.upload(COLLECTION, vectors, ids, payloads)


def query(connection, vector):
    answer = connection.request("POST", f"/collections/{COLLECTION}/points/query", {
        "query": vector.tolist(), "limit": 10, "with_payload": True})["points"]
    assert len(answer) == 10, f"{len(answer)} points in an answer"


def peak_megabytes(server):
    """The most that was resident since the start."""
    with open(f"/proc/{server.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def main():
    parser = measuring.parser(__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--tail", type=int, default=5000, help="points written before each kill")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--queries", type=int, default=2000, help="until the steady state")
    parser.add_argument("--seconds-max", type=float, default=5.0, help="fail above this")
    parser.add_argument("--memory-max", type=float, default=1.2, help="fail above this share of the steady state")
    parser.add_argument("--keep", help="a directory for the data, which is used again where it holds some")
    options = parser.parse_args()
    source = numpy.random.default_rng(1)
    centres = source.standard_normal((CLUSTERS, options.dimension), dtype=numpy.float32)
    print(f"restart_scale: {options.points:,} × {options.dimension}, {len(FIELDS)} indexed payload fields, {measuring.machine()}")
    with tempfile.TemporaryDirectory(prefix="needletail-bench-", dir=options.directory) as directory:
        data = options.keep or os.path.join(directory, "data")
        slowest, largest = measure(options, data, os.path.join(directory, "server.log"), source, centres)
    if slowest > options.seconds_max:
        raise SystemExit(f"the slowest restart took {slowest:.2f} s, the limit is {options.seconds_max} s")
    if largest > options.memory_max:
        raise SystemExit(f"a start took {largest:.2f} × the memory of the steady state, the limit is {options.memory_max}")


def load(server, options, source, centres):
    connection, started = server.connect(), time.monotonic()
    connection.request("PUT", f"/collections/{COLLECTION}", {"vectors": {"size": options.dimension, "distance": "Cosine"}})
    for field, schema in FIELDS.items():
        connection.request("PUT", f"/collections/{COLLECTION}/index?wait=true", {"field_name": field, "field_schema": schema})
    upload(server, source, centres, 0, options.points)
    written = time.monotonic() - started
    # The server has closed the connection if loading took long.
    wait_until_indexed(server.connect(), COLLECTION, 7200)
    print(f"  loaded in {written:.0f} s, all in the graph after {time.monotonic() - started:.0f} s, "
          f"{server.cpu_seconds():.0f} CPU-s, {server.resident_kilobytes() / 1024:,.0f} MB resident", flush=True)


def measure(options, data, log, source, centres):
    server = Server(options.server, data, log_path=log, start_seconds_max=600)
    try:
        if not server.connect().request("GET", f"/collections/{COLLECTION}/exists")["exists"]:
            load(server, options, source, centres)
        count = server.connect().request("POST", f"/collections/{COLLECTION}/points/count", {"exact": True})["count"]
        slowest = largest = 0.0
        for number in range(options.rounds):
            upload(server, source, centres, count, options.tail)
            count += options.tail
            server.kill()
            started = time.monotonic()
            server = Server(options.server, data, log_path=log, start_seconds_max=600)
            connection = server.connect(600)
            query(connection, centres[0])
            seconds = time.monotonic() - started
            found = connection.request("POST", f"/collections/{COLLECTION}/points/count", {"exact": True})["count"]
            assert found == count, f"{found:,} points after the restart, {count:,} were acknowledged"
            peak, cpu = peak_megabytes(server), server.cpu_seconds()
            for vector in points(source, centres, 0, options.queries)[1]:
                query(connection, vector)
            steady = server.resident_kilobytes() / 1024
            slowest, largest = max(slowest, seconds), max(largest, peak / steady)
            print(f"  round {number + 1}: first answer {seconds:.2f} s after the start ({cpu:.2f} CPU-s), at most {peak:,.0f} MB "
                  f"resident until then; {steady:,.0f} MB after {options.queries:,} queries: {peak / steady:.2f}", flush=True)
        return slowest, largest
    finally:
        server.kill()


if __name__ == "__main__":
    main()
