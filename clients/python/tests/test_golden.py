"""Every frame has the bytes of the fixtures."""

from __future__ import annotations

import contextlib
import json
import unittest
import uuid
import zlib

import numpy as np
from fixtures import crc32c, fixture, names

import needletail as nt
from needletail import requests, wire
from needletail.answers import read_answer
from needletail.connection import Frame, read_error

ID = 0x01020304
UUID = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
STAMP = nt.Stamp(UUID, 7)
FILTER = {
    "must": [{"key": "lang", "match": {"value": "de"}}],
    "must_not": [{"has_id": [5]}],
    "min_should": {"conditions": [{"key": "year", "range": {"lt": 1999.5}}], "min_count": 1},
}
VECTORS = np.array([[0.5, -1, 2], [1, 0, -0.25]], dtype="f4")
OBJECT = b'{"a":1}'
HALVES = np.array([[0.5, -1, 2], [1, 0, 65504]], dtype="f2")
BYTES = np.array([[0, 7, 255], [1, 2, 3]], dtype="u1")
BITS = np.array([[1, 0, 1, 1, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0, 1, 0]], dtype=bool)
MIXED = {
    "text": [1, 2],
    "tags": nt.SparseVector([3, 70_000], [0.5, 1.5]),
    "parts": [[1, 2], [3, 4]],
}


def document(name: str) -> dict:
    """The JSON in a fixture's body."""
    body = fixture(name)
    return json.loads(body[body.index(b"{") :])


def write(operation: nt.Upsert | list) -> requests.Request:
    return requests.write("films", operation, True, 1500, STAMP)


