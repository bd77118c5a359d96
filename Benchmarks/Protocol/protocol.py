"""What the benchmarks of the binary protocol share: the client from the checkout, and CPU time by thread."""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(_HERE, ".."), os.path.join(_HERE, "../../clients/python/src")]

import needletail  # noqa: E402  (found by the path above)


def client(server):
    """A client of the server's binary port."""
    return needletail.Client(server.host, server.binary_port, timeout=600)


def cpu_nanoseconds(process_id):
    """CPU time of a process, as exact as the kernel's scheduler has it."""
    total = 0
    for thread in os.listdir(f"/proc/{process_id}/task"):
        with open(f"/proc/{process_id}/task/{thread}/schedstat") as schedstat:
            total += int(schedstat.read().split()[0])
    return total


def resident_bytes(process_id):
    """Memory that a process has in RAM."""
    with open(f"/proc/{process_id}/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

