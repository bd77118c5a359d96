"""Fills the disk under a writing server, and gives the space back: nothing acknowledged is lost, reads go on.

usage: sudo python3 full_disk.py --server <path of the needletail program> [--rounds N] [--seed N]

The data lies on a small tmpfs. When it is full, writes are refused with 507 within a second, searches and reads are
answered, and soon after there is space again, writes are taken without a restart. Every other time the server is
killed and started on the full disk as well. Where nothing can be mounted, one line says so and nothing is tested.
"""

import argparse
import contextlib
import errno
import itertools
import os
import random
import subprocess
import tempfile
import time

from crash_checks import check_counts, check_everything, check_files, read_points
from crash_round import RequestFailed, Round, Server, Workload
from ledger import VECTORS

REFUSED = 507
KEYS = itertools.count()


class SmallDisk:
    """A tmpfs, and a file that takes what is left of it."""

    def __init__(self, path, megabytes):
        self.path = path
        self._ballast = os.path.join(path, "ballast")
        os.mkdir(path)
        result = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", path], capture_output=True, check=False)
        if result.returncode:
            raise OSError(result.stderr.decode().strip())

    def fill(self, spare_bytes):
        with open(self._ballast, "wb") as ballast:
            for _ in range(100):
                free = os.statvfs(self.path)
                try:
                    os.posix_fallocate(ballast.fileno(), 0, max(free.f_bavail * free.f_frsize - spare_bytes, 1))
                    return
                except OSError as error:
                    # The server takes space meanwhile.
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._ballast)

    def unmount(self):
        subprocess.run(["umount", self.path], check=True)


def write_until_refused(connection, ledgers, source):
    """Sends writes of each ledger until the disk is full for all of them. Returns the longest time of a refusal."""
    slowest = 0.0
    for ledger in ledgers:
        for _ in range(5000):
            write = ledger.next_write(source)
            if write.is_bad:
                continue
            # What is refused now is repeated later, although it may have been made.
            write.key = f"full-{ledger.number}-{next(KEYS)}"
            ledger.begin(write)
            started = time.monotonic()
            try:
                ledger.acknowledge(write.send(connection))
            except RequestFailed as error:
                assert error.status == REFUSED, f"{write.method} {write.path}: {error}, expected {REFUSED}"
                slowest = max(slowest, time.monotonic() - started)
                break
        else:
            raise AssertionError(f"5,000 writes to {ledger.collection} were taken on a full disk")
    return slowest


def check_reads(connection, ledgers):
    """All that was acknowledged can be read and counted; the write that was refused may have been made."""
    for collection in VECTORS:
        found = read_points(connection, collection)
        for ledger in ledgers:
            if ledger.collection == collection:
                part = {i: found[i] for i in ledger.ids if i in found}
                assert part in ledger.possible_states(), f"{collection}: writer {ledger.number} reads another state"
        check_counts(connection, collection, found)


def start_on_full_disk(options, data, log, disk):
    """A server on the full disk. One whose catalogue was torn may need space to begin; it says so, and begins when there is."""
    try:
        return Server(options.server, data, log_path=log)
    except RuntimeError as error:
        assert os.strerror(errno.ENOSPC) in str(error), f"the start on a full disk: {error}"
        disk.empty()
        return Server(options.server, data, log_path=log)


def ask_on_full_disk(connection):
    """A collection whose log was torn may need space before it can be opened; it says so."""
    for collection in VECTORS:
        try:
            read_points(connection, collection)
        except RequestFailed as error:
            assert error.status == REFUSED, f"reading {collection} after a start on a full disk: {error}"


def write_when_there_is_space(connection, ledgers, seconds_max):
    """Repeats the refused writes until they are taken. Returns the seconds that this took."""
    started = time.monotonic()
    for ledger in ledgers:
        while True:
            try:
                ledger.acknowledge(ledger.in_flight.send(connection))
                break
            except RequestFailed as error:
                assert error.status == REFUSED, str(error)
                seconds = time.monotonic() - started
                assert seconds < seconds_max, f"still refused {seconds:.1f} s after there was space: {error}"
    return time.monotonic() - started


def run(options, directory):
    source = random.Random(options.seed)
    disk = SmallDisk(os.path.join(directory, "small"), options.megabytes)
    data, log = os.path.join(disk.path, "data"), os.path.join(directory, "server.log")
    server = None
    try:
        workload = Workload(options.writers)
        server = Server(options.server, data, log_path=log)
        workload.create_collections(server.connect())
        for number in range(1, options.rounds + 1):
            ledgers = [ledger for ledger in workload.points if ledger is not workload.bulk] + [workload.catalogue]
            current = Round(server, ledgers, source)
            current.run_until(options.writes, 10)
            current.end_writers()
            writers = ledgers[:-1]
            disk.fill(source.choice([0, 4096, 100_000, 1_000_000]))
            slowest = write_until_refused(server.connect(), writers, source)
            assert slowest < options.refusal_seconds_max, f"a write was refused after {slowest:.2f} s"
            check_reads(server.connect(), writers)
            is_killed = number % 2 == 0
            if is_killed:
                server.kill()
                check_files(options.server, data)
                server = start_on_full_disk(options, data, log, disk)
                ask_on_full_disk(server.connect())
            disk.empty()
            resumed = write_when_there_is_space(server.connect(), writers, options.resume_seconds_max)
            check_everything(server.connect(), workload.points, workload.catalogue, workload.snapshots, source)
            print(f"  round {number}: refused within {slowest * 1000:.0f} ms, reads went on, "
                  f"{'killed and started on the full disk, ' if is_killed else ''}written again after {resumed * 1000:.0f} ms, "
                  f"{sum(len(ledger.state) for ledger in workload.points)} points as they must be", flush=True)
        assert server.stop() == 0, "the server did not stop well"
        check_files(options.server, data)
    except AssertionError as error:
        raise SystemExit(f"full disk, seed {options.seed}: {error}\n{server.log_tail()}")
    finally:
        if server:
            server.kill()
        disk.unmount()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, help="path of the needletail program")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--writes", type=int, default=100, help="acknowledged writes before the disk is filled")
    parser.add_argument("--refusal-seconds-max", type=float, default=1)
    parser.add_argument("--resume-seconds-max", type=float, default=5)
    parser.add_argument("--megabytes", type=int, default=160)
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="needletail-full-") as directory:
        try:
            SmallDisk(os.path.join(directory, "trial"), 1).unmount()
        except OSError as error:
            print(f"full disk: skipped, no file system can be mounted here: {error}")
            return
        print(f"full disk: {options.rounds} rounds, seed {options.seed}")
        run(options, directory)
    print(f"full disk: filled {options.rounds} times, writes refused, none lost, {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
