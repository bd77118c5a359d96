"""Memory a point: codes, links, the rest, rescoring rows apart; while graphs are built; and under a tenth of what the vectors take.

usage: python memory.py --server <program> --data <debian50k directory> [--peers hnswlib,"Qdrant int8"] [--limit-megabytes 64]

Anonymous memory is what the server has more than one without points. Full vectors are mapped and read only to rescore;
they are the system's to drop, and are reported apart. With --limit-megabytes a collection whose vectors take ten times as
much is loaded, and searched by a server in a control group of that limit (which needs root; the data limit of the
process where there is no such group). Its files are dropped from the system's cache before that, so that their pages count
as the group's. Peers run in SearchCore's virtual environment, which compare.py makes. Ends with code 1 where a bound is
broken.
"""

import contextlib
import json
import os
import re
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

import measuring
import numpy
from needletail_rest import Server, wait_until, wait_until_indexed

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "clients", "python", "src"))
import needletail

CORE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "SearchCore")
COLLECTION, PATH = "memory", "/collections/memory"
STEADY_MAX, BUILD_MAX, RECALL_LOSS_MAX = 1.3, 2.6, 0.01


def smaps(server):
    """Bytes of anonymous memory, and resident bytes of mapped parts and of the store."""
    sums, kind = {"anonymous": 0, "parts": 0, "store": 0}, None
    with open(f"/proc/{server.process.pid}/smaps") as lines:
        for line in lines:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                path = line.split(maxsplit=5)[5:]
                name = path[0] if path else ""
                kind = "parts" if "/generation-" in name else "store" if ".mdb" in name else None
            elif line.startswith("Anonymous:"):
                sums["anonymous"] += int(line.split()[1]) << 10
            elif line.startswith("Rss:") and kind:
                sums[kind] += int(line.split()[1]) << 10
    return sums


