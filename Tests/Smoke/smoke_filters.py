"""Filters in the client's words beside what they mean in Python's: (name, filter, predicate of id and payload)."""

import smoke_data
from qdrant_client import models
from smoke_data import instant

FIELD = models.FieldCondition

INDEXES = {
    "city": models.PayloadSchemaType.KEYWORD,
    "rank": models.PayloadSchemaType.INTEGER,
    "price": models.PayloadSchemaType.FLOAT,
    "active": models.PayloadSchemaType.BOOL,
    "when": models.PayloadSchemaType.DATETIME,
    "owner": models.PayloadSchemaType.UUID,
    "tags": models.PayloadSchemaType.KEYWORD,
    "spot": models.PayloadSchemaType.GEO,
}

OWNER = "00000000-0000-0000-0000-000000000002"
SPRING, SUMMER = "2024-04-01T00:00:00Z", "2024-07-01T02:00:00+02:00"
SOME_IDS = [smoke_data.point_id(number) for number in (1, 2, 3, 50, 51)]


def value(key, wanted):
    return FIELD(key=key, match=models.MatchValue(value=wanted))


def must(*conditions):
    return models.Filter(must=list(conditions))


def at(longitude, latitude):
    return models.GeoPoint(lon=longitude, lat=latitude)


def spot(payload):
    return payload.get("spot", {"lon": float("nan"), "lat": float("nan")})


def number(payload, key):
    return payload.get(key, float("nan"))


FILTERS = [
    ("match keyword", must(value("city", "京都")), lambda i, p: p.get("city") == "京都"),
    ("match integer", must(value("rank", 7)), lambda i, p: p.get("rank") == 7),
    ("match bool", must(value("active", True)), lambda i, p: p.get("active") is True),
    ("match uuid", must(value("owner", OWNER)), lambda i, p: p.get("owner") == OWNER),
    ("match any element", must(value("tags", "red")), lambda i, p: "red" in p.get("tags", [])),
    ("match any", must(FIELD(key="city", match=models.MatchAny(any=["Oslo", "Malmö"]))),
     lambda i, p: p.get("city") in ("Oslo", "Malmö")),
    ("match except", must(FIELD(key="rank", match=models.MatchExcept(**{"except": [1, 2, 3]}))),
     lambda i, p: p.get("rank") is not None and p["rank"] not in (1, 2, 3)),
    ("match a string where integers are", must(value("rank", "7")), lambda i, p: False),
    ("range of integers", must(FIELD(key="rank", range=models.Range(gt=3, lte=11))),
     lambda i, p: 3 < number(p, "rank") <= 11),
    ("range of floats", must(FIELD(key="price", range=models.Range(gte=100.125, lt=250.5))),
     lambda i, p: 100.125 <= number(p, "price") < 250.5),
    ("range of datetimes", must(FIELD(key="when", range=models.DatetimeRange(gte=SPRING, lt=SUMMER))),
     lambda i, p: "when" in p and instant(SPRING) <= instant(p["when"]) < instant(SUMMER)),
    ("geo radius", must(FIELD(key="spot", geo_radius=models.GeoRadius(center=at(170, 10), radius=6e6))),
     lambda i, p: "spot" in p and smoke_data.metres(170, 10, p["spot"]) < 6e6),
    ("geo box over the antimeridian", must(FIELD(key="spot", geo_bounding_box=models.GeoBoundingBox(
        top_left=at(100, 60), bottom_right=at(-100, -60)))),
     lambda i, p: -60 < spot(p)["lat"] < 60 and (spot(p)["lon"] > 100 or spot(p)["lon"] < -100)),
    ("geo polygon with a hole", must(FIELD(key="spot", geo_polygon=models.GeoPolygon(
        exterior=models.GeoLineString(points=[at(-90, -60), at(90, -60), at(90, 60), at(-90, 60), at(-90, -60)]),
        interiors=[models.GeoLineString(points=[at(-30, -30), at(30, -30), at(30, 30), at(-30, 30), at(-30, -30)])]))),
     lambda i, p: abs(spot(p)["lon"]) < 90 and abs(spot(p)["lat"]) < 60
     and not (abs(spot(p)["lon"]) < 30 and abs(spot(p)["lat"]) < 30)),
    ("nested path", must(FIELD(key="place.floor", range=models.Range(gte=3))),
     lambda i, p: p.get("place", {}).get("floor", -1) >= 3),
    ("two elements may match", must(value("items[].kind", "a"), value("items[].count", 2)),
     lambda i, p: any(x["kind"] == "a" for x in p.get("items", [])) and any(x["count"] == 2 for x in p.get("items", []))),
    ("one element must match", must(models.NestedCondition(nested=models.Nested(
        key="items", filter=must(value("kind", "a"), value("count", 2))))),
     lambda i, p: any(x["kind"] == "a" and x["count"] == 2 for x in p.get("items", []))),
    ("is_empty", must(models.IsEmptyCondition(is_empty=models.PayloadField(key="note"))),
     lambda i, p: p.get("note") in (None, [])),
    ("is_null", must(models.IsNullCondition(is_null=models.PayloadField(key="note"))),
     lambda i, p: "note" in p and p["note"] is None),
    ("values_count", must(FIELD(key="tags", values_count=models.ValuesCount(gte=2))),
     lambda i, p: len(p.get("tags", [])) >= 2),
    ("has_id", must(models.HasIdCondition(has_id=SOME_IDS)), lambda i, p: i in SOME_IDS),
    ("must_not", models.Filter(must_not=[value("active", True), value("city", "Oslo")]),
     lambda i, p: p.get("active") is not True and p.get("city") != "Oslo"),
    ("should", models.Filter(should=[value("rank", 4), value("tags", "blue")]),
     lambda i, p: p.get("rank") == 4 or "blue" in p.get("tags", [])),
    ("min_should", models.Filter(min_should=models.MinShould(min_count=2, conditions=[
        value("active", True), value("tags", "green"), FIELD(key="rank", range=models.Range(lt=8))])),
     lambda i, p: (p.get("active") is True) + ("green" in p.get("tags", [])) + (number(p, "rank") < 8) >= 2),
    ("filters within filters", models.Filter(
        must=[models.Filter(should=[value("city", "Oslo"), value("city", "京都")])],
        must_not=[models.Filter(must=[value("active", True), FIELD(key="price", range=models.Range(gt=200))])]),
     lambda i, p: p.get("city") in ("Oslo", "京都") and not (p.get("active") is True and number(p, "price") > 200)),
    ("nothing", must(value("city", "Atlantis")), lambda i, p: False),
    ("everything", models.Filter(), lambda i, p: True),
]
