"""What a search costs through HTTP and through the binary protocol with one client, over the call of the library.

usage: python front_cost.py --server <program> --core <SearchCoreBench> --data <debian50k directory>

The same rows, the same graph parameters and ef for all three; rounds alternate, figures are medians. CPU is that of all
the server's threads, and of the library's process; the round trip is what the client waits.
"""

import json
import os
import statistics
import sys
import time

import measuring
import numpy
from needletail_rest import wait_until_indexed

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "clients", "python", "src"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "SearchCore"))
import needletail
from compare import Core
from needletail import Parameters

COLLECTION, EF = "front", 64


def timed(server, searches, search):
    """CPU seconds of the server a search, and the median round trip."""
    cpu, waits = server.cpu_seconds(), []
    for one in searches:
        started = time.perf_counter()
        search(one)
        waits.append(time.perf_counter() - started)
    return (server.cpu_seconds() - cpu) / len(searches), statistics.median(waits)


def main():
    parser = measuring.parser(__doc__.splitlines()[0])
    parser.add_argument("--core", required=True, help="path of SearchCoreBench, a release build")
    parser.add_argument("--data", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    base = numpy.load(f"{options.data}/base.npy").astype(numpy.float32)
    queries = numpy.load(f"{options.data}/queries.npy").astype(numpy.float32)
    core = Core(options.core)
    core.ask(f"load {options.data}/base.npy {options.data}/queries.npy cosine")
    core.ask(f"truth {options.data}/gt.npy")
    core.ask("build 16 100 1 1 1 4")
    samples = {"library": [], "binary": [], "HTTP": []}
    with measuring.running_server(options) as server:
        http = server.connect()
        http.request("PUT", f"/collections/{COLLECTION}", {
            "vectors": {"size": base.shape[1], "distance": "Cosine"}, "hnsw_config": {"m": 16, "ef_construct": 100}})
        with needletail.Client("127.0.0.1", server.binary_port) as client:
            client.upload(COLLECTION, base)
            wait_until_indexed(server.connect(), COLLECTION)
            http = server.connect()
            parameters = Parameters(ef=EF)
            bodies = [json.dumps({"query": query.tolist(), "limit": 10, "params": {"hnsw_ef": EF}}).encode()
                      for query in queries]
            path = f"/collections/{COLLECTION}/points/query"
            for _ in range(options.rounds):
                found = core.search(EF, queries=len(queries))
                samples["library"].append((found[1], found[2]))
                samples["binary"].append(timed(
                    server, queries, lambda query: client.query(COLLECTION, query, 10, parameters=parameters)))
                samples["HTTP"].append(timed(server, bodies, lambda body: http.send("POST", path, body)))
    core.close()
    print(f"front_cost: {len(base):,} × {base.shape[1]}, ef {EF}, one client, {measuring.machine()}")
    cost = {name: [statistics.median(x[field] for x in rounds) * 1e6 for field in (0, 1)] for name, rounds in samples.items()}
    for name, (cpu, wait) in cost.items():
        print(f"  {name:8} CPU {cpu:6.1f} µs a search, {cpu - cost['library'][0]:6.1f} µs over the call; "
              f"round trip {wait:6.1f} µs, {wait - cost['library'][1]:6.1f} µs over it")


if __name__ == "__main__":
    main()