class Requests(unittest.TestCase):
    def check(self, name: str, request: requests.Request) -> None:
        bytes_ = b"".join(wire.frame(request.opcode, ID, request.body(), checksum=crc32c))
        self.assertEqual(bytes_.hex(" "), fixture(f"request-{name}").hex(" "), name)
        self.seen.add(f"request-{name}")

    def test_every_request(self) -> None:
        self.seen: set[str] = set()
        for group in (self.collections(), self.writes(), self.reads()):
            for name, request in group.items():
                self.check(name, request)
        for name, search in self.queries().items():
            self.check(name, requests.query("films", search))
        # The order of the batch is that of the Swift samples.
        self.check("query-batch", requests.query_batch("films", list(self.queries().values())))
        self.assertEqual(self.seen, names("request-"))

    def collections(self) -> dict[str, requests.Request]:
        actions = document("request-change-aliases")["actions"]
        return {
            "list-collections": requests.list_collections(),
            "collection-info": requests.collection_info("films"),
            "collection-exists": requests.collection_exists("films"),
            "create-collection": requests.create_collection("films", document("request-create-collection")),
            "update-collection": requests.update_collection("films", document("request-update-collection")),
            "delete-collection": requests.delete_collection("films"),
            "add-vector": self.added_vector(),
            "remove-vector": requests.remove_vector("films", "sound", wait=False),
            "change-aliases": requests.change_aliases(actions),
            "list-aliases": requests.list_aliases(),
            "collection-aliases": requests.collection_aliases("films"),
        }

    def added_vector(self) -> requests.Request:
        def body(writer: wire.Writer, _: object) -> None:
            writer.text("films")
            nt.operations.write_update(writer, True, 1500, STAMP)
            writer.text("sound")
            writer.json({"dense": {"size": 8, "distance": "Manhattan"}})

        return requests.Request(wire.Opcode.ADD_VECTOR, body)

    def operations(self) -> dict[str, object]:
        return {
            "upsert": nt.Upsert(np.array([1, 300]), VECTORS, [{"lang": "de"}, None]),
            "upsert-uuids": nt.Upsert([UUID], [MIXED], [{}]),
            "upsert-mixed": nt.Upsert([UUID, 2], [MIXED, {}], [{}, None], "update_only", FILTER),
            "upsert-insertion": nt.Upsert([1, 300], VECTORS, [b'{"lang":"de"}', None], "insert_only"),
            "delete-ids": nt.Delete([9, str(UUID)]),
            "delete-filter": nt.Delete(FILTER),
            "set-payload": nt.SetPayload(OBJECT, [1], "tags[]"),
            "overwrite-payload": nt.OverwritePayload({"a": 1}, {}),
            "delete-payload-keys": nt.DeletePayloadKeys(["tags[]"], [1]),
            "clear-payload": nt.ClearPayload([]),
            "update-vectors": nt.UpdateVectors([4], {"text": np.array([[7.0]])}, FILTER),
            "delete-vectors": nt.DeleteVectors(["text"], [1]),
            "create-index": nt.CreateIndex("lang", "keyword"),
            "delete-index": nt.DeleteIndex("lang"),
        }

    def writes(self) -> dict[str, requests.Request]:
        operations = self.operations()
        elements = {
            "upsert-elements": nt.Upsert([1, 300], {"halves": HALVES, "bytes": BYTES, "bits": BITS}),
            "upsert-elements-each": nt.Upsert([1, 300], [{"bytes": BYTES[0], "bits": BITS[0]}, {"halves": HALVES[1]}]),
        }
        every = {name: write(operation) for name, operation in (operations | elements).items()}
        batch = requests.write("films", list(operations.values()), wait=False)
        return every | {"write-batch": batch}

    def reads(self) -> dict[str, requests.Request]:
        order = nt.OrderBy("year", True, nt.Instant(-5))
        return {
            "get-point": requests.get_point("films", 258),
            "retrieve": requests.retrieve("films", [1, 2], ["year"], ["text"]),
            "scroll": requests.scroll("films", 100, UUID, FILTER, order, nt.Exclude(["year"]), True, 250),
            "scroll-plain": requests.scroll("films"),
            "count": requests.count("films", FILTER, False, 1),
            "facet": requests.facet("films", "year", 3, FILTER, True),
        }

    def queries(self) -> dict[str, nt.Search]:
        pair = (1, [1, -1])
        recommend = nt.Recommend([1, [1.0]], [2], "best_score")
        formula = nt.Formula({"sum": ["$score", 0.5]}, {"year": 1})
        return {
            "query-nearest": nt.Search(np.array([0.25, 0.5, 0.75, 1])),
            "query-nearest-id": nt.Search(str(UUID)),
            "query-nearest-sparse": nt.Search(nt.SparseVector([1, 9], [2, 3])),
            "query-nearest-multi": nt.Search(np.array([[2], [3]], dtype="f4")),
            "query-mmr": nt.Search(nt.Nearest(3, 0.25, 50)),
            "query-recommend": nt.Search(recommend),
            "query-discover": nt.Search(nt.Discover(1, [pair])),
            "query-context": nt.Search(nt.Context([pair])),
            "query-order-by": nt.Search(nt.OrderBy("year")),
            "query-sample": nt.Search(nt.Sample()),
            "query-rrf": nt.Search(nt.RRF(60, [1, 0.5])),
            "query-dbsf": nt.Search(nt.DBSF()),
            "query-formula": nt.Search(formula),
            "query-full": self.full_query(),
            "query-plain": nt.Search(),
        }

    def full_query(self) -> nt.Search:
        inner = nt.Prefetch([1.0, 2.0, 3.0], 40)
        prefetch = nt.Prefetch(
            using="image", filter=FILTER, parameters=nt.Parameters(ef=64), score_threshold=0.125,
            lookup=nt.Lookup("other", "v"), prefetch=[inner, nt.Prefetch()])
        parameters = nt.Parameters(128, True, True, True, True, 2.5, ["de", "en"], True)
        grouping = nt.Grouping("lang", 2, "languages", False, True)
        return nt.Search(
            nt.RRF(), 20, "text", FILTER, parameters, -0.5, nt.Lookup("other"), [prefetch], 5, True, ["text"], 2000,
            grouping)


