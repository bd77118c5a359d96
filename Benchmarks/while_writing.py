"""Searches while points are written: p95 and recall@10 idle and at the highest sustained rate, a burst, deletes, updates.

usage: python while_writing.py --server <program> --data <debian50k directory>

The rate is sustained when the server's unindexed rows stay below what it allows (4,096 while somebody searches; max(32,768,
5 %) in a burst): above it the server itself answers writes later, so a stream that always has something under way finds
the rate. It is printed beside the build rate: that at which the same client's points, as many as there were in the end,
are loaded and indexed while nobody searches (few points are indexed faster than many). Searches come at a steady pace and
count from when they were due, so that one that waits makes those behind it late too. Both clients stand for other machines:
where the system allows it the searching one comes before all others, and the writing one behind the server's event loops,
or their own waiting for a processor would be measured. With both processors busy, the host of a virtual machine may take
them away for tens of milliseconds, several times in a row, whatever the machine does: searches in such time are left out,
idle ones as well, and their share is printed; the p95 is the median of several windows' while the stream goes on. The
collection grows to several times its size meanwhile, so the idle p95 is the mean of those at rest before and after. What
updates and deletes leave is searched in turns with another server that has the same points untouched.

Points that are written are shaken copies of those that are there, so neighbours come closer together and recall falls
with their number; it is compared with that of the same points at rest. Truth is the server's own exact search, asked
right after the approximate one; while points are written it is measured by itself, behind the latencies, since exact
searches take a core. Besides latencies, the server's own time in the search stage is shown (median and p95 of explained
queries), and the tiers that a query goes through. The burst is sent as JSON over HTTP and as a stream over the binary
protocol. Ends with code 1 when a promise is broken.
"""

import contextlib
import json
import multiprocessing
import os
import re
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "clients", "python", "src"))
import measuring
import needletail
import numpy
from needletail_rest import Connection, wait_until_indexed

PATH = "/collections/writing"
LIMIT = 10
BATCH = 500
# Points of one stream of the writing client, and searches a second.
STREAMED = 4000
PACE = 200
# Windows of searches while points are written, and searches of one server before the other's turn.
WINDOWS = 5
TURN = 50


def encoded(vectors, ids):
    """Bodies of BATCH points each."""
    bodies = []
    for first in range(0, len(ids), BATCH):
        points = b",".join(
            b'{"id":%d,"vector":%s}' % (number, json.dumps(numpy.round(vector, 5).tolist()).encode())
            for number, vector in zip(ids[first:first + BATCH], vectors[first:first + BATCH]))
        bodies.append(b'{"points":[' + points + b"]}")
    return bodies


def shaken(vectors, generator):
    """The same vectors with noise: new points where others are."""
    noise = generator.standard_normal(vectors.shape, numpy.float32)
    noise *= 0.3 / vectors.shape[1] ** 0.5
    return numpy.add(noise, vectors, out=noise)


def put(connection, bodies):
    for body in bodies:
        connection.request("PUT", f"{PATH}/points?wait=true", body)


def write_on(host, port, vectors, first_id, points, stop):
    """Streams the vectors until it is told to stop, and counts acknowledged points."""
    prioritize(10)
    with needletail.Client(host, port, timeout=600) as client:
        for start in range(0, len(vectors), STREAMED):
            if stop.value:
                break
            rows = vectors[start:start + STREAMED]
            client.upload("writing", rows, ids=range(first_id + start, first_id + start + len(rows)))
            points.value += len(rows)


def prioritize(niceness):
    """Sets this process's niceness; below 0 only who may."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, niceness)


def search(connection, queries, seconds=None, pace=None, explained_every=5, is_exact_too=True, note=None):
    """Latencies of approximate searches; recall@10 of some against the exact answer, and explanations of those.

    With a pace of so many searches a second latencies count from when each was due; otherwise each comes when the one
    before it was answered. `note` is called with when each was due and when it was answered.
    """
    latencies, found, wanted, plans = [], 0, 0, []
    began = time.monotonic()
    number = 0
    while (number < len(queries)) if seconds is None else (time.monotonic() < began + seconds):
        body = {"query": queries[number % len(queries)], "limit": LIMIT}
        due = time.monotonic() if pace is None else began + number / pace
        time.sleep(max(0, due - time.monotonic()))
        result, _ = measuring.send_timed(connection, "POST", f"{PATH}/points/query", json.dumps(body).encode())
        done = time.monotonic()
        latencies.append(done - due)
        if note:
            note(due, done)
        if number % explained_every == 0:
            explained = {**body, "params": {"explain": True}}
            plans.append(connection.envelope("POST", f"{PATH}/points/query", explained)["explain"])
        if number % explained_every == 0 and is_exact_too:
            exact = connection.request("POST", f"{PATH}/points/query", {**body, "params": {"exact": True}})
            ids = {point["id"] for point in exact["points"]}
            found += len(ids & {point["id"] for point in result["points"]})
            wanted += len(ids)
        number += 1
    return latencies, found / max(1, wanted), plans


def metric(connection, name):
    """The sum of a metric's samples whose labels match `name`, a regular expression."""
    text = connection.send("GET", "/metrics")[1].decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if re.match(name, line))