class Peak:
    """The most anonymous memory while the block runs."""

    def __init__(self, server):
        self.server, self.bytes, self._stop = server, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self._stop.wait(0.05):
            with open(f"/proc/{self.server.process.pid}/status") as status:
                anonymous = next(int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon:"))
            self.bytes = max(self.bytes, anonymous)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


def newest_part(data):
    """The newest file of vectors below a data directory."""
    parts = [os.path.join(folder, name) for folder, _, names in os.walk(data) for name in names
             if name.startswith("vectors-") and not name.endswith(".tmp")]
    return max(parts, key=os.path.getmtime, default=None)


def newest_generation(data):
    """The number of the newest generation, of one that is being built too."""
    return max((int(name.rsplit("-", 1)[1]) for _, folders, _ in os.walk(data) for name in folders
                if re.fullmatch(r"generation-\d+", name)), default=0)


def sections(data):
    """Bytes of each section of the newest part."""
    with open(newest_part(data) or "", "rb") as file:
        header = file.read(64)
        count, (offset, size) = struct.unpack_from("<I", header, 12)[0], struct.unpack_from("<QQ", header, 16)
        file.seek(offset)
        table = file.read(size)
    result, place = {}, 0
    for _ in range(count):
        length = struct.unpack_from("<H", table, place)[0]
        name = table[place + 2:place + 2 + length].decode()
        result[name] = struct.unpack_from("<Q", table, place + 2 + length + 8)[0]
        place += 2 + length + 20
    return result


def load(server, vectors, ids, distance="Cosine", quantization=None):
    connection = server.connect()
    body = {"vectors": {"size": int(vectors.shape[1]), "distance": distance}}
    if quantization:
        body["quantization_config"] = quantization
    connection.request("PUT", PATH, body)
    upload(server, vectors, ids)


def upload(server, vectors, ids):
    with needletail.Client("127.0.0.1", server.binary_port) as client:
        for first in range(0, len(ids), 10_000):
            client.upload(COLLECTION, vectors[first:first + 10_000], ids[first:first + 10_000])
    wait_until_indexed(server.connect(), COLLECTION, 7200)


def wait_until_sealed(data, count):
    """Waits until one part has all rows: those behind it keep their full vectors in memory.

    A server leaves up to a twentieth of the rows behind where a load happens to end so: then this run measures nothing.
    """
    def is_sealed():
        try:
            return sections(data)["slots"] == 4 * count
        except (OSError, ValueError, struct.error):
            return False

    wait_until(is_sealed, "all rows in the generation", 600, 0.5)


def settled(server):
    """Memory once nothing more is given back: a server waits for pauses of five seconds, twice."""
    least, since = None, time.monotonic()
    while time.monotonic() - since < 13:
        now = smaps(server)
        if least is None or now["anonymous"] < least["anonymous"]:
            least, since = now, time.monotonic()
        time.sleep(0.5)
    return least


def measure(options, data, vectors):
    """One collection: what it takes when all is built, and at most while a graph is built anew."""
    faults, count = [], len(vectors)
    with Server(options.server, data) as server:
        empty = settled(server)["anonymous"]
        with Peak(server) as loading:
            load(server, vectors, range(count))
            wait_until_sealed(data, count)
        steady = settled(server)
        parts = sections(data)
        compact = parts["codes"] + parts["links"]
        # A fifth of the rows anew is what makes a new generation due, once no write has come for a while.
        with Peak(server) as writing:
            before = newest_part(data)
            generation = newest_generation(data)
            upload(server, vectors[:count // 4][::-1].copy(), range(count // 4))
            wait_until(lambda: newest_generation(data) > generation, "a build", 7200, 0.02)
        with Peak(server) as building:
            wait_until(lambda: newest_part(data) != before, "a second generation", 7200, 0.5)
            wait_until_sealed(data, count)
        after = settled(server)
    new_rows = vectors.nbytes // 4

    def line(what, size, bound=None):
        ratio = size / compact
        print(f"  {what:42} {size / count:8.0f} bytes a point {ratio:6.2f} × codes and links", flush=True)
        if bound and ratio > bound:
            faults.append(f"{what}: {ratio:.2f} × codes and links, the limit is {bound}")

    print(f"  codes {parts['codes'] / count:.0f}, links {parts['links'] / count:.0f}, "
          f"rescoring rows (mapped) {parts['vectors'] / count:.0f} bytes a point")
    line("steady, anonymous", steady["anonymous"] - empty, STEADY_MAX)
    line("loading and first build, rows included", loading.bytes - empty)
    line("a quarter of the rows written, without them", writing.bytes - empty - new_rows)
    line("second build without the new rows", building.bytes - empty - new_rows, BUILD_MAX)
    line("after it", after["anonymous"] - empty)
    print(f"  resident pages of mapped parts {after['parts'] / count:.0f}, of the store {after['store'] / count:.0f}")
    return faults


def peers(options, data):
    python = f"{CORE}/.venv/bin/python"
    if not os.path.exists(python):
        return print("  peers: run SearchCore/compare.py once, which installs them")
    count = len(numpy.load(f"{data}/base.npy", mmap_mode="r"))
    for name in filter(None, options.peers.split(",")):
        answer = subprocess.run(
            [python, f"{CORE}/peers.py", name, data, "cosine"], input="build\n", capture_output=True, text=True).stdout.split()
        size = float(answer[2]) / count if len(answer) == 3 and answer[0] != "error" else None
        print(f"  {name:42} " + (f"{size:8.0f} bytes a point, vectors included" if size else "cannot run here"), flush=True)


@contextlib.contextmanager
def limited(program, megabytes, folder):
    """A program that starts the server under a memory limit, and what limits it."""
    group = prefix = None
    with open("/proc/self/cgroup") as file:
        groups = {line.split(":")[1]: line.strip().split(":", 2)[2] for line in file}
    for root, own, name in (("/sys/fs/cgroup/memory", groups.get("memory"), "memory.limit_in_bytes"),
                            ("/sys/fs/cgroup", groups.get(""), "memory.max")):
        if own is None or group:
            continue
        candidate = f"{root}{own.rstrip('/')}/needletail-memory-{os.getpid()}"
        try:
            os.mkdir(candidate)
        except OSError:
            continue
        try:
            with open(f"{candidate}/{name}", "w") as file:
                file.write(str(megabytes << 20))
            group, prefix = candidate, f"echo $$ > {candidate}/cgroup.procs"
        except OSError:
            os.rmdir(candidate)
    prefix = prefix or f"ulimit -d {megabytes << 10}"
    script = os.path.join(folder, "limited.sh")
    with open(script, "w") as file:
        file.write(f'#!/bin/sh\n{prefix}\nexec "{os.path.abspath(program)}" "$@"\n')
    os.chmod(script, 0o755)
    try:
        yield script, "a control group" if group else "the data limit of the process"
    finally:
        if group:
            os.rmdir(group)


def faults_of(server):
    with open(f"/proc/{server.process.pid}/stat") as stat:
        return int(stat.read().rsplit(")", 1)[1].split()[9])


def drop_cached(data):
    """Pages that the system's cache has of a directory's files are not charged to the group that reads them next."""
    os.sync()
    for folder, _, names in os.walk(data):
        for name in names:
            descriptor = os.open(os.path.join(folder, name), os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def under_limit(options, folder):
    """Ten times the limit in vectors, searched under the limit and without it."""
    dimension, data = 1024, os.path.join(folder, "large")
    count = (options.limit_megabytes << 20) * 10 // (4 * dimension)
    random = numpy.random.default_rng(5)
    centres = random.normal(size=(400, dimension)).astype(numpy.float32)
    vectors = centres[random.integers(0, 400, count)]
    vectors += random.normal(0, 0.7, (count, dimension)).astype(numpy.float32)
    queries = vectors[:options.queries] + random.normal(0, 0.4, (options.queries, dimension)).astype(numpy.float32)
    unit = vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)
    truth = [set(numpy.argpartition(-(unit @ query), 10)[:10].tolist()) for query in queries]
    del unit
    with Server(options.server, data, start_seconds_max=600) as server:
        load(server, vectors, range(count))
        wait_until_sealed(data, count)
    parts = sections(data)
    print(f"\n{count:,} × {dimension}: vectors {parts['vectors'] >> 20} MB, codes and links "
          f"{(parts['codes'] + parts['links']) >> 20} MB")
    del vectors
    recalls = [search(options.server, "without a limit", data, queries, truth)]
    drop_cached(data)
    with limited(options.server, options.limit_megabytes, folder) as (script, what):
        recalls.append(search(script, f"{options.limit_megabytes} MB by {what}", data, queries, truth))
    lost = recalls[0] - recalls[1]
    return [f"the limit costs {lost:.3f} of recall, at most {RECALL_LOSS_MAX}"] if lost > RECALL_LOSS_MAX else []


def search(program, what, data, queries, truth):
    with Server(program, data, start_seconds_max=600) as server:
        connection, latencies, found = server.connect(600), [], 0
        cpu, faults = server.cpu_seconds(), faults_of(server)
        for query, exact in zip(queries, truth):
            body = json.dumps({"query": query.tolist(), "limit": 10}).encode()
            answer, seconds = measuring.send_timed(connection, "POST", f"{PATH}/points/query", body)
            latencies.append(seconds)
            found += len(exact & {point["id"] for point in answer["points"]})
        cpu, faults, held = server.cpu_seconds() - cpu, faults_of(server) - faults, smaps(server)
    recall = found / (10 * len(queries))
    print(f"  {what:42} recall@10 {recall:.3f}, p50 {measuring.milliseconds(statistics.median(latencies))} ms, "
          f"p95 {measuring.milliseconds(measuring.percentile(latencies, 0.95))} ms, CPU {1000 * cpu / len(queries):.2f} ms, "
          f"{faults / len(queries):.1f} pages read a query; anonymous {held['anonymous'] >> 20} MB, mapped parts "
          f"{held['parts'] >> 20} MB", flush=True)
    return recall


def main():
    parser = measuring.parser(__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--peers", default="hnswlib,Qdrant int8,faiss SQ8,USearch f16")
    parser.add_argument("--limit-megabytes", type=int, default=64, help="0: without the part under a limit")
    parser.add_argument("--queries", type=int, default=300)
    options = parser.parse_args()
    vectors = numpy.load(f"{options.data}/base.npy").astype(numpy.float32)
    print(f"memory: {len(vectors):,} × {vectors.shape[1]}, {measuring.machine()}")
    with tempfile.TemporaryDirectory(prefix="needletail-bench-", dir=options.directory) as folder:
        faults = measure(options, os.path.join(folder, "data"), vectors)
        peers(options, options.data)
        del vectors
        if options.limit_megabytes:
            faults += under_limit(options, folder)
    if faults:
        raise SystemExit("\n".join(faults))


if __name__ == "__main__":
    main()
