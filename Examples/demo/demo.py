"""Loads the sample into a Needletail server of its own, asks what its data can answer, and measures the recall.

usage: python3 demo.py --server <path of the needletail program> [--keep <directory>]
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import unicodedata

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, EXAMPLES)
import npy
from needletail_rest import Server, wait_until_indexed

COLLECTION = "packages"
BATCH = 400
INDEXES = {"language": "keyword", "section": "keyword", "package": "keyword", "installed_size": "integer"}


def read_sample(name):
    with open(os.path.join(EXAMPLES, "sample", name), encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_vectors(name):
    return [npy.floats(row) for row in npy.read_rows(os.path.join(EXAMPLES, "sample", name))]


def load(connection):
    """Creates the collection, its payload indexes and its points, and waits until all are in the graph."""
    payloads, vectors = read_sample("payload.jsonl"), read_vectors("vectors.npy")
    connection.request("PUT", f"/collections/{COLLECTION}", {
        "vectors": {"size": len(vectors[0]), "distance": "Cosine"},
        # Thresholds far below the defaults: so few points would be scanned, and the demo is about the graph.
        "hnsw_config": {"full_scan_threshold": 10},
        "optimizers_config": {"indexing_threshold": 100},
        "metadata": {"language_field": "language"},
    })
    for field, schema in INDEXES.items():
        connection.request(
            "PUT", f"/collections/{COLLECTION}/index?wait=true", {"field_name": field, "field_schema": schema})
    started = time.monotonic()
    for first in range(0, len(payloads), BATCH):
        points = [
            {"id": payload["id"], "vector": vector, "payload": payload}
            for payload, vector in zip(payloads[first:first + BATCH], vectors[first:first + BATCH])]
        connection.request("PUT", f"/collections/{COLLECTION}/points?wait=true", {"points": points})
    written = time.monotonic()
    wait_until_indexed(connection, COLLECTION)
    print(f"{len(payloads):,} points of {len(vectors[0])} dimensions written in {written - started:.1f} s, "
          f"indexed {time.monotonic() - written:.1f} s later")
    return payloads


def width(character):
    """Columns of a terminal that the character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fit(text, columns):
    """The text cut or padded to exactly so many columns."""
    kept, used = [], 0
    for character in text.replace("\n", " "):
        if used + width(character) > columns:
            break
        kept.append(character)
        used += width(character)
    return "".join(kept) + " " * (columns - used)


def show(title, envelope):
    print(f"\n{title}")
    if "applied" in envelope:
        print(f"applied by the server: {json.dumps(envelope['applied'])}")
    print(f"  {'score':>6}  {'lang':5}  {'section':12}  {'KiB':>8}  {'package':24}  text")
    for point in envelope["result"]["points"]:
        payload = point["payload"]
        print(f"  {point['score']:6.3f}  {payload['language']:5}  {fit(payload['section'], 12)}  "
              f"{payload['installed_size']:8,}  {fit(payload['package'], 24)}  {fit(payload['text'], 56).rstrip()}")
    print(f"  {len(envelope['result']['points'])} points in {envelope['time'] * 1000:.2f} ms")


def ask(connection, title, body, check):
    """Runs one query, prints its table, and insists that every answer is what was asked for."""
    envelope = connection.envelope(
        "POST", f"/collections/{COLLECTION}/points/query", {"limit": 5, "with_payload": True, **body})
    show(title, envelope)
    payloads = [point["payload"] for point in envelope["result"]["points"]]
    if not payloads or not all(check(payload) for payload in payloads):
        raise SystemExit(f"demo: wrong answer to: {title}")


def ask_questions(connection, payloads, query_records, query_vectors):
    def like(package, language):
        return next(p for p in payloads if p["package"] == package and p["language"] == language)

    film = like("vlc", "es")
    ask(connection, f"Like vlc in Spanish (id {film['id']}), in its language: the collection names its language field",
        {"query": {"recommend": {"positive": [film["id"]]}}}, lambda p: p["language"] == "es")
    ask(connection, "The same in any language",
        {"query": {"recommend": {"positive": [film["id"]]}}, "params": {"language": "any"}}, lambda p: True)

    number = next(n for n, q in enumerate(query_records) if q["package"] == "gomoku.app")
    text = query_records[number]["text"]
    ask(connection, f"Only section «games», near to: {text[:70]}…",
        {"query": query_vectors[number], "filter": {"must": {"key": "section", "match": {"value": "games"}}}},
        lambda p: p["section"] == "games")
    ask(connection, "Installed size between 1,000 and 2,000 KiB, neither German nor French, near to the same",
        {"query": query_vectors[number], "filter": {
            "must": {"key": "installed_size", "range": {"gte": 1000, "lte": 2000}},
            "must_not": {"key": "language", "match": {"any": ["de", "fr"]}}}},
        lambda p: 1000 <= p["installed_size"] <= 2000 and p["language"] not in ("de", "fr"))


def measure_recall(connection, query_records, query_vectors, limit=10):
    """Prints the share of the exact nearest that the default search finds, unfiltered and in each query's language."""
    def ids(vector, condition, parameters):
        body = {"query": vector, "limit": limit, "params": parameters}
        if condition:
            body["filter"] = {"must": condition}
        points = connection.request("POST", f"/collections/{COLLECTION}/points/query", body)["points"]
        return {point["id"] for point in points}

    print(f"\nRecall@{limit} of {len(query_vectors)} held-out queries against exact search")
    recalls = []
    for title, field in (("all points", None), ("only the query's language", "language")):
        found = wanted = 0
        for record, vector in zip(query_records, query_vectors):
            condition = field and {"key": field, "match": {"value": record[field]}}
            exact = ids(vector, condition, {"exact": True})
            found += len(exact & ids(vector, condition, {}))
            wanted += len(exact)
        recalls.append(found / wanted)
        print(f"  {title:28} {recalls[-1]:.4f}  ({found} of {wanted})")
    if min(recalls) < 0.95:
        raise SystemExit("demo: the recall is below 0.95")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, help="path of the needletail program")
    parser.add_argument("--keep", help="put the data in this directory and leave it there")
    options = parser.parse_args()
    directory = options.keep or tempfile.mkdtemp(prefix="needletail-demo-")
    try:
        with Server(options.server, os.path.join(directory, "data")) as server:
            connection = server.connect()
            print(f"needletail serves http://{server.host}:{server.port}")
            payloads = load(connection)
            query_records, query_vectors = read_sample("queries.jsonl"), read_vectors("queries.npy")
            ask_questions(connection, payloads, query_records, query_vectors)
            measure_recall(connection, query_records, query_vectors)
    finally:
        if not options.keep:
            shutil.rmtree(directory, ignore_errors=True)
    print("\nThe server is stopped" + (f"; its data is in {directory}." if options.keep else " and its data removed."))


if __name__ == "__main__":
    main()
