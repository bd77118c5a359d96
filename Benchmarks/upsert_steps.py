"""Durable upserts over HTTP: 1,000 points of 768 dimensions a request with wait=true; points/s and the server's time.

usage: python upsert_steps.py --server <program>

The requests are encoded beforehand. Time by step comes from the server's own /metrics.
"""

import json
import re
import time

import measuring
import numpy


def encode_requests(count, points, dimension, seed):
    """JSON bodies of upserts with random normal vectors and a small payload; ids ascend over all requests."""
    source = numpy.random.default_rng(seed)
    bodies = []
    for request in range(count):
        vectors = source.standard_normal((points, dimension), dtype=numpy.float32)
        bodies.append(json.dumps({"points": [
            {"id": request * points + n, "vector": [float(str(x)) for x in vector],
             "payload": {"group": n % 10, "title": f"point {request * points + n}"}}
            for n, vector in enumerate(vectors)]}).encode())
    return bodies


def step_seconds(connection):
    """Seconds by step of the write path so far, from /metrics."""
    status, text = connection.send("GET", "/metrics")
    if status != 200:
        return {}
    pattern = re.compile(r'^write_step_seconds_total\{[^}]*step="([^"]+)"[^}]*\} (\S+)$', re.M)
    return {step: float(seconds) for step, seconds in pattern.findall(text.decode())}


def main():
    parser = measuring.parser(__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--points", type=int, default=1000, help="points a request")
    parser.add_argument("--dimension", type=int, default=768)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    bodies = encode_requests(options.requests, options.points, options.dimension, options.seed)
    megabytes = sum(map(len, bodies)) / 1e6
    print(f"upsert_steps: {options.requests} requests of {options.points} × {options.dimension}, "
          f"{megabytes / len(bodies):.1f} MB of JSON each, {measuring.machine()}")
    with measuring.running_server(options) as server:
        connection = server.connect()
        connection.request("PUT", "/collections/steps", {
            "vectors": {"size": options.dimension, "distance": "Cosine"},
            # Writing is measured here; building the graph would share the cores with it.
            "optimizers_config": {"indexing_threshold": 0}})
        before, cpu, started = step_seconds(connection), server.cpu_seconds(), time.monotonic()
        latencies = [
            measuring.send_timed(connection, "PUT", "/collections/steps/points?wait=true", body)[1] for body in bodies]
        seconds, cpu = time.monotonic() - started, server.cpu_seconds() - cpu
        after = step_seconds(connection)
        count = connection.request("POST", "/collections/steps/points/count", {"exact": True})["count"]
    points = options.requests * options.points
    assert count == points, f"{count} points, {points} were written"
    print(f"{points / seconds:,.0f} points/s, {megabytes / seconds:.0f} MB/s of JSON; a request "
          f"p50 {measuring.milliseconds(measuring.percentile(latencies, 0.5))} ms, "
          f"p99 {measuring.milliseconds(measuring.percentile(latencies, 0.99))} ms; "
          f"server CPU {cpu / options.requests * 1000:.1f} ms a request ({cpu / seconds:.2f} cores)")
    for step, total in sorted(after.items(), key=lambda item: -item[1]):
        spent = total - before.get(step, 0)
        print(f"  {step:16} {spent / options.requests * 1000:8.2f} ms a request  {spent / seconds:6.1%} of the wall time")


if __name__ == "__main__":
    main()
