"""Compares the search core with hnswlib in one run: queries a CPU-second at equal recall, build time, filters.

Both answer the same queries on one thread, in rounds that alternate; figures are medians over the rounds.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

import hnswlib
import numpy

OUR_EFS = [10, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 100, 128, 160, 200, 256, 320, 400]
PEER_EFS = [10, 14, 20, 28, 40, 56, 80, 112, 160, 200, 256, 320, 400, 512]
TARGETS = [0.90, 0.95, 0.98, 0.99]


class Core:
    """Our program as a child that answers one line a command."""

    def __init__(self, program):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, command):
        self.child.stdin.write(command + "\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline().split()
        if not answer or answer[0] == "error":
            raise RuntimeError(f"{command}: {' '.join(answer)}")
        return answer

    def search(self, ef, plan="auto", queries=1000, oversampling=2.0):
        answer = self.ask(f"search {ef} {oversampling} {plan} {queries}")
        return [float(x) for x in answer[:6]] + answer[6:]


def at_recall(curve, target):
    """Queries a second where a curve of (recall, queries a second) passes a recall, interpolated."""
    curve = sorted(curve)
    best = None
    for (r0, q0), (r1, q1) in zip(curve, curve[1:]):
        if r0 < target <= r1:
            best = q0 + (q1 - q0) * (target - r0) / (r1 - r0)
    if best is None and curve and curve[0][0] >= target:
        best = curve[0][1]
    return best


def unfiltered(core, data, rounds, m, ef_construction):
    base = numpy.load(f"{data}/base.npy").astype(numpy.float32)
    queries = numpy.load(f"{data}/queries.npy").astype(numpy.float32)
    truth = numpy.load(f"{data}/gt.npy")[:, :10]
    peer = hnswlib.Index(space="cosine", dim=base.shape[1])
    peer.init_index(max_elements=len(base), M=m, ef_construction=ef_construction, random_seed=100)
    peer.set_num_threads(1)
    began = time.process_time()
    peer.add_items(base, num_threads=1)
    peer_build = time.process_time() - began
    ours, theirs = {}, {}
    for _ in range(rounds):
        for ef in OUR_EFS:
            recall, cpu, *_ = core.search(ef, queries=len(queries))
            ours.setdefault(ef, []).append((recall, cpu))
        for ef in PEER_EFS:
            peer.set_ef(ef)
            began = time.process_time()
            labels, _ = peer.knn_query(queries, k=10, num_threads=1)
            cpu = (time.process_time() - began) / len(queries)
            hits = sum(len(set(a) & set(b)) for a, b in zip(labels, truth))
            theirs.setdefault(ef, []).append((hits / truth.size, cpu))
    return peer_build, medians(ours), medians(theirs)


def medians(samples):
    return {ef: (s[0][0], 1 / statistics.median(cpu for _, cpu in s)) for ef, s in samples.items()}


def matches(payload, condition):
    value = payload.get(condition["key"])
    if "match" in condition:
        return value == condition["match"]["value"]
    bounds = condition["range"]
    return (
        value is not None
        and ("lt" not in bounds or value < bounds["lt"])
        and ("lte" not in bounds or value <= bounds["lte"])
        and ("gt" not in bounds or value > bounds["gt"])
        and ("gte" not in bounds or value >= bounds["gte"])
    )


def filtered(core, data, efs, plans):
    with open(f"{data}/payload.jsonl", encoding="utf-8") as file:
        payloads = [json.loads(line) for line in file]
    with open(f"{data}/filters.json", encoding="utf-8") as file:
        filters = json.load(file)
    print(f"\n{'filter':14} {'share':>7} {'plan':>22} " + " ".join(f"{'ef ' + str(ef):>22}" for ef in efs))
    print(" " * 46 + " ".join(f"{'recall':>9}{'queries/s':>13}" for _ in efs))
    for entry in filters:
        rows = [i for i, p in enumerate(payloads) if all(matches(p, c) for c in entry["filter"]["must"])]
        with tempfile.NamedTemporaryFile(delete=False) as file:
            numpy.array(rows, dtype=numpy.uint32).tofile(file)
        core.ask(f"truth {data}/fgt_{entry['name']}.npy")
        core.ask(f"accept {file.name}")
        os.unlink(file.name)
        for plan in plans:
            cells, names = [], set()
            for ef in efs:
                samples = [core.search(ef, plan, queries=300) for _ in range(3)]
                names.add(samples[0][6])
                cells.append(f"{samples[0][0]:9.4f}{1 / statistics.median(s[1] for s in samples):13.0f}")
            share = len(rows) / len(payloads)
            print(f"{entry['name']:14} {share:7.4f} {'/'.join(sorted(names)):>22} " + " ".join(cells))
    core.ask("accept all")
    core.ask(f"truth {data}/gt.npy")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=".build/release/SearchCoreBench")
    parser.add_argument("--data", default="../../../shared/data/debian50k")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--m", type=int, default=16)
    parser.add_argument("--ef-construction", type=int, default=100)
    parser.add_argument("--alpha", type=float, default=1.0)
    parser.add_argument("--keeps-pruned", type=int, default=1)
    parser.add_argument("--plans", default="auto")
    options = parser.parse_args()
    core = Core(options.program)
    core.ask(f"load {options.data}/base.npy {options.data}/queries.npy cosine")
    core.ask(f"truth {options.data}/gt.npy")
    our_build, _, compact_bytes = [
        float(x)
        for x in core.ask(
            f"build {options.m} {options.ef_construction} 1 {options.alpha} {options.keeps_pruned}")
    ]
    peer_build, ours, theirs = unfiltered(
        core, options.data, options.rounds, options.m, options.ef_construction)
    print(f"M {options.m}, efConstruction {options.ef_construction}, one thread, CPU seconds")
    print(f"build: ours {our_build:.2f} s, hnswlib {peer_build:.2f} s, ratio {our_build / peer_build:.2f}"
          f"; codes and links {compact_bytes / 1e6:.1f} MB")
    print("\n  ef    ours: recall  queries/s      ef hnswlib: recall  queries/s")
    for index in range(max(len(ours), len(theirs))):
        left = list(ours.items())[index : index + 1]
        right = list(theirs.items())[index : index + 1]
        cells = [f"{ef:4} {recall:15.4f} {speed:10.0f}" for ef, (recall, speed) in left] or [" " * 31]
        cells += [f"{ef:8} {recall:15.4f} {speed:10.0f}" for ef, (recall, speed) in right]
        print("".join(cells))
    print("\nrecall@10      ours   hnswlib   ratio")
    for target in TARGETS:
        us, them = at_recall(list(ours.values()), target), at_recall(list(theirs.values()), target)
        if us and them:
            print(f"{target:9.2f} {us:9.0f} {them:9.0f} {us / them:7.2f}")
    filtered(core, options.data, [100, 128], options.plans.split(","))


if __name__ == "__main__":
    main()
