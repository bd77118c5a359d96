"""Durable upserts of 768-d points with a small payload: the Python client's stream beside qdrant-client over HTTP.

usage: python ingest.py --server <program> [--points 50000] [--batch 500]

Both clients get the same numpy array and the same payloads, in batches of the same size, and end when everything is durable.
Beside it the disk alone: as many bytes as the server wrote, in pieces of a batch, each synced, by a loop that does nothing else.
Fails when the stream is not at least five times as fast.
"""

import os
import resource
import sys
import tempfile
import time
import urllib.request

import protocol
import measuring
import numpy

DIMENSION = 768
SPEED_UP_MIN = 5


def own_cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def configuration():
    # Writing is measured here; building the graph would share the cores with it.
    return {"vectors": {"size": DIMENSION, "distance": "Cosine"}, "optimizers_config": {"indexing_threshold": 0}}


def timed(name, server, points, upload):
    """Runs an upload, prints what it took on both sides, and returns its seconds and the server's CPU seconds."""
    server_cpu, client_cpu, started = protocol.cpu_nanoseconds(server.process.pid), own_cpu_seconds(), time.monotonic()
    upload()
    seconds = time.monotonic() - started
    server_cpu = (protocol.cpu_nanoseconds(server.process.pid) - server_cpu) / 1e9
    client_cpu = own_cpu_seconds() - client_cpu
    print(f"  {name:28} {points / seconds:9,.0f} points/s  {points * DIMENSION * 4 / seconds / 1e6:6.0f} MB/s of vectors; "
          f"CPU a point: client {client_cpu / points * 1e6:6.1f} µs, server {server_cpu / points * 1e6:6.1f} µs")
    return seconds, server_cpu


def written_bytes(process_id):
    """Bytes that a process has caused to be written to disks."""
    with open(f"/proc/{process_id}/io") as io:
        return next(int(line.split()[1]) for line in io if line.startswith("write_bytes"))


def disk_seconds(directory, byte_count, piece_bytes):
    """How long the disk takes for so many bytes in synced pieces of reserved space."""
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        piece = os.urandom(piece_bytes)
        os.posix_fallocate(file.fileno(), 0, byte_count)
        started = time.monotonic()
        for offset in range(0, byte_count, piece_bytes):
            os.pwrite(file.fileno(), piece, offset)
            os.fdatasync(file.fileno())
        return time.monotonic() - started


def tell_limits(points, seconds, spent, written, cpu, disk):
    """What the stream's time went to: the disk's part of it, and the processors'."""
    share = {step: spent.get(step, 0) / seconds * 100 for step in ("sync", "commit", "backlog")}
    print(f"      of {seconds:.2f} s the log was being synced {share['sync']:.0f} %, the store committed beside it {share['commit']:.0f} %, "
          f"writes waited for the store {share['backlog']:.0f} %; all cores busy with the server {cpu / seconds / os.cpu_count() * 100:.0f} %")
    print(f"      {written / points:,.0f} bytes a point written, {written / seconds / 1e6:.0f} MB/s; the disk alone takes "
          f"{disk:.2f} s for them ({written / disk / 1e6:.0f} MB/s), {disk / seconds * 100:.0f} % of the stream's time")


def steps(server):
    """Seconds of the write path by step so far."""
    text = urllib.request.urlopen(f"http://{server.host}:{server.port}/metrics").read().decode()
    lines = [line for line in text.splitlines() if "write_step" in line and not line.startswith("#")]
    return {line.split('step="')[1].split('"')[0]: float(line.split()[-1]) for line in lines if 'step="' in line}


def main():
    parser = measuring.parser(__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=50_000)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--streams", type=int, default=1, help="threads with a stream each, in one process")
    parser.add_argument("--without-qdrant", action="store_true", help="measure the stream alone")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    vectors = numpy.random.default_rng(options.seed).standard_normal((options.points, DIMENSION), dtype=numpy.float32)
    payloads = [{"group": number % 10, "title": f"point {number}"} for number in range(options.points)]
    print(f"ingest: {options.points} × {DIMENSION}, {options.batch} a batch, seed {options.seed}, {measuring.machine()}")
    with measuring.running_server(options) as server, protocol.client(server) as client:
        client.create_collection("stream", configuration())
        before, written = steps(server), written_bytes(server.process.pid)
        binary, cpu = timed("stream, Python client", server, options.points, lambda: client.upload(
            "stream", vectors, payloads=payloads, batch_size=options.batch))
        spent = {step: total - before.get(step, 0) for step, total in steps(server).items()}
        written = written_bytes(server.process.pid) - written
        for step, total in sorted(spent.items(), key=lambda item: -item[1]):
            print(f"      {step:16} {total / options.points * 1e6:6.1f} µs a point")
        disk = disk_seconds(options.directory, written, options.batch * DIMENSION * 4)
        tell_limits(options.points, binary, spent, written, cpu, disk)
        assert client.count("stream") == options.points
        if options.without_qdrant:
            return 0
        from qdrant_client import QdrantClient, models

        peer = QdrantClient(url=f"http://{server.host}:{server.port}", timeout=600)
        peer.create_collection(
            "http", vectors_config=models.VectorParams(size=DIMENSION, distance=models.Distance.COSINE),
            optimizers_config=models.OptimizersConfigDiff(indexing_threshold=0))
        rest, _ = timed("upload_collection over HTTP", server, options.points, lambda: peer.upload_collection(
            "http", vectors=vectors, payload=payloads, ids=range(options.points), batch_size=options.batch, wait=True))
        assert client.count("http") == options.points
    print(f"the stream is {rest / binary:.1f} × as fast (at least {SPEED_UP_MIN})")
    return 0 if rest >= SPEED_UP_MIN * binary else 1


if __name__ == "__main__":
    sys.exit(main())