def anonymous_megabytes(server):
    """Memory that only the server can give back; what files are mapped to the system takes when it needs it."""
    with open(f"/proc/{server.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon:")) / 1024


def line(name, found, server, extra=""):
    latencies, recall, plans = found
    p50, p95 = (measuring.percentile(latencies, share) for share in (0.5, 0.95))
    stage = [plan["microseconds"]["search"] for plan in plans]
    tiers = " + ".join(f"{tier['tier']} {tier['rows']:,}" for tier in plans[-1]["steps"][0]["tiers"])
    print(f"{name:26} p50 {p50 * 1000:6.2f} ms  p95 {p95 * 1000:6.2f} ms  "
          f"search stage {measuring.percentile(stage, 0.5):5.0f} / {measuring.percentile(stage, 0.95):5.0f} µs  "
          f"recall {recall:.4f}  {server.resident_kilobytes() / 1024:5.0f} MB, "
          f"{anonymous_megabytes(server):.0f} anonymous{extra}\n{'':26} last: {tiers}", flush=True)
    return p95, recall


def quiet(connection):
    """Waits for the background work, beyond the settling time."""
    time.sleep(6)
    wait_until_indexed(connection, "writing")


def binary_burst(server, vectors, ids):
    """Durable points a second over one stream of the binary protocol."""
    with needletail.Client(server.host, server.binary_port, timeout=600) as client:
        began = time.monotonic()
        client.upload("writing", vectors, ids=ids)
        return len(ids) / (time.monotonic() - began)


def paced(connection, queries, seconds):
    """Latencies at a steady pace while the host left the processors to this machine, those of all searches, explanations."""
    steal = measuring.HostSteal()
    latencies, _, plans = search(
        connection, queries, seconds, PACE, explained_every=50, is_exact_too=False, note=steal.note)
    return steal.undisturbed(), latencies, plans


def sustained(server, connection, queries, vectors, first_id, seconds):
    """Searches while one stream has always something under way.

    Returns the median of the windows' p95, recall, points a second and how many were written in all.
    """
    points, stop = multiprocessing.Value("q", 0), multiprocessing.Value("b", 0)
    writer = multiprocessing.Process(
        target=write_on, args=(server.host, server.binary_port, vectors, first_id, points, stop))
    writer.start()
    prioritize(-20)
    search(connection, queries, seconds / 4, PACE, is_exact_too=False)
    first, began = points.value, time.monotonic()
    windows = [paced(connection, queries, seconds / WINDOWS) for _ in range(WINDOWS)]
    rate = (points.value - first) / (time.monotonic() - began)
    latencies, all_latencies, plans = (sum(lists, []) for lists in zip(*windows))
    found = latencies, search(connection, queries, seconds / 4)[1], plans
    if points.value >= len(vectors):
        sys.exit(f"{len(vectors):,} points were written before the searches ended; let --written be more")
    unindexed = metric(connection, "collection_delta_rows")
    throttled = metric(connection, r'write_step_seconds_total\{step="throttle"')
    stop.value = 1
    writer.join()
    _, recall = line(
        "while writing", found, server,
        f"  {rate:,.0f} points/s, {unindexed:,.0f} rows unindexed, {throttled:.1f} s of answers held")
    p95, p95_of_all = ([measuring.percentile(window[place], 0.95) for window in windows] for place in (0, 1))
    left_out = 1 - len(latencies) / len(all_latencies)
    shown, shown_of_all = (", ".join(map(measuring.milliseconds, window)) for window in (p95, p95_of_all))
    print(f"{'':26} p95 by window: {shown} ms; with the {100 * left_out:.1f} % of searches in time that the host took: "
          f"{shown_of_all} ms", flush=True)
    return statistics.median(p95), recall, rate, points.value


def beside(connection, control, queries):
    """What `line` takes, and the p95 of another server, asked in turns."""
    latencies, recalls, plans, others = [], [], [], []
    for first in range(0, len(queries), TURN):
        turn = queries[first:first + TURN]
        others += search(control, turn)[0]
        found = search(connection, turn)
        latencies += found[0]
        recalls.append(found[1])
        plans += found[2]
    return (latencies, statistics.mean(recalls), plans), measuring.percentile(others, 0.95)