class Answers(unittest.TestCase):
    def read(self, name: str) -> object:
        self.seen.add(f"result-{name}")
        frame = fixture(f"result-{name}")
        checksum, length, opcode, flags, _, request_id = wire.HEADER.unpack_from(frame)
        self.assertEqual(checksum, crc32c(frame[4:]), name)
        self.assertEqual((length, opcode, request_id), (len(frame) - 16, wire.Opcode.RESULT, ID))
        answer = read_answer(bytearray(frame[16:]), flags)
        self.assertEqual(answer.microseconds, 300)
        return answer.content

    def test_every_answer(self) -> None:
        self.seen: set[str] = set()
        self.assertIs(self.read("bool"), True)
        self.assertIs(self.read("exists"), False)
        self.assertEqual(self.read("collections"), ["films", "größe"])
        info = self.read("collection")
        self.assertEqual((info.status, info.optimizer_error, info.points_count), ("yellow", "disk full", 300))
        self.assertEqual(info.configuration["params"]["vectors"], {"size": 3, "distance": "Dot"})
        self.assertEqual((info.indexed_points_counts, info.warnings), ([250], ["slow"]))
        self.assertEqual(self.read("aliases"), {"latest": "films"})
        self.assertEqual(self.read("update"), nt.UpdateResult(258, "completed"))
        updates = [nt.UpdateResult(1, "acknowledged"), nt.UpdateResult(2, "wait_timeout")]
        self.assertEqual(self.read("updates"), updates)
        self.assertEqual(self.read("count"), 1_000_000)
        self.assertEqual(self.read("facet"), [("de", 3), (-1, 200)])
        self.records()
        self.points()
        self.assertEqual(self.seen, names("result-"))

    def records(self) -> None:
        record = self.read("record")
        self.assertEqual((record.id, record.payload), (1, {"lang": "de"}))
        np.testing.assert_array_equal(record.vector, np.array([0.5, -1, 2], dtype="f4"))
        records = self.read("records")
        np.testing.assert_array_equal(records.ids, np.array([1, 2], dtype="u8"))
        np.testing.assert_array_equal(records.vectors[""], np.array([[0.5, -1, 2], [1, 2, 3]], dtype="f4"))
        self.assertEqual(records.payloads, [{"lang": "de"}, {}])
        typed = self.read("records-elements")
        for name, expected in (("halves", HALVES), ("bytes", BYTES), ("bits", BITS)):
            np.testing.assert_array_equal(typed.vectors[name], expected)
            self.assertEqual(typed.vectors[name].dtype, expected.dtype)
        page = self.read("scroll")
        self.assertEqual(page.next_offset, 77)
        self.assertEqual(page.records.order_values, [-3, 0.5, 1_700_000_000_000_000, None])
        self.assertEqual(page.records.payloads, [None, {}, None, None])
        end = self.read("scroll-end")
        self.assertEqual((len(end.records), end.next_offset), (0, None))

    def points(self) -> None:
        points = self.read("points")
        self.assertEqual(points.ids, [11, UUID])
        np.testing.assert_array_equal(points.scores, np.array([0.875, -2.5], dtype="f4"))
        np.testing.assert_array_equal(points.versions, np.array([5, 1 << 40], dtype="u8"))
        self.assertEqual([point.id for point in points], [11, UUID])
        self.assertEqual(self.read("points-applied").languages, ["de"])
        explained = self.read("points-explained")
        self.assertEqual((explained.languages, explained.explanation), (["de"], {"steps": [3, None]}))
        self.assertEqual([len(batch) for batch in self.read("point-batches")], [2, 0])
        groups = self.read("groups")
        self.assertEqual([group.id for group in groups], ["de", (1 << 64) - 1])
        self.assertEqual(groups[0].lookup.id, 2)
        self.assertIsNone(groups[1].lookup)


