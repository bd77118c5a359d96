"""What a crash may leave behind: the states that acknowledged writes and the one in flight allow, kept per writer.

A writer has one request under way at a time and its own ids, so its part of the database is either the state after
its last acknowledged write or one that the write in flight leads to. Anything else is a lost write, a ghost or a
half-applied one. States are dictionaries that are copied, never changed.
"""

import dataclasses
import uuid
from typing import Any

VECTORS = {"single": {"": (16, "Euclid")}, "named": {"a": (16, "Dot"), "b": (8, "Euclid")}, "bulk": {"": (4, "Dot")}}
POINTS_OF_A_WRITER = 600
BULK_POINTS = 10_000
BUCKETS = 8

# How a change is sent alone; the key is its name within `points/batch`.
ROUTES = {
    "upsert": ("PUT", "points"),
    "delete": ("POST", "points/delete"),
    "set_payload": ("POST", "points/payload"),
    "overwrite_payload": ("PUT", "points/payload"),
    "delete_payload": ("POST", "points/payload/delete"),
    "clear_payload": ("POST", "points/payload/clear"),
    "update_vectors": ("PUT", "points/vectors"),
    "delete_vectors": ("POST", "points/vectors/delete"),
}


@dataclasses.dataclass
class Write:
    method: str
    path: str
    body: Any
    # The states in which the write may leave the writer's part when it is cut short; the last is success.
    outcomes: list
    # Sent as `Idempotency-Key`: repeated with it, the write is applied once and answered as before.
    key: str | None = None
    # The server must answer 400 and change nothing.
    is_bad: bool = False

    def send(self, connection):
        return connection.request(self.method, self.path, self.body, self.key)


class Ledger:
    """The last acknowledged state and, while a write is in flight or was cut off, where that may have led."""

    def __init__(self):
        self.state = {}
        # The write that was sent and not answered.
        self.in_flight = None
        # The last acknowledged write that had a key, and its answer.
        self.last_keyed = None
        # Since the last round began.
        self.writes = 0

    def possible_states(self):
        return [self.state, *(self.in_flight.outcomes if self.in_flight else [])]

    def begin(self, write):
        self.in_flight = write
        self.writes += 1

    def acknowledge(self, answer):
        if self.in_flight.key and not self.in_flight.is_bad:
            self.last_keyed = self.in_flight, answer
        self.state, self.in_flight = self.in_flight.outcomes[-1], None

    def settle(self, state):
        """After a crash: this is what the server kept. Returns whether the write in flight was kept, wholly or not.

        The write in flight stays noted, for a retry, until the next one begins.
        """
        kept = state is not self.state
        self.state = state
        return kept


