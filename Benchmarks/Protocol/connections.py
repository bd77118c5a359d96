"""A thousand idle and 64 busy connections: memory of each idle one, and that all are served.

usage: python connections.py --server <program>

Fails when an idle connection takes more than 32 KiB of the server's memory.
"""

import resource
import sys
import threading
import time

import protocol
import measuring
import numpy
from needletail.connection import Connection

IDLE_BYTES_MAX = 32 << 10


def main():
    parser = measuring.parser(__doc__.splitlines()[0])
    parser.add_argument("--idle", type=int, default=1000)
    parser.add_argument("--busy", type=int, default=64)
    parser.add_argument("--requests", type=int, default=200, help="of each busy connection")
    options = parser.parse_args()
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, 4096), files))
    print(f"connections: {options.idle} idle, {options.busy} busy, {measuring.machine()}")
    limit = str(options.idle + options.busy + 8)
    with measuring.running_server(options, arguments=["--connections-max", limit]) as server:
        client = protocol.client(server)
        client.create_collection("bench", {"vectors": {"size": 384, "distance": "Cosine"}})
        vectors = numpy.random.default_rng(1).standard_normal((2000, 384), dtype=numpy.float32)
        client.upload("bench", vectors)
        connect = lambda: Connection(server.host, server.binary_port, None, 600)  # noqa: E731
        warm = [connect() for _ in range(32)]
        before = protocol.resident_bytes(server.process.pid)
        idle = [connect() for _ in range(options.idle - len(warm))]
        each = (protocol.resident_bytes(server.process.pid) - before) / len(idle)
        print(f"  an idle connection takes {each / 1024:.1f} KiB of resident memory (at most {IDLE_BYTES_MAX / 1024:.0f})")

        latencies, threads = [], []

        def work(seed):
            own = protocol.client(server)
            for index in range(options.requests):
                started = time.perf_counter()
                assert len(own.query("bench", vectors[(seed * 31 + index) % len(vectors)])) == 10
                latencies.append(time.perf_counter() - started)
            own.close()

        cpu, started = protocol.cpu_nanoseconds(server.process.pid), time.monotonic()
        for seed in range(options.busy):
            threads.append(threading.Thread(target=work, args=[seed]))
            threads[-1].start()
        for thread in threads:
            thread.join()
        seconds, cpu = time.monotonic() - started, protocol.cpu_nanoseconds(server.process.pid) - cpu
        assert len(latencies) == options.busy * options.requests
        print(f"  {len(latencies) / seconds:,.0f} queries/s; p50 {measuring.percentile(latencies, 0.5) * 1000:.2f} ms, p99 "
              f"{measuring.percentile(latencies, 0.99) * 1000:.2f} ms; server CPU {cpu / len(latencies) / 1000:.0f} µs a query")
        for connection in idle + warm:
            assert not connection.has_input(), "an idle connection was closed"
            connection.close()
    return 0 if each <= IDLE_BYTES_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
