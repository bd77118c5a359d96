#!/usr/bin/env python3
"""The search core beside its peers, in one run on one machine.

Installs the peers from PyPI in a virtual environment beside this file, builds our program, lets each peer build its
index in a process of its own, and then alternates rounds over all of them. Figures are medians over the rounds, one
thread, CPU time of the searching process; wall time beside it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
TARGETS = [0.90, 0.95, 0.98, 0.99]
OUR_EFS = [10, 11, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 100, 128, 160, 200, 256, 320, 400]
FILTER_EFS = [16, 32, 64, 100, 128, 200, 320, 512]
PEER_EFS = [10, 12, 14, 16, 20, 28, 40, 56, 80, 112, 160, 200, 256, 320, 448, 640]
# Ours with all queries in one call, as most peers take them, and with one call a query, as the others.
BATCH, SINGLE = "Needletail", "one by one"
SINGLE_PEERS = ["Qdrant int8"]
PEERS = [
    "SVS LeanVec", "SVS LVQ8", "SVS int8", "SVS float16", "faiss IVF-PQ", "faiss SQ8", "Qdrant int8", "hnswlib",
    "faiss flat", "USearch f16",
]


class Child:
    """A program that answers one line a command; `answer` raises where it cannot."""

    def __init__(self, command):
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True)

    def ask(self, command):
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.process.stdout.readline().split()
        if not answer or answer[0] == "error":
            self.errors.seek(0)
            said = [line for line in self.errors.read().split("\n") if line]
            raise RuntimeError(" ".join(answer[1:]) or " ".join(said[-1:]) or "ended without a word")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Core(Child):
    """Our program."""

    def __init__(self, program):
        super().__init__([program])

    def search(self, ef, plan="auto", queries=1000, oversampling=2.0, together=1):
        answer = self.ask(f"search {ef} {oversampling} {plan} {queries} {together}")
        return [float(x) for x in answer[:6]] + answer[6:]


class Peer(Child):
    def __init__(self, name, data, distance):
        super().__init__([sys.executable, f"{FOLDER}/peers.py", name, data, distance])

    def search(self, effort, queries):
        return [float(x) for x in self.ask(f"search {effort} {queries}")]


def at_recall(curve, target):
    """The best value of a curve of (recall, value) from a recall on: at a point, or interpolated between two."""
    curve = sorted(curve)
    values = [value for recall, value in curve if recall >= target]
    for (r0, v0), (r1, v1) in zip(curve, curve[1:]):
        if r0 < target <= r1:
            values.append(v0 + (v1 - v0) * (target - r0) / (r1 - r0))
    return max(values, default=None)


def curve(samples, field=1):
    return [(rounds[0][0], 1 / statistics.median(r[field] for r in rounds)) for rounds in samples.values()]


def build_all(options):
    """Our program and every peer that can run here, with what their builds cost."""
    core = Core(options.program)
    core.ask(f"load {options.data}/base.npy {options.data}/queries.npy {options.distance}")
    core.ask(f"truth {options.data}/gt.npy")
    cpu, wall, size = core.ask(f"build 16 100 1 {options.alpha} {options.keeps_pruned} {options.code_bits}")
    runners = {name: (core, (float(cpu), float(wall), float(size))) for name in (BATCH, SINGLE)}
    for name in options.peers:
        peer = Peer(name, options.data, options.distance)
        try:
            runners[name] = (peer, tuple(float(x) for x in peer.ask("build")))
        except RuntimeError as error:
            print(f"{name}: cannot run here: {error}")
    return runners


def unfiltered(runners, options):
    samples = {name: {} for name in runners}
    for _ in range(options.rounds):
        for index in range(max(len(OUR_EFS), len(PEER_EFS))):
            for name, (runner, _) in runners.items():
                efforts = OUR_EFS if name in (BATCH, SINGLE) else PEER_EFS
                if index < len(efforts):
                    own = {"oversampling": options.oversampling} if name in (BATCH, SINGLE) else {}
                    if name == BATCH:
                        own["together"] = options.queries
                    found = runner.search(efforts[index], queries=options.queries, **own)
                    samples[name].setdefault(efforts[index], []).append(found)
    return samples


def print_unfiltered(runners, samples):
    print("\nQueries a CPU-second, then a wall second, at recall@10; build in CPU seconds; memory of index and codes")
    head = " ".join(f"{'CPU ' + format(t, '.2f'):>10}" for t in TARGETS)
    print(f"{'':14} {head} " + " ".join(f"{'wall ' + format(t, '.2f'):>10}" for t in TARGETS)
          + f" {'build s':>8} {'MB':>7}")
    for name, (_, (cpu, _, size)) in runners.items():
        cells = [at_recall(curve(samples[name], field), t) for field in (1, 2) for t in TARGETS]
        print(f"{name:14} " + " ".join(f"{c:10.0f}" if c else f"{'–':>10}" for c in cells)
              + f" {cpu:8.1f} {size / 1e6:7.0f}")
    print("\nNeedletail's multiple of each peer by CPU time, both with all queries in one call or both one by one, and its "
          "build as a share of the peer's")
    for name, (_, (cpu, _, _)) in runners.items():
        if name not in (BATCH, SINGLE):
            ours = curve(samples[SINGLE if name in SINGLE_PEERS else BATCH])
            theirs = [at_recall(curve(samples[name]), t) for t in TARGETS]
            pairs = [(at_recall(ours, t), them) for t, them in zip(TARGETS, theirs)]
            cells = [f"{us / them:10.2f}" if us and them else f"{'–':>10}" for us, them in pairs]
            print(f"{name:14} " + " ".join(cells) + f"   build {runners[BATCH][1][0] / cpu:.2f}")


def print_curve(samples):
    print("\n  ef  recall@10  queries/CPU-s  visited  codes  floats")
    for ef, rounds in samples.items():
        speed = 1 / statistics.median(r[1] for r in rounds)
        r = rounds[0]
        print(f"{ef:4} {r[0]:10.4f} {speed:14.0f} {r[3]:8.0f} {r[4]:6.0f} {r[5]:7.0f}")


def filtered(core, options):
    """Each filter of the data: ours and Qdrant's core, both with indexes over eight fields, filters evaluated anew."""
    with open(f"{options.data}/filters.json", encoding="utf-8") as file:
        filters = json.load(file)
    cpu, _, size = (float(x) for x in core.ask(f"payload {options.data}/payload.jsonl"))
    print(f"\nPayload indexes of eight fields: ours {cpu:.1f} CPU-s, {size / 1e6:.0f} MB with the payloads")
    cpu, _, size = (float(x) for x in core.ask("link language"))
    print(f"Build with links of their own for large languages: {cpu:.1f} CPU-s, {size / 1e6:.0f} MB of codes and links")
    peer = None
    if "Qdrant int8" in options.peers:
        peer = Peer("Qdrant filtered", options.data, options.distance)
        try:
            built = [float(x) for x in peer.ask("build")]
            print(f"Qdrant's build with payload and indexes: {built[0]:.1f} CPU-s, {built[2] / 1e6:.0f} MB")
        except RuntimeError as error:
            print(f"Qdrant: cannot run here: {error}")
            peer = None
    print("Queries a CPU-second at the least effort whose recall@10 is at least .95; ours also at default settings")
    print(f"{'filter':14} {'share':>8} {'recall':>8} {'queries/s':>10} {'plan':>18} {'at .95':>9} "
          f"{'Qdrant':>8} {'recall':>8} {'ratio':>7}")
    for entry in filters:
        core.ask(f"truth {options.data}/fgt_{entry['name']}.npy")
        core.ask("filter " + json.dumps(entry["filter"]))
        if peer:
            peer.ask(f"filter {entry['name']}")
        ours, theirs = {}, {}
        for _ in range(options.rounds):
            for ef in FILTER_EFS:
                ours.setdefault(ef, []).append(core.search(ef, options.plan, queries=300))
                if peer:
                    theirs.setdefault(ef, []).append(peer.search(ef, 300))
        default = ours[100]
        speed = 1 / statistics.median(r[1] for r in default)
        us, (them, recall) = at_recall(curve(ours), 0.95), (None, None)
        if peer:
            points = curve(theirs)
            them = at_recall(points, 0.95)
            recall = max(r for r, _ in points)
        print(f"{entry['name']:14} {entry['selectivity']:8.4f} {default[0][0]:8.4f} {speed:10.0f} "
              f"{default[0][6]:>18} {us or 0:9.0f} {them or 0:8.0f} {recall or 0:8.4f} "
              + (f"{us / them:7.2f}" if us and them else f"{'–':>7}"))
    core.ask("filter none")
    core.ask(f"truth {options.data}/gt.npy")
    if peer:
        peer.close()


