"""The cases of the smoke test, in the order in which they build on each other.

Each method named `case_…` is one case. They share two collections: `single` has one unnamed cosine vector, `named` one
vector of each distance. `SmokeRun` keeps what both must contain.
"""

import copy
import json
import struct

import smoke_data
from qdrant_client import models
from qdrant_client.http.exceptions import UnexpectedResponse
from smoke_filters import FILTERS, INDEXES

POINTS = 120
DIMENSION = 8
NAMED = {"cosine": (8, "Cosine"), "dot": (6, "Dot"), "euclid": (5, "Euclid"), "manhattan": (7, "Manhattan")}
TOLERANCE = 1e-4


def expect(actual, wanted, what):
    assert actual == wanted, f"{what}: got {actual!r}, wanted {wanted!r}"


def float32(values):
    """The bits of the values as the server keeps them: it writes the shortest digits that read back as these."""
    return struct.pack(f"<{len(values)}f", *values)


def expect_near(actual, wanted, what):
    """Same length, and every number within the tolerance."""
    assert len(actual) == len(wanted) and all(
        abs(a - w) <= TOLERANCE * max(1, abs(w)) for a, w in zip(actual, wanted)), f"{what}: {actual} against {wanted}"


def expect_ranking(points, wanted, what):
    """The same ids in the same order with the same scores."""
    expect([point.id for point in points], [identifier for identifier, _ in wanted], what)
    expect_near([point.score for point in points], [score for _, score in wanted], f"{what}: scores")