class PointLedger(Ledger):
    """One writer's points: id → (vectors by name, payload)."""

    def __init__(self, number, collection, points=POINTS_OF_A_WRITER):
        super().__init__()
        self.operation_id = -1
        self.number = number
        self.collection = collection
        self.ids = [self._id(n) for n in range(points)]
        self._stamp = 0

    def acknowledge(self, answer):
        for result in answer if isinstance(answer, list) else [answer] if answer else []:
            identifier = result["operation_id"]
            assert identifier > self.operation_id, f"operation_id {identifier} after {self.operation_id}"
            self.operation_id = identifier
        super().acknowledge(answer)

    def _id(self, n):
        """Three ids of four are integers, the others UUIDs."""
        return self.number * 1_000_000 + n if n % 4 else str(uuid.UUID(int=(self.number << 100) + n * 0x9E3779B97F4A7C15))

    def next_write(self, random):
        base, wait = f"/collections/{self.collection}/", random.choice(["?wait=true", "?wait=false", ""])
        key = self._key(random)
        if random.random() < 0.03:
            return self._bad_upsert(base + "points" + wait, random, key)
        if random.random() < 0.1:
            operations, outcomes, state = [], [], self.state
            for _ in range(random.randint(2, 5)):
                kind, body, state = self._change(state, random)
                operations.append({kind: body})
                outcomes.append(state)
            return Write("POST", base + "points/batch" + wait, {"operations": operations}, outcomes, key)
        kind, body, state = self._change(self.state, random)
        method, path = ROUTES[kind]
        return Write(method, base + path + wait, body, [state], key)

    def _key(self, random):
        """None, a key of its own, or the next of a producer that counts its writes."""
        self._stamp += 1
        return random.choice([None, f"writer-{self.number}-{self._stamp}", f"{uuid.UUID(int=self.number)}:{self._stamp}"])

    def _bad_upsert(self, path, random, key):
        """Good points with a bad one at the end: all of them must be refused."""
        _, body, _ = self._upsert(self.state, random, batch=False)
        vectors = dict(self._vectors(random))
        vectors[next(iter(vectors))] = [1.0, 2.0, 3.0]
        body["points"].append({"id": self.ids[0], "vector": self._wire(vectors)})
        return Write("PUT", path, body, [self.state], key, is_bad=True)

    def _change(self, state, random):
        """One random change: its name, its body, and the state behind it."""
        changes = [self._upsert] * 5 + [self._set_payload] * 3 + [self._delete] * 2 + [
            self._overwrite_payload, self._delete_payload, self._clear_payload, self._update_vectors]
        if self.collection == "named":
            changes.append(self._delete_vectors)
        self._stamp += 1
        return (random.choice(changes) if state else self._upsert)(state, random)

    def _vectors(self, random):
        # Sixty-fourths are exact in float32 and short in JSON, so what comes back must be equal, not just close.
        return {name: [random.randint(-128, 128) / 64 for _ in range(dimension)]
                for name, (dimension, _) in VECTORS[self.collection].items()}

    def _wire(self, vectors):
        return vectors if "" not in vectors else vectors[""]

    def _upsert(self, state, random, batch=None):
        # Now and then more than fits into one part of a log record.
        large = random.random() < 0.04
        count, text = (400, "t" * 3000) if large else (random.randint(1, 40), "ü" * random.randint(0, 60))
        new = {
            identifier: (self._vectors(random), {
                "writer": self.number, "bucket": random.randrange(BUCKETS), "stamp": self._stamp, "text": text})
            for identifier in random.sample(self.ids, count)}
        if random.random() < 0.3 if batch is None else batch:
            columns = [[vectors[name] for vectors, _ in new.values()] for name in VECTORS[self.collection]]
            named = dict(zip(VECTORS[self.collection], columns))
            body = {"batch": {
                "ids": list(new), "vectors": self._wire(named), "payloads": [payload for _, payload in new.values()]}}
        else:
            body = {"points": [
                {"id": i, "vector": self._wire(vectors), "payload": payload} for i, (vectors, payload) in new.items()]}
        return "upsert", body, {**state, **new}

    def _filter(self, bucket):
        return {"filter": {"must": [
            {"key": "writer", "match": {"value": self.number}}, {"key": "bucket", "match": {"value": bucket}}]}}

    def _target(self, state, random):
        """Some points by ids or by filter: the selector for the body, and the ids that it means."""
        if random.random() < 0.5:
            chosen = random.sample(list(state), min(len(state), random.randint(1, 30)))
            return {"points": chosen}, chosen
        bucket = random.randrange(BUCKETS)
        return self._filter(bucket), [
            i for i, (_, payload) in state.items()
            if payload.get("writer") == self.number and payload.get("bucket") == bucket]

    def _delete(self, state, random):
        selector, chosen = self._target(state, random)
        gone = set(chosen)
        return "delete", selector, {i: point for i, point in state.items() if i not in gone}

    def _change_payload(self, state, random, kind, body, new_payload):
        selector, chosen = self._target(state, random)
        changed = {i: (state[i][0], new_payload(state[i][1])) for i in chosen}
        return kind, {**body, **selector}, {**state, **changed}

    def _set_payload(self, state, random):
        values = {"stamp": self._stamp, "bucket": random.randrange(BUCKETS), "set": [self._stamp, None, {"a": 0.5}]}
        return self._change_payload(
            state, random, "set_payload", {"payload": values}, lambda payload: {**payload, **values})

    def _overwrite_payload(self, state, random):
        values = {"writer": self.number, "bucket": random.randrange(BUCKETS), "overwritten": self._stamp}
        return self._change_payload(state, random, "overwrite_payload", {"payload": values}, lambda _: values)

    def _delete_payload(self, state, random):
        keys = random.sample(["text", "set", "stamp", "bucket"], 2)
        return self._change_payload(
            state, random, "delete_payload", {"keys": keys},
            lambda payload: {key: value for key, value in payload.items() if key not in keys})

    def _clear_payload(self, state, random):
        return self._change_payload(state, random, "clear_payload", {}, lambda _: {})

    def _update_vectors(self, state, random):
        chosen = random.sample(list(state), min(len(state), random.randint(1, 20)))
        changed, points = {}, []
        for identifier in chosen:
            name = random.choice(list(VECTORS[self.collection]))
            new = {name: self._vectors(random)[name]}
            changed[identifier] = ({**state[identifier][0], **new}, state[identifier][1])
            points.append({"id": identifier, "vector": self._wire(new)})
        return "update_vectors", {"points": points}, {**state, **changed}

    def _delete_vectors(self, state, random):
        selector, chosen = self._target(state, random)
        changed = {
            i: ({name: values for name, values in state[i][0].items() if name != "b"}, state[i][1]) for i in chosen}
        return "delete_vectors", {**selector, "vector": ["b"]}, {**state, **changed}