def build_rate(server, connection, *arrays):
    """Points a second at which a collection of these vectors is loaded and indexed while nobody searches."""
    count = sum(map(len, arrays))
    connection.request("PUT", PATH, {"vectors": {"size": arrays[0].shape[1], "distance": "Cosine"}})
    began, started, first = time.monotonic(), server.cpu_seconds(), 0
    with needletail.Client(server.host, server.binary_port, timeout=600) as client:
        for vectors in arrays:
            client.upload("writing", vectors, ids=range(first, first + len(vectors)))
            first += len(vectors)
    wait_until_indexed(connection, "writing")
    rate = count / (time.monotonic() - began)
    print(f"{count:,} points loaded and indexed: {rate:,.0f} points/s, {server.cpu_seconds() - started:.1f} CPU-s", flush=True)
    return rate


def run(server, control, options):
    generator = numpy.random.default_rng(1)
    base = numpy.load(os.path.join(options.data, "base.npy")).astype(numpy.float32)
    queries = numpy.load(os.path.join(options.data, "queries.npy")).astype(numpy.float32).tolist()
    count = len(base)
    for each in (control, server):
        connection = each.connect(timeout_seconds=600)
        build_rate(each, connection, base)
        quiet(connection)
    search(connection, queries)
    _, recall = line("idle", search(connection, queries), server)
    search(connection, queries, 2, PACE, is_exact_too=False)
    latencies, _, plans = paced(connection, queries, options.seconds / 2)
    idle_before, _ = line(f"idle, {PACE} searches/s", (latencies, recall, plans), server)

    written = shaken(numpy.tile(base, (options.written // count + 1, 1))[:options.written], generator)
    busy, busy_recall, sustained_rate, written_count = sustained(
        server, connection, queries, written, count, options.seconds)
    quiet(connection)
    _, settled_recall = line("settled", search(connection, queries), server)
    latencies, _, plans = paced(connection, queries, options.seconds / 2)
    idle_after, _ = line(f"settled, {PACE} searches/s", (latencies, settled_recall, plans), server)
    idle = (idle_before + idle_after) / 2

    burst = encoded(shaken(base[:30_000], generator), range(10_000_000, 10_030_000))
    began = time.monotonic()
    put(connection, burst)
    print(f"burst, JSON over HTTP      {30_000 / (time.monotonic() - began):,.0f} durable points/s", flush=True)
    quiet(connection)
    rate = binary_burst(server, shaken(base[:30_000], generator), range(20_000_000, 20_030_000))
    print(f"burst, binary stream       {rate:,.0f} durable points/s", flush=True)
    everything = {"filter": {"must_not": [{"has_id": list(range(count))}]}}
    connection.request("POST", f"{PATH}/points/delete?wait=true", everything)
    put(connection, encoded(base, range(count)))
    quiet(connection)
    # A connection that nothing is sent on the server closes.
    untouched = control.connect(timeout_seconds=600)
    search(untouched, queries)
    found, alone = beside(connection, untouched, queries)
    updated, updated_recall = line("all updated, rest deleted", found, server)
    updated /= alone
    connection.request("POST", f"{PATH}/points/delete?wait=true", {"points": list(range(0, count, 2))})
    quiet(connection)
    found, alone = beside(connection, untouched, queries)
    deleted, deleted_recall = line("half deleted", found, server)
    deleted /= alone
    connection.request("DELETE", PATH)
    built = build_rate(server, connection, base, written[:written_count])
    return {
        f"{rate:,.0f} durable points/s in a burst over the binary protocol, at least 30,000": rate >= 30_000,
        f"{sustained_rate:,.0f} points/s sustained, {sustained_rate / built:.2f} × the build rate of all, at least 0.8":
            sustained_rate >= 0.8 * built,
        f"p95 {busy / idle:.2f} × idle while writing ({busy / idle_before:.2f} × before, {busy / idle_after:.2f} × after), "
        "at most 2": busy <= 2 * idle,
        f"recall {busy_recall:.4f} while writing, {settled_recall:.4f} of the same points at rest, at most 0.01 less":
            busy_recall >= settled_recall - 0.01,
        f"p95 {updated:.2f} × that of untouched points after updates, at most 1.1": updated <= 1.1,
        f"p95 {deleted:.2f} × that of untouched points after deletes, at most 1.1": deleted <= 1.1,
        f"recall {min(updated_recall, deleted_recall):.4f} after updates and deletes":
            min(updated_recall, deleted_recall) >= recall - 0.01,
    }


def main():
    parser = measuring.parser(__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="the debian50k directory")
    parser.add_argument("--seconds", type=float, default=20, help="how long is measured while writing")
    parser.add_argument("--written", type=int, default=700_000, help="points that the writer has ready")
    options = parser.parse_args()
    print(f"while_writing: one searching and one writing client, {measuring.machine()}")
    with measuring.running_server(options) as server, measuring.running_server(options) as control:
        promises = run(server, control, options)
    for promise, is_kept in promises.items():
        print(("kept:   " if is_kept else "BROKEN: ") + promise)
    sys.exit(0 if all(promises.values()) else 1)


if __name__ == "__main__":
    main()
