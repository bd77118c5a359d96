#!/usr/bin/env python3
"""How cost grows with the number of rows: clustered data of several sizes (clustered.py), one thread, medians."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

from compare import FOLDER, OUR_EFS, TARGETS, Core, at_recall


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=f"{FOLDER}/.build/release/SearchCoreBench")
    parser.add_argument("--folder", default=f"{tempfile.gettempdir()}/needletail-clustered")
    parser.add_argument("--sizes", default="50000,200000,1000000")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"{'rows':>8} {'build s':>8} {'µs a row':>9} {'MB':>6} "
          + " ".join(f"{'CPU µs ' + format(t, '.2f'):>12} {'compared':>9}" for t in TARGETS))
    for size in (int(s) for s in options.sizes.split(",")):
        folder = f"{options.folder}/{size}"
        if not os.path.exists(f"{folder}/gt.npy"):
            subprocess.run([sys.executable, f"{FOLDER}/clustered.py", str(size), folder], check=True)
        core = Core(options.program)
        core.ask(f"load {folder}/base.npy {folder}/queries.npy euclid")
        core.ask(f"truth {folder}/gt.npy")
        cpu, _, memory = (float(x) for x in core.ask("build 16 100 1 1 1 4"))
        samples = {}
        for _ in range(options.rounds):
            for ef in OUR_EFS:
                samples.setdefault(ef, []).append(core.search(ef, queries=500))
        speeds = [(s[0][0], 1 / statistics.median(r[1] for r in s)) for s in samples.values()]
        # A value that grows with recall, so that the least sufficient one is the greatest of its inverse.
        compared = [(s[0][0], 1 / (s[0][4] + s[0][5])) for s in samples.values()]
        cells = []
        for target in TARGETS:
            speed, count = at_recall(speeds, target), at_recall(compared, target)
            cells.append(f"{1e6 / speed:12.1f} {1 / count:9.0f}" if speed and count else f"{'–':>12} {'–':>9}")
        print(f"{size:8} {cpu:8.1f} {cpu / size * 1e6:9.1f} {memory / 1e6:6.0f} " + " ".join(cells), flush=True)
        core.close()


if __name__ == "__main__":
    main()
