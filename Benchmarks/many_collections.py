"""Thousands of small collections in one process with few open files: memory a collection, and time.

usage: python many_collections.py --server <program> [--collections 2000] [--points 100] [--dimension 128]
"""

import json
import time

import measuring
import numpy


def main():
    parser = measuring.parser(__doc__.splitlines()[0])
    parser.add_argument("--collections", type=int, default=2000)
    parser.add_argument("--points", type=int, default=100, help="points a collection")
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--open-files-max", type=int, default=4096)
    parser.add_argument("--kilobytes-max", type=float, default=200.0, help="resident a collection; fail above this")
    options = parser.parse_args()
    vectors = numpy.random.default_rng(1).standard_normal((options.points, options.dimension)).round(4).tolist()
    body = json.dumps({"points": [
        {"id": n, "vector": vector, "payload": {"n": n}} for n, vector in enumerate(vectors)]}).encode()
    query = json.dumps({"query": vectors[7], "limit": 3}).encode()
    print(f"many_collections: {options.collections:,} × {options.points} points of {options.dimension} dimensions, "
          f"{options.open_files_max} open files, {measuring.machine()}")
    with measuring.running_server(options, open_files_max=options.open_files_max) as server:
        connection = server.connect()
        empty, started = server.resident_kilobytes(), time.monotonic()
        for number in range(options.collections):
            path = f"/collections/many-{number}"
            connection.request("PUT", path, {"vectors": {"size": options.dimension, "distance": "Dot"}})
            connection.request("PUT", f"{path}/points?wait=true", body)
        print(f"  created and filled in {time.monotonic() - started:.1f} s")
        latencies = []
        for number in range(options.collections):
            result, seconds = measuring.send_timed(
                connection, "POST", f"/collections/many-{number}/points/query", query)
            latencies.append(seconds)
            assert len(result["points"]) == 3, f"collection {number} answers {result}"
        each = (server.resident_kilobytes() - empty) / options.collections
        print(f"  one query of each: p50 {measuring.milliseconds(measuring.percentile(latencies, 0.5))} ms, "
              f"p99 {measuring.milliseconds(measuring.percentile(latencies, 0.99))} ms")
        print(f"  {empty / 1024:.0f} MB resident empty, {server.resident_kilobytes() / 1024:.0f} MB full: "
              f"{each:.0f} KB a collection, of which the vectors are {options.points * options.dimension * 4 / 1024:.0f}")
    if each > options.kilobytes_max:
        raise SystemExit(f"{each:.0f} KB a collection, the limit is {options.kilobytes_max:.0f}")


if __name__ == "__main__":
    main()
