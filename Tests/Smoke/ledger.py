"""What a crash may leave behind: the states that acknowledged writes and the one in flight allow, kept per writer.

A writer has one request under way at a time and its own ids, so its part of the database is either the state after
its last acknowledged write or one that the write in flight leads to. Anything else is a lost write, a ghost or a
half-applied one. States are dictionaries that are copied, never changed.
"""

import dataclasses
import uuid
from typing import Any

VECTORS = {"single": {"": (16, "Euclid")}, "named": {"a": (16, "Dot"), "b": (8, "Euclid")}}
POINTS_OF_A_WRITER = 600
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


class Ledger:
    """The last acknowledged state and, while a write is in flight or was cut off, where that may have led."""

    def __init__(self):
        self.state = {}
        self.in_flight = []
        self.operation_id = -1

    def possible_states(self):
        return [self.state, *self.in_flight]

    def acknowledge(self):
        self.state, self.in_flight = self.in_flight[-1], []

    def settle(self, state):
        """After a crash: this is what the server kept. Returns whether the write in flight was kept, wholly or not."""
        kept = state is not self.state
        self.state, self.in_flight = state, []
        return kept


class PointLedger(Ledger):
    """One writer's points: id → (vectors by name, payload)."""

    def __init__(self, number, collection):
        super().__init__()
        self.number = number
        self.collection = collection
        self.ids = [self._id(n) for n in range(POINTS_OF_A_WRITER)]
        self._stamp = 0

    def _id(self, n):
        """Three ids of four are integers, the others UUIDs."""
        return self.number * 1_000_000 + n if n % 4 else str(uuid.UUID(int=(self.number << 100) + n * 0x9E3779B97F4A7C15))

    def next_write(self, random):
        base, wait = f"/collections/{self.collection}/", random.choice(["?wait=true", "?wait=false", ""])
        if random.random() < 0.1:
            operations, outcomes, state = [], [], self.state
            for _ in range(random.randint(2, 5)):
                kind, body, state = self._change(state, random)
                operations.append({kind: body})
                outcomes.append(state)
            return Write("POST", base + "points/batch" + wait, {"operations": operations}, outcomes)
        kind, body, state = self._change(self.state, random)
        method, path = ROUTES[kind]
        return Write(method, base + path + wait, body, [state])

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
        return vectors[""] if self.collection == "single" else vectors

    def _upsert(self, state, random):
        # Now and then more than fits into one part of a log record.
        large = random.random() < 0.04
        count, text = (400, "t" * 3000) if large else (random.randint(1, 40), "ü" * random.randint(0, 60))
        new = {
            identifier: (self._vectors(random), {
                "writer": self.number, "bucket": random.randrange(BUCKETS), "stamp": self._stamp, "text": text})
            for identifier in random.sample(self.ids, count)}
        if random.random() < 0.3:
            columns = [[vectors[name] for vectors, _ in new.values()] for name in VECTORS[self.collection]]
            named = dict(zip(VECTORS[self.collection], columns))
            body = {"batch": {
                "ids": list(new), "vectors": self._wire(named), "payloads": [payload for _, payload in new.values()]}}
        else:
            body = {"points": [
                {"id": i, "vector": self._wire(vectors), "payload": payload} for i, (vectors, payload) in new.items()]}
        return "upsert", body, {**state, **new}

    def _target(self, state, random):
        """Some points by ids or by filter: the selector for the body, and the ids that it means."""
        if random.random() < 0.5:
            chosen = random.sample(list(state), min(len(state), random.randint(1, 30)))
            return {"points": chosen}, chosen
        bucket = random.randrange(BUCKETS)
        selector = {"filter": {"must": [
            {"key": "writer", "match": {"value": self.number}}, {"key": "bucket", "match": {"value": bucket}}]}}
        return selector, [
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
