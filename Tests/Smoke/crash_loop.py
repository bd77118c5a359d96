"""Kills the server at random moments while clients write, and compares what it serves afterwards with a ledger.

usage: python3 crash_loop.py --server <path of the needletail program> [--rounds N] [--seed N] [--writers N]

Every acknowledged write must be there, nothing that was never sent or was refused, and no request by halves, be it
one of 10,000 points; a write that is repeated with its idempotency key counts once. Standard library only.
"""

import argparse
import os
import random
import resource
import subprocess
import tempfile
import time

from crash_checks import check_everything, check_files
from crash_round import Round, Server, Workload


def start_again(program, directory, source):
    """Starts the server; now and then it is killed while it recovers, and started once more."""
    killed = 0
    while True:
        seconds_max = source.uniform(0.005, 0.15) if source.random() < 0.25 else 120
        started = time.monotonic()
        try:
            return Server(program, directory, start_seconds_max=seconds_max), time.monotonic() - started, killed
        except RuntimeError:
            if seconds_max == 120:
                raise
            killed += 1


def starve(server, source):
    """Lets the server run out of memory, be it in a build, a commit or a request, and ends it if it does not end."""
    with open(f"/proc/{server.process.pid}/status") as status:
        size = next(int(line.split()[1]) for line in status if line.startswith("VmSize:")) << 10
    limit = size + source.randrange(64 << 20)
    resource.prlimit(server.process.pid, resource.RLIMIT_AS, (limit, limit))
    try:
        server.process.wait(source.uniform(0.1, 3))
    except subprocess.TimeoutExpired:
        pass
    server.kill()


def run(options, directory):
    source = random.Random(options.seed)
    totals = {"acknowledged": 0, "bulk": 0, "retried": 0, "kills": 0, "snapshots": 0}
    workload = Workload(options.writers)
    server = Server(options.server, directory)
    workload.create_collections(server.connect())
    for number in range(1, options.rounds + 1):
        ledgers = workload.choose(source)
        end = source.choices(["SIGKILL", "no more memory", "SIGTERM"], [75, 10, 15])[0]
        current = Round(server, ledgers, source, refusals=(500, 503, 507) if end == "no more memory" else (503,))
        current.run_until(source.randint(options.writes_min, options.writes_max), source.uniform(1, options.seconds_max))
        # From the last acknowledgement to the signal: anything from nothing to a few groups of writes.
        current.pause(source.uniform(0, 0.02))
        current.end({"SIGKILL": server.kill, "no more memory": lambda: starve(server, source)}.get(end))
        try:
            is_verified = source.random() < 0.2
            if is_verified:
                check_files(options.server, directory)
            server, seconds, killed = start_again(options.server, directory, source)
            connection = server.connect()
            kept = check_everything(connection, workload.points, workload.catalogue, workload.snapshots, source)
            retried = workload.retry(connection, source)
            connection.close()
        except AssertionError as error:
            server.kill()
            raise SystemExit(f"crash loop, round {number}, seed {options.seed}: {error}\n{server.log_tail()}")
        totals["acknowledged"] += current.acknowledged
        totals["bulk"] += workload.bulk in ledgers
        totals["snapshots"] += workload.snapshots in ledgers
        totals["retried"] += retried
        totals["kills"] += (end != "SIGTERM") + killed
        points = sum(len(ledger.state) for ledger in workload.points)
        print(f"  round {number}: {end} after {current.acknowledged} acknowledged writes"
              f"{', of 10,000 points too' if workload.bulk in ledgers else ''}"
              f"{', with snapshots' if workload.snapshots in ledgers else ''}; {killed} kills while starting, "
              f"{'files verified, ' if is_verified else ''}ready in {seconds:.2f} s, {points} points as they must be, "
              f"{kept} writes in flight kept, {retried} retried", flush=True)
    check_last(server, workload, source)
    return totals


def check_last(server, workload, source):
    """What the retries of the last round left."""
    check_everything(server.connect(), workload.points, workload.catalogue, workload.snapshots, source)
    if server.stop() != 0:
        raise SystemExit(f"the server did not stop well:\n{server.log_tail()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, help="path of the needletail program")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--writers", type=int, default=4, help="besides the one of 10,000 points")
    parser.add_argument("--writes-min", type=int, default=20, help="acknowledged writes of a round at least")
    parser.add_argument("--writes-max", type=int, default=800)
    parser.add_argument("--seconds-max", type=float, default=4, help="a round is ended after this time at the latest")
    options = parser.parse_args()
    print(f"crash loop: {options.rounds} rounds, {options.writers} writers and one of bulk, seed {options.seed}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="needletail-crash-") as directory:
        totals = run(options, os.path.join(directory, "data"))
    print(f"crash loop: {options.rounds} rounds, {totals['kills']} kills, {totals['acknowledged']} acknowledged writes "
          f"({totals['bulk']} rounds with 10,000 points a write, {totals['snapshots']} with snapshots), "
          f"{totals['retried']} repeated: none lost, no ghosts, none by halves, none twice, "
          f"{time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
