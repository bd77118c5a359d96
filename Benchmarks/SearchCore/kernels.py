#!/usr/bin/env python3
"""Nanoseconds a pair and GB/s of the pair kernels, beside SimSIMD and NumKong where they are installed.

One query against 256 rows, which stay in the caches; the peers are called once for all rows. Medians of rounds that
alternate, CPU time.
"""

import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

FOLDER = os.path.dirname(os.path.abspath(__file__))
ELEMENTS = {"f32": (0, numpy.float32), "f16": (1, numpy.float16), "u8": (2, numpy.uint8), "i8": (3, numpy.int8),
            "bit": (4, numpy.uint8)}
METRICS = {"dot": 0, "l2": 1, "l1": 2, "cosine": 3, "hamming": 4, "jaccard": 5}
PEER_METRICS = {"dot": "inner", "l2": "sqeuclidean", "cosine": "cosine", "hamming": "hamming", "jaccard": "jaccard"}
VARIANTS = {"scalar": 0, "AVX2": 1, "AVX-512": 2, "NEON": 3}
BIT_TYPES = {"simsimd": "bin8", "numkong": "uint1"}
ROWS, ROUNDS = 256, 7


def library():
    folder = f"{FOLDER}/../../Sources/CKernels"
    path = f"{tempfile.mkdtemp()}/kernels.so"
    sources = [f"{folder}/{name}" for name in os.listdir(folder) if name.endswith(".c")]
    subprocess.run(["clang", "-O3", "-std=c17", "-shared", "-fPIC", f"-I{folder}/include", f"{FOLDER}/kernels.c",
                    *sources, "-o", path], check=True)
    loaded = ctypes.CDLL(path)
    loaded.needletail_pairs.restype = ctypes.c_float
    return loaded


def vectors(name, count, dimension, random):
    kind = ELEMENTS[name][1]
    if name == "bit":
        return random.integers(0, 256, (count, (dimension + 7) // 8), dtype=numpy.uint8)
    if kind in (numpy.uint8, numpy.int8):
        return random.integers(0, 127, (count, dimension)).astype(kind)
    return random.normal(size=(count, dimension)).astype(kind)


def peers():
    found = {}
    for name in ("simsimd", "numkong"):
        try:
            found[name] = __import__(name)
        except ImportError:
            pass
    return found


def measure(call):
    began = time.process_time()
    call()
    return time.process_time() - began


def main():
    dimension = int(sys.argv[1]) if len(sys.argv) > 1 else 384
    loaded, random, others = library(), numpy.random.default_rng(3), peers()
    variants = list(VARIANTS)
    print(f"dimension {dimension}, ns a pair (GB/s of the best)")
    print(f"{'':14}" + "".join(f"{v:>9}" for v in variants) + f"{'GB/s':>8}" + "".join(f"{p:>10}" for p in others))
    for name, (element, _) in ELEMENTS.items():
        rows, query = vectors(name, ROWS, dimension, random), vectors(name, 1, dimension, random)
        for metric, number in METRICS.items():
            calls, repeats = {}, 200
            for variant in variants:
                arguments = (VARIANTS[variant], element, number, query.ctypes.data_as(ctypes.c_void_p),
                             rows.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(rows.strides[0]),
                             ctypes.c_size_t(dimension), ctypes.c_size_t(ROWS))
                if loaded.needletail_pairs(*arguments, ctypes.c_size_t(1)) != -1:
                    calls[variant] = lambda a=arguments: loaded.needletail_pairs(*a, ctypes.c_size_t(repeats))
            if not calls:
                continue
            for peer, module in others.items():
                if metric in PEER_METRICS:
                    def call(m=module, k=PEER_METRICS[metric], t=BIT_TYPES.get(peer) if name == "bit" else None):
                        for _ in range(repeats):
                            m.cdist(query, rows, k, **({"dtype": t} if t else {}))
                    try:
                        call()
                        calls[peer] = call
                    except Exception:  # a peer without this kernel
                        pass
            samples = {key: [] for key in calls}
            for _ in range(ROUNDS):
                for key, call in calls.items():
                    samples[key].append(measure(call))
            times = {key: statistics.median(s) / (ROWS * repeats) * 1e9 for key, s in samples.items()}
            best = min(times[v] for v in variants if v in times)
            cells = "".join(f"{times[v]:9.1f}" if v in times else f"{'–':>9}" for v in variants)
            print(f"{name + ' ' + metric:14}" + cells + f"{2 * rows.strides[0] / best:8.1f}"
                  + "".join(f"{times[p]:10.1f}" if p in times else f"{'–':>10}" for p in others))


if __name__ == "__main__":
    main()
