"""What the smoke test knows without the server: documents, distances, orders and scores, in plain Python."""

import math
import random
import struct
import uuid
from datetime import datetime, timedelta, timezone

CITIES = ["Oslo", "Łódź", "São Paulo", "京都", "Malmö"]


def float32(value):
    """The nearest value that the wire and the store can hold."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def vector(random_source, dimension):
    return [float32(random_source.uniform(-1, 1)) for _ in range(dimension)]


def point_id(number):
    """Two ids of three are integers, the others UUIDs."""
    return number * 7 if number % 3 else str(uuid.UUID(int=number * 0x1_0000_0001_0001_0001))


def id_order(identifier):
    """Integers before UUIDs, each ascending."""
    if isinstance(identifier, int):
        return 0, identifier
    return 1, uuid.UUID(identifier).int


def document(random_source, number):
    """A payload with every kind of value that a filter can ask about; some fields are missing, null or empty."""
    when = datetime(2024, 1, 1, tzinfo=timezone.utc) + timedelta(hours=random_source.randrange(24 * 365))
    payload = {
        "city": random_source.choice(CITIES),
        "rank": random_source.randrange(20),
        "price": random_source.randrange(4000) / 8,
        "active": random_source.random() < 0.5,
        "when": when.isoformat().replace("+00:00", "Z"),
        "owner": str(uuid.UUID(int=random_source.randrange(4))),
        "tags": random_source.sample(["red", "green", "blue", "grey"], random_source.randrange(4)),
        "items": [
            {"kind": random_source.choice("ab"), "count": random_source.randrange(4)}
            for _ in range(random_source.randrange(3))],
        "place": {"floor": random_source.randrange(5)},
        "spot": {"lon": random_source.uniform(-180, 180), "lat": random_source.uniform(-90, 90)},
        "text": f"document № {number}: «ünïcode», \"quotes\" and \\ backslash",
    }
    maybe = random_source.randrange(4)
    if maybe < 3:
        payload["note"] = [None, [], "present"][maybe]
    return payload


def normalised(values):
    length = math.sqrt(sum(value * value for value in values))
    return [value / length for value in values]


def score(distance, a, b):
    """The score as the server reports it: larger is nearer for Cosine and Dot, smaller for the others."""
    if distance == "Cosine":
        a, b = normalised(a), normalised(b)
    if distance in ("Cosine", "Dot"):
        return sum(x * y for x, y in zip(a, b))
    if distance == "Euclid":
        return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b)))
    return sum(abs(x - y) for x, y in zip(a, b))


def nearest(distance, vectors, query):
    """(id, score) of all `vectors`, best first."""
    scored = [(identifier, score(distance, values, query)) for identifier, values in vectors.items()]
    return sorted(scored, key=lambda pair: pair[1], reverse=distance in ("Cosine", "Dot"))


def mean(vectors):
    return [sum(column) / len(vectors) for column in zip(*vectors)]


def squashed(similarity):
    """The fast sigmoid of best-score recommendations, in 0…1."""
    return 0.5 * (similarity / (1 + abs(similarity)) + 1)


def recommended(distance, vectors, positive, negative, strategy):
    """(id, score) of all `vectors` that are no examples, best first; for distances where larger is nearer."""
    plus = [vectors[identifier] for identifier in positive]
    minus = [vectors[identifier] for identifier in negative]
    if distance == "Cosine":
        plus, minus = [normalised(v) for v in plus], [normalised(v) for v in minus]
    if strategy == "average_vector":
        target = mean(plus)
        if minus:
            target = [2 * p - n for p, n in zip(target, mean(minus))]

        def value(candidate):
            return score(distance, candidate, target)
    elif strategy == "best_score":
        def value(candidate):
            best = max((score(distance, candidate, v) for v in plus), default=-math.inf)
            worst = max((score(distance, candidate, v) for v in minus), default=-math.inf)
            return squashed(best) if best > worst else -squashed(worst)
    else:
        def value(candidate):
            return (sum(score(distance, candidate, v) for v in plus)
                    - sum(score(distance, candidate, v) for v in minus))

    examples = {*positive, *negative}
    scored = [(i, value(values)) for i, values in vectors.items() if i not in examples]
    return sorted(scored, key=lambda pair: pair[1], reverse=True)


def discovered(vectors, target, pairs):
    """(id, score) of all `vectors` (cosine) that are no examples, best first: `discover`, or `context` without target."""
    units = {identifier: normalised(values) for identifier, values in vectors.items()}

    def value(candidate):
        total = 0.0
        for positive, negative in pairs:
            difference = score("Dot", candidate, units[positive]) - score("Dot", candidate, units[negative])
            if target is not None:
                total += (difference > 0) - (difference < 0)
            else:
                loss = min(difference, 0)
                total += loss / (1 - loss)
        return total + (squashed(score("Dot", candidate, units[target])) if target is not None else 0)

    examples = {target, *(identifier for pair in pairs for identifier in pair)}
    scored = [(i, value(values)) for i, values in units.items() if i not in examples]
    return sorted(scored, key=lambda pair: pair[1], reverse=True)


def metres(longitude, latitude, spot):
    """The length of the great circle's arc, by the angle between two unit vectors."""
    def unit(lon, lat):
        lon, lat = math.radians(lon), math.radians(lat)
        return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)

    cosine = sum(x * y for x, y in zip(unit(longitude, latitude), unit(spot["lon"], spot["lat"])))
    return 6_371_008.8 * math.acos(max(-1, min(1, cosine)))


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def new_random(seed):
    return random.Random(seed)
