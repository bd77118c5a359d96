"""Cuts the power of a mounted file system at random moments while clients write, and compares with a ledger.

usage: sudo python3 power_loss.py --server <path of the needletail program> [--rounds N] [--seed N]

The data lies on ext4 in a file. A cut is ext4's own shutdown without flushing its journal (FS_IOC_SHUTDOWN, as the
kernel's file system tests use it): all that was not synced is gone at once, whatever the kernel had not written by
itself. Before a cut, random ranges of files are handed to the disk in a random order, as the kernel may at any time.
Then the file system is mounted again, which replays its journal, and the server is started on what is left.
Where file systems cannot be mounted, one line says so and nothing is tested.
"""

import argparse
import ctypes
import fcntl
import os
import random
import shutil
import struct
import subprocess
import tempfile
import time

from crash_checks import check_everything, check_files
from crash_round import Round, Server, Workload

SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN
WITHOUT_JOURNAL = struct.pack("I", 2)  # FS_SHUTDOWN_FLAGS_NOLOGFLUSH
WRITE_AND_WAIT = 7  # SYNC_FILE_RANGE_WAIT_BEFORE | _WRITE | _WAIT_AFTER
# How much of what nobody synced reaches the disk, and when names become durable without the data behind them.
MOUNTS = ["commit=600", "commit=1", "commit=600,nodelalloc", "commit=1,data=writeback"]


class Mount:
    """An ext4 file system in a file."""

    def __init__(self, directory, megabytes=1024):
        self.image = os.path.join(directory, "disk")
        self.path = os.path.join(directory, "mounted")
        os.mkdir(self.path)
        with open(self.image, "wb") as image:
            image.truncate(megabytes << 20)
        command("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", self.image)

    def attach(self, options):
        command("mount", "-o", "loop," + options, self.image, self.path)

    def detach(self):
        command("umount", self.path)

    def write_back_some(self, source):
        """Hands random ranges of random files to the disk, without their names, sizes or anything else."""
        system = ctypes.CDLL(None, use_errno=True)
        paths = [os.path.join(place, name) for place, _, names in os.walk(self.path) for name in names]
        for path in source.sample(paths, len(paths) // 2):
            try:
                descriptor = os.open(path, os.O_RDWR)
            except FileNotFoundError:
                continue
            size = os.fstat(descriptor).st_size
            for _ in range(source.randint(1, 4)):
                offset = ctypes.c_int64(source.randint(0, size) // 4096 * 4096)
                system.sync_file_range(descriptor, offset, ctypes.c_int64(source.choice([4096, 65536, 1 << 22])), WRITE_AND_WAIT)
            os.close(descriptor)

    def cut(self):
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.ioctl(descriptor, SHUTDOWN, WITHOUT_JOURNAL)
        os.close(descriptor)


def command(*words):
    result = subprocess.run(words, capture_output=True, check=False)
    if result.returncode:
        raise OSError(f"{' '.join(words)}: {result.stderr.decode().strip()}")


def impossible(directory):
    """Why no file system can be mounted and cut off here; None where it can."""
    if os.geteuid() != 0:
        return "this needs root"
    if missing := [program for program in ("mkfs.ext4", "mount", "umount") if not shutil.which(program)]:
        return f"there is no {missing[0]}"
    try:
        trial = tempfile.mkdtemp(dir=directory)
        mount = Mount(trial, 16)
        mount.attach("commit=600")
        try:
            mount.cut()
        finally:
            mount.detach()
    except OSError as error:
        return str(error)
    return None


def run(options, mount, directory):
    source = random.Random(options.seed)
    workload = Workload(options.writers)
    data, log = os.path.join(mount.path, "data"), os.path.join(directory, "server.log")
    mount.attach(source.choice(MOUNTS))
    server = Server(options.server, data, log_path=log)
    workload.create_collections(server.connect())
    acknowledged = 0

    def cut():
        mount.write_back_some(source)
        # A sync that runs into the shutdown may succeed with nothing written. Without power nobody would hear of it.
        current.is_cut_off = True
        mount.cut()
        server.kill()

    try:
        for number in range(1, options.rounds + 1):
            # After the cut every call fails: writes are refused, and nothing more is acknowledged.
            current = Round(server, workload.choose(source), source, refusals=(500, 503, 507))
            current.run_until(source.randint(1, options.writes_max), source.uniform(0.1, options.seconds_max))
            current.end(cut)
            acknowledged += current.acknowledged
            mount.detach()
            mode = source.choice(MOUNTS)
            mount.attach(mode)
            try:
                check_files(options.server, data)
                server = Server(options.server, data, log_path=log)
                kept = check_everything(
                    server.connect(), workload.points, workload.catalogue, workload.snapshots, source)
                retried = workload.retry(server.connect(), source)
            except (AssertionError, RuntimeError) as error:
                server.kill()
                raise SystemExit(f"power loss, round {number}, seed {options.seed}: {error}\n{server.log_tail()}")
            points = sum(len(ledger.state) for ledger in workload.points)
            print(f"  round {number}: power lost after {current.acknowledged} acknowledged writes, {points} points as they "
                  f"must be, {kept} writes in flight kept, {retried} retried; mounted again with {mode}", flush=True)
    finally:
        server.kill()
        mount.detach()
    return acknowledged


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, help="path of the needletail program")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--writes-max", type=int, default=400)
    parser.add_argument("--seconds-max", type=float, default=3)
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="needletail-power-") as directory:
        if reason := impossible(directory):
            print(f"power loss: skipped, no file system can be mounted here: {reason}")
            return
        print(f"power loss: {options.rounds} rounds, seed {options.seed}")
        acknowledged = run(options, Mount(directory), directory)
    print(f"power loss: {options.rounds} cuts, {acknowledged} acknowledged writes, none lost, no ghosts, none by halves, "
          f"{time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
