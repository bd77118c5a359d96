"""384-d queries with ten ids and scores on one connection: round trip and server CPU, beside a blocking echo.

usage: python round_trip.py --server <program> [--points 20000] [--queries 20000]

A C program sends the frames and times the answers; another thread of it echoes the same bytes. What the search itself costs is
taken from batches, in which a thousand searches share one frame. Fails when the server's CPU besides the search is above 15 µs,
or the round trip above 1.3 × the echo plus the search.
"""

import os
import statistics
import subprocess
import sys
import tempfile

import protocol
import measuring
import numpy
from needletail import Parameters, Search, requests, wire
from needletail.connection import ANSWER_BYTES_MAX, CLIENT_NAME
from needletail_rest import wait_until_indexed

CPU_NANOSECONDS_MAX = 15_000
ROUND_TRIP_SHARE_MAX = 1.3


def build(directory):
    """The C program."""
    program = os.path.join(directory, "roundtrip")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "roundtrip.c")
    subprocess.run(["cc", "-O2", "-o", program, source, "-lpthread"], check=True)
    return program


def opening():
    """Preface and hello."""
    writer = wire.Writer()
    writer.text(CLIENT_NAME)
    writer.text("")
    writer.u32(ANSWER_BYTES_MAX)
    return b"".join([wire.preface(), *wire.frame(wire.Opcode.HELLO, 1, writer.pieces())])


def write_frames(path, searches):
    """A file of query frames."""
    with open(path, "wb") as file:
        for search in searches:
            file.write(b"".join(wire.frame(wire.Opcode.QUERY, 2, requests.query("bench", search).body())))


def run(program, *arguments):
    """What the C program prints: the answer's bytes, p50, p90 and p99 in nanoseconds."""
    output = subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout
    return [int(word) for word in output.split()]


def searching_nanoseconds(client, server, searches, batches):
    """What one search takes of the wall clock and of the server's CPU where a thousand share a frame."""
    batch = [searches[index % len(searches)] for index in range(1000)]
    client.query_batch("bench", batch)
    cpu = protocol.cpu_nanoseconds(server.process.pid)
    walls = [client.send(requests.query_batch("bench", batch)).microseconds for _ in range(batches)]
    cpu = protocol.cpu_nanoseconds(server.process.pid) - cpu
    return statistics.median(walls), cpu / batches / 1000


def main():
    parser = measuring.parser(__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = numpy.random.default_rng(options.seed)
    vectors = random.standard_normal((options.points, 384), dtype=numpy.float32)
    searches = [Search(vector, 10, parameters=Parameters(ef=64)) for vector in random.standard_normal((1000, 384))]
    print(f"round_trip: {options.points} points, seed {options.seed}, {measuring.machine()}")
    with tempfile.TemporaryDirectory() as directory, measuring.running_server(options) as server:
        program = build(directory)
        with protocol.client(server) as client:
            client.create_collection("bench", {"vectors": {"size": 384, "distance": "Cosine"}})
            client.upload("bench", vectors)
            wait_until_indexed(server.connect(), "bench")
            frames = os.path.join(directory, "frames")
            hello = os.path.join(directory, "hello")
            write_frames(frames, searches)
            with open(hello, "wb") as file:
                file.write(opening())
            request_bytes = os.path.getsize(frames) // len(searches)
            excesses, shares = [], []
            for _ in range(options.rounds):
                search_wall, search_cpu = searching_nanoseconds(client, server, searches, 10)
                cpu = protocol.cpu_nanoseconds(server.process.pid)
                answer_bytes, *round_trip = run(program, "query", server.binary_port, hello, 1, frames, options.queries)
                cpu = (protocol.cpu_nanoseconds(server.process.pid) - cpu) / options.queries
                _, *echo = run(program, "echo", request_bytes, answer_bytes, options.queries)
                excesses.append(cpu - search_cpu)
                shares.append(round_trip[0] / (ROUND_TRIP_SHARE_MAX * (echo[0] + search_wall)))
                print(
                    f"  {request_bytes} → {answer_bytes} bytes; search {search_wall / 1000:.1f} µs, CPU "
                    f"{search_cpu / 1000:.1f} µs; round trip p50 {round_trip[0] / 1000:.1f}, p99 {round_trip[2] / 1000:.1f} "
                    f"µs; echo p50 {echo[0] / 1000:.1f}, p99 {echo[2] / 1000:.1f} µs; server CPU {cpu / 1000:.1f} µs, "
                    f"{(cpu - search_cpu) / 1000:.1f} besides the search")
    excess, share = min(excesses), min(shares)
    print(f"server CPU besides the search {excess / 1000:.1f} µs (at most {CPU_NANOSECONDS_MAX / 1000:.0f}); "
          f"round trip {share * ROUND_TRIP_SHARE_MAX:.2f} × (echo + search) (at most {ROUND_TRIP_SHARE_MAX})")
    return 0 if excess <= CPU_NANOSECONDS_MAX and share <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
