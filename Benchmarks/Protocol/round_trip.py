"""384-d queries with ten ids and scores on one connection: round trip and server CPU, beside a blocking echo.

usage: python round_trip.py --server <program> [--points 20000] [--queries 20000] [--idle-cores]

A C program sends the frames and times the answers, in turns with another thread of it that echoes the same bytes. What the search
itself takes is what the server measured in these very requests (search_seconds_total of /metrics). A process of the scheduler's
idle class spins on each core, so that no core sleeps between two messages: waking one costs more than all that is measured here, for
the echo as well (--idle-cores lets them sleep). What the echoing thread's CPU is, is the kernel's share of an exchange. Fails when the server's CPU besides the search is above 15 µs, or the round trip above
1.3 × the echo plus the search, in the median of the rounds.
"""

import contextlib
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request

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
    """What the C program prints, of queries and echo: the answer's bytes, mean, p50, p90 and p99 in nanoseconds; the echo's CPU."""
    output = subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout
    return [[int(word) for word in line.split()] for line in output.splitlines()]


def spin(core):
    """Keeps a core awake and gives way to everybody."""
    os.sched_setaffinity(0, {core})
    os.nice(19)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    while True:
        pass


@contextlib.contextmanager
def awake_cores(count):
    """Keeps the first `count` cores of this process from sleeping."""
    spinners = [multiprocessing.Process(target=spin, args=(core,), daemon=True)
                for core in sorted(os.sched_getaffinity(0))[:count]]
    for spinner in spinners:
        spinner.start()
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.terminate()
            spinner.join()


def searches_so_far(server):
    """How many queries the server has executed, and the nanoseconds that took."""
    text = urllib.request.urlopen(f"http://{server.host}:{server.port}/metrics").read().decode()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return float(values["searches_total"]), float(values["search_seconds_total"]) * 1e9


def preemptions(process_id):
    """How often the server's threads lost their core to somebody else."""
    total = 0
    for thread in os.listdir(f"/proc/{process_id}/task"):
        with open(f"/proc/{process_id}/task/{thread}/status") as status:
            total += sum(int(line.split()[1]) for line in status if line.startswith("nonvoluntary_ctxt_switches"))
    return total


def measured(server, program, hello, frames, queries):
    """One round: queries' and echo's times, the search's nanoseconds, CPU of server and echo, and preemptions a query."""
    process = server.process.pid
    count, searching = searches_so_far(server)
    lost, cpu = preemptions(process), protocol.cpu_nanoseconds(process)
    query, echo, (echo_cpu,) = run(program, server.binary_port, hello, 1, frames, queries)
    cpu, lost = protocol.cpu_nanoseconds(process) - cpu, preemptions(process) - lost
    after, searched = searches_so_far(server)
    return query, echo, (searched - searching) / (after - count), cpu / queries, echo_cpu, lost / queries


def main():
    parser = measuring.parser(__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--idle-cores", action="store_true", help="let the cores sleep between messages")
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
            with awake_cores(0 if options.idle_cores else len(os.sched_getaffinity(0))):
                measured(server, program, hello, frames, options.queries // 10)
                for _ in range(options.rounds):
                    query, echo, search, cpu, echo_cpu, lost = measured(server, program, hello, frames, options.queries)
                    excesses.append(cpu - search)
                    shares.append(query[2] / (echo[2] + search))
                    print(
                        f"  {request_bytes} → {query[0]} bytes; round trip p50 {query[2] / 1000:.1f}, p99 {query[4] / 1000:.1f} µs; "
                        f"echo p50 {echo[2] / 1000:.1f}, p99 {echo[4] / 1000:.1f} µs; search {search / 1000:.1f} µs; server CPU "
                        f"{cpu / 1000:.1f} µs, {excesses[-1] / 1000:.1f} besides the search, of the echo {echo_cpu / 1000:.1f}; preempted in {lost * 100:.1f} % of "
                        f"the queries; {shares[-1]:.2f} × (echo + search)")
    excess, share = statistics.median(excesses), statistics.median(shares)
    print(f"server CPU besides the search {excess / 1000:.1f} µs (at most {CPU_NANOSECONDS_MAX / 1000:.0f}); "
          f"round trip {share:.2f} × (echo + search) (at most {ROUND_TRIP_SHARE_MAX})")
    return 0 if excess <= CPU_NANOSECONDS_MAX and share <= ROUND_TRIP_SHARE_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