class SmokeRun:
    def __init__(self, client, seed):
        self.client = client
        self.random = smoke_data.new_random(seed)
        self.vectors = {}
        self.named = {}
        self.payloads = {}
        for number in range(1, POINTS + 1):
            identifier = smoke_data.point_id(number)
            self.vectors[identifier] = smoke_data.vector(self.random, DIMENSION)
            self.payloads[identifier] = smoke_data.document(self.random, number)
            self.named[identifier] = {
                name: smoke_data.vector(self.random, dimension) for name, (dimension, _) in NAMED.items()}
        self.named_payloads = copy.deepcopy(self.payloads)

    def run_all(self):
        """Runs every case in the order of the class and returns how many there were."""
        cases = [name for name in type(self).__dict__ if name.startswith("case_")]
        for name in cases:
            getattr(self, name)()
            print(f"  ok  {name.removeprefix('case_').replace('_', ' ')}")
        return len(cases)

    def query(self, collection="single", **arguments):
        return self.client.query_points(collection, **arguments).points

    def ids(self):
        return sorted(self.payloads, key=smoke_data.id_order)

    def expect_stored(self, identifiers, what):
        """What the server returns for the ids is what this run wrote last."""
        records = self.client.retrieve("single", list(identifiers), with_payload=True, with_vectors=True)
        expect({record.id for record in records}, set(identifiers), what)
        for record in records:
            expect(record.payload, self.payloads[record.id], f"{what}: payload of {record.id}")
            expect_near(record.vector, smoke_data.normalised(self.vectors[record.id]), f"{what}: {record.id}")

    def expect_error(self, status, words, call):
        try:
            call()
        except UnexpectedResponse as error:
            expect(error.status_code, status, f"status of {error.content!r}")
            message = json.loads(error.content)["status"]["error"]
            for word in words:
                assert word in message, f"{word!r} is not in the message {message!r}"
            return
        raise AssertionError(f"no error; wanted {status} with {words}")

    # Collections

    def case_create_collections(self):
        client = self.client
        expect(client.collection_exists("single"), False, "exists before")
        expect(client.create_collection(
            "single",
            vectors_config=models.VectorParams(size=DIMENSION, distance=models.Distance.COSINE),
            hnsw_config=models.HnswConfigDiff(m=12, ef_construct=80)), True, "create single")
        expect(client.create_collection("named", vectors_config={
            name: models.VectorParams(size=dimension, distance=models.Distance(distance))
            for name, (dimension, distance) in NAMED.items()}), True, "create named")
        expect(client.collection_exists("single"), True, "exists after")
        expect({c.name for c in client.get_collections().collections}, {"single", "named"}, "list")

    def case_describe_collections(self):
        info = self.client.get_collection("single")
        expect(info.config.params.vectors.size, DIMENSION, "size")
        expect(info.config.params.vectors.distance, models.Distance.COSINE, "distance")
        expect((info.config.hnsw_config.m, info.config.hnsw_config.ef_construct), (12, 80), "hnsw_config")
        expect((info.points_count, info.status), (0, models.CollectionStatus.GREEN), "empty collection")
        info = self.client.get_collection("named")
        expect({name: (p.size, p.distance.value) for name, p in info.config.params.vectors.items()}, NAMED, "named")
        expect((info.config.hnsw_config.m, info.config.hnsw_config.ef_construct), (16, 100), "defaults")

    def case_update_collection(self):
        self.client.update_collection("single", hnsw_config=models.HnswConfigDiff(ef_construct=90))
        config = self.client.get_collection("single").config
        expect((config.hnsw_config.m, config.hnsw_config.ef_construct), (12, 90), "after update")

    # Writing points

    def case_upsert_list(self):
        ids = self.ids()[:70]
        for first in range(0, len(ids), 16):
            result = self.client.upsert("single", wait=True, points=[
                models.PointStruct(id=i, vector=self.vectors[i], payload=self.payloads[i])
                for i in ids[first:first + 16]])
            expect(result.status, models.UpdateStatus.COMPLETED, "wait=True")
        self.expect_stored(ids, "after upserts of lists")

    def case_upsert_batch(self):
        ids = self.ids()[70:]
        result = self.client.upsert("single", wait=False, points=models.Batch(
            ids=ids, vectors=[self.vectors[i] for i in ids], payloads=[self.payloads[i] for i in ids]))
        expect(result.status, models.UpdateStatus.ACKNOWLEDGED, "wait=False")
        self.expect_stored(self.ids(), "read your writes after a columnar upsert")
        expect(self.client.get_collection("single").points_count, POINTS, "points_count")

    def case_upsert_named(self):
        self.client.upload_points("named", [
            models.PointStruct(id=i, vector=self.named[i], payload=self.named_payloads[i]) for i in self.ids()],
            batch_size=50, wait=True)
        record = self.client.retrieve("named", [self.ids()[0]], with_vectors=["dot", "euclid"])[0]
        expect(set(record.vector), {"dot", "euclid"}, "chosen vectors")
        expect(
            float32(record.vector["euclid"]), float32(self.named[record.id]["euclid"]), "euclid vector, bit for bit")

    def case_replace_whole_point(self):
        identifier = self.ids()[3]
        self.payloads[identifier] = {"city": "Oslo", "rank": 3, "only": ["this"]}
        self.vectors[identifier] = smoke_data.vector(self.random, DIMENSION)
        self.client.upsert("single", [models.PointStruct(
            id=identifier, vector=self.vectors[identifier], payload=self.payloads[identifier])])
        self.expect_stored([identifier], "an upsert replaces the whole point")

    # Reading points

    def case_retrieve(self):
        client, first = self.client, self.ids()[0]
        expect(client.retrieve("single", [first])[0].vector, None, "no vector unless asked for")
        expect(client.retrieve("single", [first], with_payload=["city", "place.floor"])[0].payload,
               {"city": self.payloads[first]["city"], "place": self.payloads[first]["place"]}, "payload include")
        rest = {key: value for key, value in self.payloads[first].items() if key not in ("text", "tags")}
        selector = models.PayloadSelectorExclude(exclude=["text", "tags"])
        expect(client.retrieve("single", [first], with_payload=selector)[0].payload, rest, "payload exclude")
        expect(client.retrieve("single", [999_999]), [], "ids that are not there are left out")

    def case_scroll(self):
        seen, offset = [], None
        while True:
            records, offset = self.client.scroll("single", limit=17, offset=offset)
            seen += [record.id for record in records]
            if offset is None:
                break
        expect(seen, self.ids(), "scroll in pages of 17, in the order of ids")
        records, offset = self.client.scroll("single", limit=10_000, with_payload=False)
        expect((len(records), offset, records[0].payload), (POINTS, None, None), "scroll in one page")

    def case_filters_without_indexes(self):
        self.expect_filters("without payload indexes")

    def case_payload_indexes(self):
        for field, schema in INDEXES.items():
            self.client.create_payload_index("single", field, field_schema=schema, wait=True)
        schema = self.client.get_collection("single").payload_schema
        expect({field: info.data_type.value for field, info in schema.items()},
               {field: wanted.value for field, wanted in INDEXES.items()}, "payload_schema")
        expect(schema["city"].points, POINTS, "points of an index")

    def case_filters_with_indexes(self):
        self.expect_filters("with payload indexes")
        self.client.delete_payload_index("single", "rank", wait=True)
        expect("rank" in self.client.get_collection("single").payload_schema, False, "index dropped")
        self.expect_filters("after one index was dropped")

    def expect_filters(self, when):
        for name, condition, predicate in FILTERS:
            wanted = {i for i in self.payloads if predicate(i, self.payloads[i])}
            what = f"{name} {when}"
            expect(self.client.count("single", count_filter=condition, exact=True).count, len(wanted), f"count: {what}")
            records, _ = self.client.scroll("single", scroll_filter=condition, limit=POINTS, with_payload=False)
            expect({record.id for record in records}, wanted, f"scroll: {what}")
            query = smoke_data.vector(self.random, DIMENSION)
            ranking = smoke_data.nearest("Cosine", {i: self.vectors[i] for i in wanted}, query)
            expect_ranking(self.query(query=query, query_filter=condition, limit=7), ranking[:7], f"query: {what}")

    # Searching

    def case_nearest_by_vector(self):
        for _ in range(5):
            query = smoke_data.vector(self.random, DIMENSION)
            ranking = smoke_data.nearest("Cosine", self.vectors, query)
            expect_ranking(self.query(query=query), ranking[:10], "default limit")
            expect_ranking(self.query(query=query, limit=5, offset=3), ranking[3:8], "limit and offset")
            exact = models.SearchParams(exact=True)
            expect_ranking(self.query(query=query, search_params=exact), ranking[:10], "exact")
            threshold = (ranking[3][1] + ranking[4][1]) / 2
            expect_ranking(self.query(query=query, score_threshold=threshold), ranking[:4], "score_threshold")
        point = self.query(query=query, limit=1, with_payload=["rank"], with_vectors=True)[0]
        expect(point.payload, {"rank": self.payloads[point.id]["rank"]}, "with_payload of a query")
        expect_near(point.vector, smoke_data.normalised(self.vectors[point.id]), "with_vectors of a query")
        expect(self.query(query=query, limit=1)[0].vector, None, "no vectors unless asked for")

    def case_nearest_of_each_distance(self):
        for name, (dimension, distance) in NAMED.items():
            query = smoke_data.vector(self.random, dimension)
            ranking = smoke_data.nearest(distance, {i: v[name] for i, v in self.named.items()}, query)
            points = self.query("named", query=query, using=name, limit=12)
            expect_ranking(points, ranking[:12], distance)
            threshold = (ranking[5][1] + ranking[6][1]) / 2
            points = self.query("named", query=query, using=name, score_threshold=threshold)
            expect_ranking(points, ranking[:6], f"{distance} with a threshold")

    def case_nearest_by_id(self):
        for identifier in (self.ids()[5], self.ids()[-1]):
            ranking = smoke_data.nearest("Cosine", self.vectors, self.vectors[identifier])
            others = [pair for pair in ranking if pair[0] != identifier]
            expect_ranking(self.query(query=identifier), others[:10], "the example itself is left out")

    def case_recommend(self):
        positive, negative = [self.ids()[1], self.ids()[-2]], [self.ids()[7]]
        for strategy in models.RecommendStrategy:
            for minus in ([], negative):
                ranking = smoke_data.recommended("Cosine", self.vectors, positive, minus, strategy.value)
                query = models.RecommendQuery(
                    recommend=models.RecommendInput(positive=positive, negative=minus, strategy=strategy))
                expect_ranking(self.query(query=query, limit=8), ranking[:8], f"{strategy.value}, {len(minus)} negative")
        dot = {i: vectors["dot"] for i, vectors in self.named.items()}
        ranking = smoke_data.recommended("Dot", dot, positive, negative, "average_vector")
        query = models.RecommendQuery(recommend=models.RecommendInput(positive=positive, negative=negative))
        expect_ranking(self.query("named", query=query, using="dot"), ranking[:10], "the default is average_vector")

    def case_discover_and_context(self):
        ids = self.ids()
        pairs = [(ids[1], ids[-2]), (ids[3], ids[-4]), (ids[9], ids[14])]
        context = [models.ContextPair(positive=positive, negative=negative) for positive, negative in pairs]
        ranking = smoke_data.discovered(self.vectors, ids[5], pairs)
        query = models.DiscoverQuery(discover=models.DiscoverInput(target=ids[5], context=context))
        expect_ranking(self.query(query=query, limit=9), ranking[:9], "discover")
        losses = smoke_data.discovered(self.vectors, None, pairs)
        points = self.query(query=models.ContextQuery(context=context), limit=len(losses))
        expect_near([point.score for point in points], [loss for _, loss in losses], "context: scores")
        expect({point.id for point in points}, {identifier for identifier, _ in losses}, "context: no examples")

    def case_formula(self):
        """Similarity and a number of the payload, weighted; of those that have the number, or it would be an error."""
        query = smoke_data.vector(self.random, DIMENSION)
        formula = models.FormulaQuery(formula=models.SumExpression(sum=[
            models.MultExpression(mult=[0.7, "$score"]), models.MultExpression(mult=[0.003, "price"])]))
        priced = {i: vector for i, vector in self.vectors.items() if "price" in self.payloads[i]}
        found = smoke_data.nearest("Cosine", priced, query)[:20]
        has_price = models.Filter(must_not=[models.IsEmptyCondition(is_empty=models.PayloadField(key="price"))])
        ranking = sorted(
            ((i, 0.7 * score + 0.003 * self.payloads[i]["price"]) for i, score in found), key=lambda pair: -pair[1])
        points = self.query(prefetch=models.Prefetch(query=query, filter=has_price, limit=20), query=formula, limit=7)
        expect_ranking(points, ranking[:7], "formula")

    def case_query_batch(self):
        queries = [smoke_data.vector(self.random, DIMENSION) for _ in range(4)]
        condition = models.Filter(must=[models.FieldCondition(key="rank", range=models.Range(gte=10))])
        answers = self.client.query_batch_points("single", [
            models.QueryRequest(query=query, limit=3, filter=condition if number % 2 else None)
            for number, query in enumerate(queries)])
        expect(len(answers), len(queries), "answers of a batch")
        for number, (answer, query) in enumerate(zip(answers, queries)):
            kept = {i: v for i, v in self.vectors.items() if not number % 2 or self.payloads[i]["rank"] >= 10}
            expect_ranking(answer.points, smoke_data.nearest("Cosine", kept, query)[:3], f"batch {number}")

    # Changing points

    def case_set_payload(self):
        a, b = self.ids()[10], self.ids()[11]
        self.client.set_payload("single", {"rank": 77, "new": {"x": [1, 2.5, None]}}, points=[a, b])
        for identifier in (a, b):
            self.payloads[identifier] |= {"rank": 77, "new": {"x": [1, 2.5, None]}}
        self.expect_stored([a, b], "set by ids")
        self.client.set_payload("single", {"floor": 9, "door": "left"}, points=[a], key="place")
        self.payloads[a]["place"] |= {"floor": 9, "door": "left"}
        self.expect_stored([a, b], "set below a key")
        condition = models.Filter(must=[models.FieldCondition(key="rank", match=models.MatchValue(value=77))])
        self.client.set_payload("single", {"city": "Oslo"}, points=condition)
        for identifier in (a, b):
            self.payloads[identifier]["city"] = "Oslo"
        self.expect_stored(self.ids(), "set by filter")
        self.expect_filters("after set_payload")

    def case_overwrite_delete_clear_payload(self):
        a, b, c = self.ids()[12:15]
        self.client.overwrite_payload("single", {"city": "京都", "rank": 1}, points=[a])
        self.payloads[a] = {"city": "京都", "rank": 1}
        self.client.delete_payload("single", ["tags", "place.floor", "absent"], points=[b])
        del self.payloads[b]["tags"]
        self.payloads[b]["place"] = {}
        self.client.clear_payload("single", points_selector=[c])
        self.payloads[c] = {}
        self.expect_stored(self.ids(), "overwrite, delete keys, clear")
        self.expect_filters("after payload changes")

    def case_update_and_delete_vectors(self):
        a, b = self.ids()[20], self.ids()[21]
        changed = smoke_data.vector(self.random, NAMED["dot"][0])
        self.client.update_vectors("named", [models.PointVectors(id=a, vector={"dot": changed})])
        self.named[a]["dot"] = changed
        self.client.delete_vectors("named", vectors=["manhattan"], points=[b])
        del self.named[b]["manhattan"]
        for record in self.client.retrieve("named", [a, b], with_vectors=True):
            expect(set(record.vector), set(self.named[record.id]), f"vectors of {record.id}")
            expect(record.payload, self.named_payloads[record.id], "payload untouched")
            for name in set(record.vector) - {"cosine"}:
                expect(float32(record.vector[name]), float32(self.named[record.id][name]), f"{name} of {record.id}")
        without = models.Filter(must_not=[models.HasVectorCondition(has_vector="manhattan")])
        expect([r.id for r in self.client.scroll("named", scroll_filter=without)[0]], [b], "has_vector")
        for name in ("dot", "manhattan"):
            query = smoke_data.vector(self.random, NAMED[name][0])
            vectors = {i: v[name] for i, v in self.named.items() if name in v}
            ranking = smoke_data.nearest(NAMED[name][1], vectors, query)
            points = self.query("named", query=query, using=name, limit=POINTS)
            expect_ranking(points, ranking, f"{name} after the change")

    def case_batch_of_updates(self):
        a, b = self.ids()[30], self.ids()[31]
        self.client.batch_update_points("single", [
            models.SetPayloadOperation(set_payload=models.SetPayload(payload={"rank": 500}, points=[a])),
            # The second operation's filter sees what the first one wrote.
            models.SetPayloadOperation(set_payload=models.SetPayload(payload={"seen": True}, filter=models.Filter(
                must=[models.FieldCondition(key="rank", match=models.MatchValue(value=500))]))),
            models.DeleteOperation(delete=models.PointIdsList(points=[b])),
        ])
        self.payloads[a] |= {"rank": 500, "seen": True}
        self.forget([b])
        self.expect_stored(self.ids(), "batch of updates")

    def case_delete_points(self):
        gone = self.ids()[40:44]
        self.client.delete("single", points_selector=gone)
        self.forget(gone)
        expect(self.client.retrieve("single", gone), [], "deleted by ids")
        condition = models.Filter(must=[models.FieldCondition(key="city", match=models.MatchValue(value="Łódź"))])
        self.client.delete("single", points_selector=models.FilterSelector(filter=condition))
        self.forget([i for i, payload in self.payloads.items() if payload.get("city") == "Łódź"])
        self.expect_stored(self.ids(), "deleted by filter")
        expect(self.client.count("single").count, len(self.payloads), "count")
        expect(self.client.get_collection("single").points_count, len(self.payloads), "points_count")
        self.expect_filters("after deletes")
        self.case_nearest_by_vector()

    def forget(self, identifiers):
        for identifier in identifiers:
            del self.payloads[identifier], self.vectors[identifier]

    # Aliases, errors, the end

    def case_aliases(self):
        create = models.CreateAliasOperation(create_alias=models.CreateAlias(collection_name="single", alias_name="now"))
        self.client.update_collection_aliases([create])
        expect(self.client.count("now").count, len(self.payloads), "a collection under its alias")
        self.client.update_collection_aliases([
            models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name="now")),
            models.CreateAliasOperation(create_alias=models.CreateAlias(collection_name="named", alias_name="now")),
            models.RenameAliasOperation(
                rename_alias=models.RenameAlias(old_alias_name="now", new_alias_name="later"))])
        aliases = [(a.alias_name, a.collection_name) for a in self.client.get_aliases().aliases]
        expect(aliases, [("later", "named")], "all aliases")
        expect(self.client.get_collection_aliases("single").aliases, [], "aliases of a collection")
        expect(self.client.count("later").count, len(self.named), "the alias moved")

    def case_errors(self):
        client, query = self.client, smoke_data.vector(self.random, DIMENSION)
        size = models.VectorParams(size=4, distance=models.Distance.DOT)
        self.expect_error(409, ["single"], lambda: client.create_collection("single", vectors_config=size))
        self.expect_error(404, ["absent"], lambda: client.get_collection("absent"))
        self.expect_error(404, ["absent"], lambda: client.upsert("absent", [models.PointStruct(id=1, vector=query)]))
        self.expect_error(404, ["absent"], lambda: client.query_points("absent", query=query))
        self.expect_error(404, ["424242"], lambda: client.query_points("single", query=424242))
        self.expect_error(400, ["8", "3"], lambda: client.query_points("single", query=[1.0, 2.0, 3.0]))
        self.expect_error(400, ["absent"], lambda: client.query_points("named", query=query, using="absent"))
        self.expect_error(400, ["8", "2"], lambda: client.upsert(
            "single", [models.PointStruct(id=1, vector=query), models.PointStruct(id=2, vector=[0.5, 0.5])]))
        self.expect_error(400, ["absent"], lambda: client.upsert(
            "named", [models.PointStruct(id=1, vector={"absent": query})]))
        self.expect_stored(self.ids(), "refused writes change nothing")
        expect(client.count("single").count, len(self.payloads), "refused writes add nothing")

    def case_delete_collections(self):
        expect(self.client.delete_collection("named"), True, "delete")
        expect(self.client.delete_collection("named"), False, "delete again")
        expect(self.client.collection_exists("named"), False, "gone")
        expect(self.client.get_aliases().aliases, [], "its alias went with it")
        expect([c.name for c in self.client.get_collections().collections], ["single"], "the other stays")