def two_threads(core, ef=32, rounds=5):
    """Several alternating measurements, because other programs may be running."""
    one, two = [], []
    for _ in range(rounds):
        one.append([float(x) for x in core.ask(f"threads 1 {ef} 3")])
        two.append([float(x) for x in core.ask(f"threads 2 {ef} 3")])
    speed = [statistics.median(x[0] for x in samples) for samples in (one, two)]
    cost = [statistics.median(x[1] for x in samples) for samples in (one, two)]
    print(f"\nTwo threads: {speed[1] / speed[0]:.2f} × the queries a wall second of one, "
          f"{cost[1] / cost[0]:.2f} × its CPU time a query (load {os.getloadavg()[0]:.1f})")


def bootstrap():
    """Continues in a virtual environment that has the peers."""
    try:
        import hnswlib  # noqa: F401
        return
    except ImportError:
        pass
    python = f"{FOLDER}/.venv/bin/python"
    if sys.executable == python:
        sys.exit("the peers are not installed")
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", f"{FOLDER}/.venv"], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", f"{FOLDER}/requirements.txt"], check=True)
    os.execv(python, [python, *sys.argv])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", help="our benchmark program; without it, it is built")
    parser.add_argument("--data", default=f"{FOLDER}/../../../shared/data/debian50k")
    parser.add_argument("--distance", default="cosine", choices=["cosine", "euclid"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--alpha", type=float, default=1.0)
    parser.add_argument("--keeps-pruned", type=int, default=1)
    parser.add_argument("--code-bits", type=int, default=4)
    parser.add_argument("--oversampling", type=float, default=2, help="rescored candidates of ours, times ten")
    parser.add_argument("--plan", default="auto", help="forces a plan of the planner for filtered queries")
    parser.add_argument("--curve", action="store_true", help="prints our whole curve")
    options = parser.parse_args()
    options.peers = [name for name in options.peers.split(",") if name]
    bootstrap()
    if not options.program:
        subprocess.run(["swift", "build", "-c", "release", "--package-path", FOLDER], check=True)
        options.program = f"{FOLDER}/.build/release/SearchCoreBench"
    began = time.time()
    runners = build_all(options)
    samples = unfiltered(runners, options)
    print_unfiltered(runners, samples)
    if options.curve:
        print_curve(samples[SINGLE])
    core = runners[BATCH][0]
    for name, (runner, _) in runners.items():
        if name not in (BATCH, SINGLE):
            runner.close()
    two_threads(core)
    if os.path.exists(f"{options.data}/filters.json"):
        filtered(core, options)
    core.close()
    print(f"\n{time.time() - began:.0f} s, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