class Connections(unittest.TestCase):
    def test_prefaces(self) -> None:
        self.assertEqual(wire.preface(1), fixture("preface-client"))
        self.assertEqual(wire.preface(), fixture("preface-client-crc32"))
        with self.assertRaises(nt.ProtocolError):
            wire.check_preface(fixture("preface-server-refusal"))
        with self.assertRaises(nt.ProtocolError):
            wire.check_preface(b"HTTP/1.1 400 Bad")

    def test_checksums(self) -> None:
        self.assertEqual(crc32c(b"123456789"), 0xE3069283)
        self.assertEqual(zlib.crc32(b"123456789"), 0xCBF43926)

    def test_hello_and_ping(self) -> None:
        writer = wire.Writer()
        writer.text("fixture 1.0")
        writer.text("key")
        writer.u32(256 << 20)
        hello = b"".join(wire.frame(wire.Opcode.HELLO, 1, writer.pieces(), checksum=crc32c))
        self.assertEqual(hello, fixture("hello"))
        ping = b"".join(wire.frame(wire.Opcode.PING, 9, [b"\1\2\3"], checksum=crc32c))
        self.assertEqual(ping, fixture("ping"))
        self.assertEqual(fixture("pong")[16:], b"\1\2\3")

    def test_errors(self) -> None:
        error = read_error(Frame(wire.Opcode.ERROR, 0, ID, bytearray(fixture("error")[16:])))
        self.assertEqual((error.code, error.message), (nt.Code.NOT_FOUND, "Not found: Collection `films` doesn't exist!"))
        goodbye = read_error(Frame(wire.Opcode.GOODBYE, 0, 0, bytearray(fixture("goodbye")[16:])))
        self.assertEqual((goodbye.code, goodbye.retry_milliseconds), (nt.Code.UNAVAILABLE, 1000))
        self.assertTrue(goodbye.is_transient)

    def test_streams(self) -> None:
        writer = wire.Writer()
        writer.text("films")
        writer.uuid(UUID)
        writer.u64(1)
        writer.u32(1 << 20)
        opening = b"".join(wire.frame(wire.Opcode.OPEN_STREAM, ID, writer.pieces(), checksum=crc32c))
        self.assertEqual(opening, fixture("open-stream"))
        writer = wire.Writer()
        writer.u64(1)
        nt.Upsert([1, 300], VECTORS, [{"lang": "de"}, None]).write(writer)
        chunk = b"".join(wire.frame(wire.Opcode.CHUNK, ID, writer.pieces(), checksum=crc32c))
        self.assertEqual(chunk, fixture("chunk"))
        close = b"".join(wire.frame(wire.Opcode.CLOSE_STREAM, ID, [], checksum=crc32c))
        self.assertEqual(close, fixture("close-stream"))
        self.assertEqual(len(fixture("stream-closed")), 16)
        reader = wire.Reader(fixture("acknowledgement")[16:])
        self.assertEqual((reader.u64(), reader.u64(), reader.u32()), (1, 258, 96))
        self.assertEqual(wire.Reader(fixture("stream-opened")[16:]).u32(), 1 << 20)

    def test_damage_is_a_protocol_error(self) -> None:
        for name in sorted(names("result-") | {"error"}):
            data = fixture(name)
            flags, body = data[9], data[wire.HEADER.size :]

            def read(damaged: bytes) -> None:
                if name == "error":
                    read_error(Frame(wire.Opcode.ERROR, flags, ID, bytearray(damaged)))
                else:
                    read_answer(damaged, flags)

            for index in range(len(body)):
                with self.subTest(name, cut=index), self.assertRaises(nt.ProtocolError):
                    read(body[:index])
                for bit in range(8):
                    flipped = bytearray(body)
                    flipped[index] ^= 1 << bit
                    with self.subTest(name, byte=index, bit=bit), contextlib.suppress(nt.ProtocolError):
                        read(flipped)


if __name__ == "__main__":
    unittest.main()
