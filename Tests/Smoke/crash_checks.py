"""Compares what the server serves after a crash with what the ledgers allow. Every difference is an AssertionError."""

import json
import subprocess

from ledger import BUCKETS, VECTORS
from smoke_data import score

SEARCH_LIMIT = 10
TOLERANCE = 1e-4


def read_points(connection, collection):
    """All points by scrolling: id → (vectors by name, payload)."""
    points, offset = {}, None
    while True:
        body = {"limit": 2000, "with_payload": True, "with_vector": True}
        if offset is not None:
            body["offset"] = offset
        page = connection.request("POST", f"/collections/{collection}/points/scroll", body)
        for point in page["points"]:
            assert point["id"] not in points, f"{collection}: {point['id']} came twice in one scroll"
            vector = point.get("vector") or {}
            points[point["id"]] = (vector if isinstance(vector, dict) else {"": vector}, point.get("payload") or {})
        offset = page.get("next_page_offset")
        if offset is None:
            return points


def describe_difference(wanted, found):
    """The first few points in which two states differ, in words."""
    lines = []
    for name, ids in (
            ("lost", wanted.keys() - found.keys()), ("ghosts", found.keys() - wanted.keys()),
            ("changed", {i for i in wanted.keys() & found.keys() if wanted[i] != found[i]})):
        if ids:
            lines.append(f"{len(ids)} {name}: {sorted(ids, key=str)[:5]}")
            first = min(ids, key=str)
            lines.append(f"  {first}: wanted {str(wanted.get(first))[:400]}")
            lines.append(f"  {first}: found  {str(found.get(first))[:400]}")
    return "\n".join(lines)


def check_everything(connection, ledgers, catalogue, snapshots, source):
    """Compares the server with all ledgers; returns how many writes in flight turned out to have been kept."""
    if snapshots.writes:
        check_snapshots(connection, snapshots, source)
    kept = check_catalogue(connection, catalogue)
    for collection in VECTORS:
        kept += check_collection(
            connection, collection, [ledger for ledger in ledgers if ledger.collection == collection], source)
    return kept


def check_files(program, directory):
    """Reads the whole data directory of a server that does not run."""
    result = subprocess.run([program, "verify", "--json", "--data-dir", directory], capture_output=True, check=False)
    assert result.returncode == 0, (
        f"verify ends with code {result.returncode}: {result.stdout.decode()[-2000:]} {result.stderr.decode()[-2000:]}")
    assert json.loads(result.stdout)["defects"] == [], result.stdout


def check_collection(connection, collection, ledgers, source):
    """Points, counts and searches of one collection. Returns how many writes in flight had been kept."""
    if not any(ledger.writes for ledger in ledgers):
        wanted = sum(len(ledger.state) for ledger in ledgers)
        counted = connection.request("POST", f"/collections/{collection}/points/count", {"exact": True})["count"]
        assert counted == wanted, f"{collection}: {counted} points counted, {wanted} there, and nothing was written"
        return 0
    found = read_points(connection, collection)
    owners = {identifier: ledger for ledger in ledgers for identifier in ledger.ids}
    parts = {ledger.number: {} for ledger in ledgers}
    for identifier, point in found.items():
        assert identifier in owners, f"{collection}: {identifier} was never sent: {point}"
        parts[owners[identifier].number][identifier] = point
    kept = 0
    for ledger in ledgers:
        part = parts[ledger.number]
        state = next((state for state in ledger.possible_states() if state == part), None)
        assert state is not None, (
            f"{collection}: writer {ledger.number} finds none of the {len(ledger.possible_states())} possible states; "
            f"against the acknowledged one:\n{describe_difference(ledger.state, part)}")
        kept += ledger.settle(state)
    check_counts(connection, collection, found)
    for name, (dimension, distance) in VECTORS[collection].items():
        check_search(connection, collection, found, name, dimension, distance, source)
    return kept


def bucket_filter(bucket):
    return {"must": [{"key": "bucket", "match": {"value": bucket}}]}


