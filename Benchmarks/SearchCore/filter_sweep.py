#!/usr/bin/env python3
"""Filtered search at every share: our search core at default settings and beside Qdrant's core, in one run.

Filters of filter_data.py: 100, 90, 50, 20, 10, 5, 1 and 0.1 % of the points by a keyword, a range and both, near the
queries, far from them and at random. Both sides evaluate the filter by payload indexes for each query. Ends with code 1
where recall@10 at default settings is below .95 or more than a point below that without a filter, or where our speed at
equal recall is less than twice Qdrant's.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from compare import FOLDER, Core, Peer, at_recall, bootstrap, curve

DEFAULT_EF = 100
OUR_EFS = [10, 16, 32, 64, DEFAULT_EF, 160]
PEER_EFS = [10, 16, 32, 64, 128, 256]
RECALL_MIN, RECALL_LOSS_MAX, RATIO_MIN = 0.95, 0.01, 2.0
QUERIES = 300
# Samples of a round, and at most how many where they take less than so many seconds: a sample of ours takes milliseconds,
# for which other machines on the same processor may slow it.
SAMPLES, SAMPLES_MAX, SECONDS = 3, 15, 2


def prepared(options):
    """The folder of the filters, made where it is not there."""
    folder = options.folder
    if not os.path.exists(f"{folder}/queries.npy"):
        subprocess.run([sys.executable, f"{FOLDER}/filter_data.py", options.data, folder], check=True)
    with open(f"{folder}/filters.json", encoding="utf-8") as file:
        filters = json.load(file)
    return [entry for entry in filters if entry["relation"] in options.relations and entry["kind"] in options.kinds]


def our_core(options):
    core = Core(options.program)
    core.ask(f"load {options.folder}/base.npy {options.folder}/queries.npy cosine")
    core.ask(f"truth {options.folder}/gt.npy")
    core.ask("build 16 100 1 1 1 4")
    if not options.bitmaps:
        with open(f"{options.folder}/fields.json", encoding="utf-8") as file:
            fields = " ".join(f"{name}:{kind.lower()}" for name, kind in json.load(file).items())
        core.ask(f"payload {options.folder}/payload.jsonl {fields}")
    return core


def qdrant(options):
    """Qdrant's core with the payloads; None where it cannot run here."""
    if options.alone:
        return None
    peer = Peer("Qdrant filtered", options.folder, "cosine")
    try:
        peer.ask("build")
        return peer
    except RuntimeError as error:
        print(f"Qdrant: cannot run here: {error}")
        return None


def measure(core, peer, entry, options):
    """Ours by ef, Qdrant's by ef: the samples of all rounds."""
    name = entry["name"]
    core.ask(f"truth {options.folder}/fgt_{name}.npy")
    if options.bitmaps:
        core.ask(f"accept {options.folder}/{name}.u32")
    else:
        core.ask("filter " + json.dumps(entry["filter"]))
    if peer:
        peer.ask(f"filter {name}")
    ours, theirs = {}, {}
    our_efs = [DEFAULT_EF] if options.alone else OUR_EFS
    began, count = time.monotonic(), 0
    while count < SAMPLES * options.rounds or (
            count < SAMPLES_MAX * options.rounds and time.monotonic() < began + SECONDS * options.rounds):
        for our_ef, peer_ef in itertools.zip_longest(our_efs, PEER_EFS if peer else []):
            if our_ef:
                ours.setdefault(our_ef, []).append(core.search(our_ef, options.plan, queries=QUERIES))
            if peer_ef:
                theirs.setdefault(peer_ef, []).append(peer.search(peer_ef, QUERIES))
        count += 1
    return ours, theirs


def show(entry, ours, theirs, least):
    """Prints one filter's line; returns what is wrong with it."""
    default = ours[DEFAULT_EF]
    recall, speed = default[0][0], 1 / statistics.median(r[1] for r in default)
    line = (f"{entry['name']:20} {entry['selectivity']:7.4f} {recall:7.4f} {speed:9.0f} {default[0][3]:7.0f} "
            f"{default[0][4]:7.0f} {default[0][6].replace('two_hop_traversal', 'two_hop'):>24}")
    faults = [f"{entry['name']}: recall {recall:.4f}, not {least:.4f}"] if recall < least else []
    if theirs:
        us, them = at_recall(curve(ours), RECALL_MIN), at_recall(curve(theirs), RECALL_MIN)
        best = max(r for r, _ in curve(theirs))
        line += f" {us or 0:9.0f} {them or 0:8.0f} {best:7.4f} "
        line += f"{us / them:6.2f}" if us and them else f"{'–':>6}"
        if us and them and us / them < RATIO_MIN:
            faults.append(f"{entry['name']}: {us / them:.2f} × Qdrant, not {RATIO_MIN}")
    print(line, flush=True)
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", help="our benchmark program; without it, it is built")
    parser.add_argument("--data", default=f"{FOLDER}/../../../shared/data/debian50k")
    parser.add_argument("--folder", default=f"{tempfile.gettempdir()}/needletail-filters")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--kinds", default="keyword,range,combined")
    parser.add_argument("--relations", default="any,near,far")
    parser.add_argument("--plan", default="auto", help="forces a plan of the planner")
    parser.add_argument("--alone", action="store_true", help="without Qdrant, default settings only")
    parser.add_argument("--bitmaps", action="store_true", help="filters are evaluated beforehand")
    options = parser.parse_args()
    options.kinds, options.relations = options.kinds.split(","), options.relations.split(",")
    bootstrap()
    if not options.program:
        subprocess.run(["swift", "build", "-c", "release", "--package-path", FOLDER], check=True)
        options.program = f"{FOLDER}/.build/release/SearchCoreBench"
    began = time.time()
    filters = prepared(options)
    core, peer = our_core(options), qdrant(options)
    unfiltered = core.search(DEFAULT_EF, queries=QUERIES)
    least = max(RECALL_MIN, unfiltered[0] - RECALL_LOSS_MAX)
    print(f"Without a filter: recall@10 {unfiltered[0]:.4f}, {1 / unfiltered[1]:.0f} queries a CPU-second")
    print(f"{'filter':20} {'share':>7} {'recall':>7} {'queries/s':>9} {'visited':>7} {'codes':>7} {'plan':>24}"
          + ("" if not peer else f" {'at .95':>9} {'Qdrant':>8} {'recall':>7} {'ratio':>6}"))
    faults = []
    for entry in filters:
        faults += show(entry, *measure(core, peer, entry, options), least)
    for program in (core, peer):
        if program:
            program.close()
    print(f"{time.time() - began:.0f} s, load {os.getloadavg()[0]:.1f}")
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
