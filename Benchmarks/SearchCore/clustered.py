"""Makes clustered data: a Gaussian mixture of 500 clusters with 12 local dimensions in 128, 500 queries from the same
mixture and their exact 100 nearest rows by squared L2.

    python clustered.py <rows> <folder>
"""

import os
import sys

import numpy

CLUSTERS, DIMENSION, LOCAL, QUERIES = 500, 128, 12, 500


def main():
    count, folder = int(sys.argv[1]), sys.argv[2]
    os.makedirs(folder, exist_ok=True)
    random = numpy.random.default_rng(7)
    centres = random.normal(size=(CLUSTERS, DIMENSION)).astype(numpy.float32)
    bases = random.normal(size=(CLUSTERS, LOCAL, DIMENSION)).astype(numpy.float32) * 1.5 / DIMENSION**0.5

    def rows(number):
        clusters = random.integers(0, CLUSTERS, number)
        local = random.normal(size=(number, LOCAL)).astype(numpy.float32)
        result = random.normal(size=(number, DIMENSION)).astype(numpy.float32) * numpy.float32(0.05)
        for cluster in numpy.unique(clusters):
            chosen = clusters == cluster
            result[chosen] += centres[cluster] + local[chosen] @ bases[cluster]
        return result

    base = numpy.concatenate([rows(min(20_000, count - start)) for start in range(0, count, 20_000)])
    queries = rows(QUERIES)
    squares = (base.astype(numpy.float64) ** 2).sum(axis=1)
    truth = numpy.empty((QUERIES, 100), numpy.int32)
    for start in range(0, QUERIES, 50):
        part = queries[start : start + 50]
        rough = squares[None] - 2 * (part @ base.T).astype(numpy.float64)
        near = numpy.argpartition(rough, 200, axis=1)[:, :200]
        exact = ((base[near] - part[:, None]) ** 2).sum(axis=2)
        truth[start : start + 50] = numpy.take_along_axis(near, numpy.argsort(exact, axis=1)[:, :100], 1)
    numpy.save(f"{folder}/base.npy", base)
    numpy.save(f"{folder}/queries.npy", queries)
    numpy.save(f"{folder}/gt.npy", truth)


if __name__ == "__main__":
    main()
