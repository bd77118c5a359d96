"""Makes filters of every share for filter_sweep.py, from the vectors of a data set alone.

    python filter_data.py <data> <folder>

Queries are the 300 that lie farthest along the rows' first principal component. A point's `topic` is the rank of its
projection on that component, `facet` that on the second, `draw` a random number, and `labels` names the shares of
topic and draw that it is in. A filter is on a label (keyword), on a number (range) or on both (combined), and keeps the
points near the queries (near), far from them (far) or any (any).
"""

import json
import os
import sys

import numpy

SHARES = [100, 90, 50, 20, 10, 5, 1, 0.1]
KINDS = ["keyword", "range", "combined"]
RELATIONS = ["any", "near", "far"]
FIELDS = {"labels": "Keyword", "topic": "Integer", "facet": "Integer", "draw": "Integer", "chance": "Integer"}
QUERIES = 300


def unit(rows):
    rows = rows.astype(numpy.float32)
    return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)


def ranks(values):
    result = numpy.empty(len(values), numpy.int64)
    result[numpy.argsort(values, kind="stable")] = numpy.arange(len(values))
    return result


def columns(base, components, random):
    """The points' numbers: the higher `topic`, the nearer to the queries."""
    count = len(base)
    return {
        "topic": ranks(base @ components[0]), "facet": ranks(base @ components[1]),
        "draw": random.permutation(count), "chance": random.permutation(count),
    }


def kept(numbers, relation, kind, share):
    """The rows that a filter keeps, its condition, and the label that it names, if any."""
    count = len(numbers["topic"])
    field, other = ("draw", "chance") if relation == "any" else ("topic", "facet")
    wanted = count * share / 100
    upwards = relation != "far"

    def among(values, size):
        return values >= count - size if upwards else values < size

    def bound(name, size):
        side, value = ("gte", count - size) if upwards else ("lt", size)
        return {"key": name, "range": {side: float(value)}}

    if kind != "combined":
        size = round(wanted)
        label = f"{relation}-{share}"
        condition = bound(field, size) if kind == "range" else {"key": "labels", "match": {"value": label}}
        return among(numbers[field], size), [condition], label if kind == "keyword" else None
    size = round((wanted * count) ** 0.5)
    rows = among(numbers[field], size)
    # The other bound is drawn so that both together keep the share.
    order = numpy.sort(numbers[other][rows])
    keep = min(len(order), round(wanted))
    second = count - order[len(order) - keep] if upwards else order[keep - 1] + 1
    label = f"{relation}-root-{share}"
    conditions = [{"key": "labels", "match": {"value": label}}, bound(other, int(second))]
    return rows & among(numbers[other], second), conditions, (label, rows)


def main():
    data, folder = sys.argv[1], sys.argv[2]
    os.makedirs(folder, exist_ok=True)
    random = numpy.random.default_rng(11)
    base, queries = unit(numpy.load(f"{data}/base.npy")), unit(numpy.load(f"{data}/queries.npy"))
    centred = base - base.mean(axis=0)
    components = numpy.linalg.svd(centred[:: max(1, len(base) // 5000)], full_matrices=False)[2][:2]
    queries = queries[numpy.argsort(-(queries @ components[0]))[:QUERIES]]
    numbers = columns(base, components, random)
    scores = queries @ base.T
    labels = [[] for _ in range(len(base))]
    filters = []

    def truth(name, rows):
        some = numpy.nonzero(rows)[0]
        near = -scores[:, some]
        best = numpy.argpartition(near, min(10, len(some) - 1), axis=1)[:, :10]
        best = numpy.take_along_axis(best, numpy.argsort(numpy.take_along_axis(near, best, 1), axis=1), 1)
        exact = numpy.full((len(queries), 10), -1, numpy.int32)
        exact[:, : best.shape[1]] = some[best]
        numpy.save(f"{folder}/{name}.npy", exact)

    truth("gt", numpy.ones(len(base), bool))
    for share in SHARES:
        for relation in RELATIONS:
            for kind in KINDS:
                rows, conditions, label = kept(numbers, relation, kind, share)
                if isinstance(label, tuple):
                    label, labelled = label
                else:
                    labelled = rows
                if label:
                    for row in numpy.nonzero(labelled)[0]:
                        labels[row].append(label)
                name = f"{relation}-{kind}-{share}"
                truth(f"fgt_{name}", rows)
                numpy.nonzero(rows)[0].astype(numpy.uint32).tofile(f"{folder}/{name}.u32")
                filters.append({
                    "name": name, "relation": relation, "kind": kind, "share": share,
                    "filter": {"must": conditions}, "selectivity": float(rows.mean())})
    with open(f"{folder}/payload.jsonl", "w", encoding="utf-8") as file:
        for row, names in enumerate(labels):
            point = {name: int(values[row]) for name, values in numbers.items()}
            file.write(json.dumps({"labels": names, **point}) + "\n")
    for name, value in {"filters": filters, "fields": FIELDS}.items():
        with open(f"{folder}/{name}.json", "w", encoding="utf-8") as file:
            json.dump(value, file)
    numpy.save(f"{folder}/base.npy", base)
    numpy.save(f"{folder}/queries.npy", queries)


if __name__ == "__main__":
    main()