def check_counts(connection, collection, points):
    """Counts with and without the payload index, and the collection's own."""
    path = f"/collections/{collection}"
    counted = connection.request("POST", f"{path}/points/count", {"exact": True})["count"]
    assert counted == len(points), f"{collection}: count is {counted}, {len(points)} points can be read"
    counted = connection.request("GET", path)["points_count"]
    assert counted == len(points), f"{collection}: points_count is {counted}, {len(points)} points can be read"
    for bucket in range(BUCKETS):
        wanted = sum(payload.get("bucket") == bucket for _, payload in points.values())
        body = {"exact": True, "filter": bucket_filter(bucket)}
        counted = connection.request("POST", f"{path}/points/count", body)["count"]
        assert counted == wanted, f"{collection}: {counted} points counted in bucket {bucket}, {wanted} there"


def check_search(connection, collection, points, name, dimension, distance, source):
    """Exact searches return the nearest; default searches return points that are there, at their true distance."""
    for bucket in (None, source.randrange(BUCKETS)):
        query = [source.randint(-128, 128) / 64 for _ in range(dimension)]
        scores = {
            i: score(distance, vectors[name], query) for i, (vectors, payload) in points.items()
            if name in vectors and (bucket is None or payload.get("bucket") == bucket)}
        nearest = sorted(scores.values(), reverse=distance == "Dot")[:SEARCH_LIMIT]
        for exact in (True, False):
            body = {"query": query, "limit": SEARCH_LIMIT, "params": {"exact": exact}}
            if name:
                body["using"] = name
            if bucket is not None:
                body["filter"] = bucket_filter(bucket)
            answer = connection.request("POST", f"/collections/{collection}/points/query", body)["points"]
            what = f"{collection} {name or 'vector'}, {'exact' if exact else 'default'} search, bucket {bucket}"
            assert len(answer) == len(nearest), f"{what}: {len(answer)} points, {len(nearest)} there"
            for rank, point in enumerate(answer):
                assert point["id"] in scores, f"{what}: {point['id']} does not belong to the answer"
                wanted = scores[point["id"]]
                assert abs(point["score"] - wanted) <= TOLERANCE, (
                    f"{what}: {point['id']} scores {point['score']}, its distance gives {wanted}")
                assert not exact or abs(point["score"] - nearest[rank]) <= TOLERANCE, (
                    f"{what}: rank {rank} scores {point['score']}, the nearest scores {nearest[rank]}")


def check_snapshots(connection, ledger, source):
    """Every acknowledged snapshot is listed; one of those listed is restored now and then."""
    found = {}
    for collection in ("single", "named"):
        for snapshot in connection.request("GET", f"/collections/{collection}/snapshots"):
            found[snapshot["name"]] = collection
    lost = set.intersection(*(set(state) for state in ledger.possible_states())) - found.keys()
    assert not lost, f"snapshots are gone: {lost}"
    ledger.settle(found)
    if found and source.random() < 0.3:
        name = source.choice(list(found))
        path = "/collections/restored"
        # The server compares checksums, counts, digest and stored answers before it says yes.
        connection.request("PUT", f"{path}/snapshots/recover?wait=true", {"location": name})
        counted = connection.request("POST", f"{path}/points/count", {"exact": True})["count"]
        assert counted == len(read_points(connection, "restored")), f"{counted} points counted in {name}"
        connection.request("DELETE", path)


def check_catalogue(connection, ledger):
    """The small collections, their points, and the aliases. Returns 1 if the write in flight had been kept."""
    names = {c["name"] for c in connection.request("GET", "/collections")["collections"]}
    collections = {}
    for name in names - VECTORS.keys():
        info = connection.request("GET", f"/collections/{name}")
        ids = frozenset(read_points(connection, name))
        assert info["points_count"] == len(ids), f"{name}: points_count {info['points_count']} for {len(ids)} points"
        collections[name] = (info["config"]["params"]["vectors"]["size"], ids)
    aliases = {a["alias_name"]: a["collection_name"] for a in connection.request("GET", "/aliases")["aliases"]}
    found = {"collections": collections, "aliases": aliases}
    state = next((state for state in ledger.possible_states() if state == found), None)
    assert VECTORS.keys() <= names, f"collections are gone: {VECTORS.keys() - names}"
    assert state is not None, f"catalogue: found {found}, possible {ledger.possible_states()}"
    return ledger.settle(state)