class BulkLedger(PointLedger):
    """One writer whose every write concerns thousands of points: an upsert of 10,000, or all that a filter finds."""

    def __init__(self, number):
        super().__init__(number, "bulk", BULK_POINTS)

    def _change(self, state, random):
        self._stamp += 1
        if len(state) < BULK_POINTS or random.random() < 0.3:
            return self._upsert(state, random)
        return random.choice([self._delete, self._set_payload, self._clear_payload])(state, random)

    def _upsert(self, state, random, batch=None):
        vector = {"": [random.randint(-128, 128) / 64 for _ in range(3)] + [self._stamp % 128 / 64]}
        payloads = [{"writer": self.number, "bucket": bucket, "stamp": self._stamp} for bucket in range(BUCKETS)]
        new = {identifier: (vector, payloads[n % BUCKETS]) for n, identifier in enumerate(self.ids)}
        points = [{"id": i, "vector": vector[""], "payload": payload} for i, (_, payload) in new.items()]
        return "upsert", {"points": points}, {**state, **new}

    def _target(self, state, random):
        bucket = random.randrange(BUCKETS)
        return self._filter(bucket), [i for i, (_, payload) in state.items() if payload.get("bucket") == bucket]


class CatalogueLedger(Ledger):
    """Small collections that come and go: name → (dimension, ids), and aliases: alias → name."""

    NAMES = [f"extra-{n}" for n in range(5)]
    ALIASES = ["alias-0", "alias-1"]

    def __init__(self):
        super().__init__()
        self.state = {"collections": {}, "aliases": {}}

    def next_write(self, random):
        collections, aliases = self.state["collections"], self.state["aliases"]
        name = random.choice(self.NAMES)
        if name not in collections:
            size = random.randint(2, 9)
            return self._write(
                "PUT", f"/collections/{name}", {"vectors": {"size": size, "distance": "Dot"}},
                {**collections, name: (size, frozenset())}, aliases)
        choice = random.random()
        if choice < 0.3:
            return self._write(
                "DELETE", f"/collections/{name}", None, {n: c for n, c in collections.items() if n != name},
                {alias: target for alias, target in aliases.items() if target != name})
        if choice < 0.6:
            alias = random.choice(self.ALIASES)
            actions = [{"create_alias": {"alias_name": alias, "collection_name": name}}]
            if alias in aliases:
                actions.insert(0, {"delete_alias": {"alias_name": alias}})
            return self._write(
                "POST", "/collections/aliases", {"actions": actions}, collections, {**aliases, alias: name})
        size, ids = collections[name]
        identifier = random.randrange(50)
        return self._write(
            "PUT", f"/collections/{name}/points", {"points": [{"id": identifier, "vector": [0.5] * size}]},
            {**collections, name: (size, ids | {identifier})}, aliases)

    def _write(self, method, path, body, collections, aliases):
        return Write(method, path, body, [{"collections": collections, "aliases": aliases}])


class SnapshotLedger(Ledger):
    """Snapshots that come and go: the names of those that were acknowledged; another may have been made."""

    COUNT_MAX = 3

    def __init__(self):
        super().__init__()
        self.state = {}

    def next_write(self, random):
        if len(self.state) >= self.COUNT_MAX:
            name = random.choice(list(self.state))
            return Write(
                "DELETE", f"/collections/{self.state[name]}/snapshots/{name}?wait=true", None,
                [{n: c for n, c in self.state.items() if n != name}])
        collection = random.choice(["single", "named"])
        return Write("POST", f"/collections/{collection}/snapshots?wait=true", None, [self.state])

    def acknowledge(self, answer):
        write = self.in_flight
        super().acknowledge(answer)
        if write.method == "POST":
            self.state = {**self.state, answer["name"]: write.path.split("/")[2]}
