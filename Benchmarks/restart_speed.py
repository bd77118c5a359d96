"""How long a server with 50,000 × 384 points takes from `kill -9` to its first answer.

usage: python restart_speed.py --server <program> --data <debian50k directory>
"""

import os
import tempfile
import time

import http_recall
import measuring
import numpy
from needletail_rest import Server


def main():
    parser = measuring.parser(__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="the debian50k directory")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds-max", type=float, default=2.0, help="fail above this")
    options = parser.parse_args()
    query = numpy.load(os.path.join(options.data, "queries.npy"))[0].astype(numpy.float32).tolist()
    print(f"restart_speed: {measuring.machine()}")
    with tempfile.TemporaryDirectory(prefix="needletail-bench-", dir=options.directory) as directory:
        data = os.path.join(directory, "data")
        server = Server(options.server, data)
        http_recall.load(server, options.data, 500)
        times = []
        for number in range(options.rounds):
            server.kill()
            started = time.monotonic()
            server = Server(options.server, data)
            ready = time.monotonic() - started
            points = server.connect().request(
                "POST", f"{http_recall.PATH}/points/query", {"query": query, "limit": 10})["points"]
            times.append(time.monotonic() - started)
            assert len(points) == 10, f"{len(points)} points in the first answer"
            print(f"  round {number + 1}: ready after {ready:.3f} s, first answer after {times[-1]:.3f} s, "
                  f"{server.resident_kilobytes() / 1024:,.0f} MB resident, {server.cpu_seconds():.2f} CPU-s")
        server.stop()
    if max(times) > options.seconds_max:
        raise SystemExit(f"the slowest restart took {max(times):.2f} s, the limit is {options.seconds_max} s")


if __name__ == "__main__":
    main()
