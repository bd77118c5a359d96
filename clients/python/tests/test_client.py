"""The client against a server that a test plays."""

from __future__ import annotations

import struct
import threading
import unittest
import uuid
from unittest import mock

import numpy as np
from fake_server import FakeServer, count_answer, error, update_answer

import needletail as nt
from needletail import requests
from needletail.connection import Connection
from needletail.errors import retry_pause
from needletail.wire import Opcode


def client(server: FakeServer, **options: object) -> nt.Client:
    return nt.Client("127.0.0.1", server.port, **options)


class Sending(unittest.TestCase):
    def test_an_answer_is_returned(self) -> None:
        def handle(send, opcode, request_id, body):
            self.assertEqual((opcode, body[:2]), (Opcode.COUNT, b"\1c"))
            send(Opcode.RESULT, request_id, count_answer(7))

        with FakeServer(handle) as server, client(server) as needletail:
            self.assertEqual(needletail.count("c"), 7)
            self.assertEqual(needletail.count("c"), 7)
            self.assertEqual(server.connections_count, 1)

    def test_answers_may_come_in_any_order(self) -> None:
        waiting = []

        def handle(send, opcode, request_id, body):
            waiting.append((request_id, body[1]))
            if len(waiting) == 10:
                for each, number in reversed(waiting):
                    send(Opcode.RESULT, each, count_answer(number))
                waiting.clear()

        with FakeServer(handle, requests_max=10) as server, client(server) as needletail:
            many = [requests.count("%c" % letter, exact=True) for letter in range(65, 115)]
            self.assertEqual([answer.content for answer in needletail.send_all(many)], list(range(65, 115)))

    def test_the_servers_error_is_raised(self) -> None:
        def handle(send, opcode, request_id, body):
            send(Opcode.ERROR, request_id, error(4, "Not found: c"))

        with FakeServer(handle) as server, client(server) as needletail:
            with self.assertRaises(nt.RequestError) as caught:
                needletail.count("c")
            self.assertEqual((caught.exception.code, str(caught.exception)), (nt.Code.NOT_FOUND, "Not found: c"))

    def test_reads_are_repeated(self) -> None:
        attempts = []

        def handle(send, opcode, request_id, body):
            attempts.append(opcode)
            if len(attempts) == 1:
                return False
            if len(attempts) == 2:
                send(Opcode.ERROR, request_id, error(10, "later", 1))
                return None
            send(Opcode.RESULT, request_id, count_answer(len(attempts)))
            return None

        with FakeServer(handle) as server, client(server) as needletail:
            self.assertEqual(needletail.count("c"), 3)

    def test_writes_are_repeated_with_their_stamp(self) -> None:
        bodies = []

        def handle(send, opcode, request_id, body):
            bodies.append(body)
            if len(bodies) == 1:
                return False
            send(Opcode.RESULT, request_id, update_answer(5))
            return None

        with FakeServer(handle) as server, client(server) as needletail:
            self.assertEqual(needletail.delete("c", [1]), nt.UpdateResult(5, "completed"))
            self.assertEqual(needletail.delete("c", [1]), nt.UpdateResult(5, "completed"))
        stamps = [struct.unpack_from("<B16sQ", body, 2) for body in bodies]
        self.assertEqual([(flags, sequence) for flags, _, sequence in stamps], [(5, 1), (5, 1), (5, 2)])
        self.assertEqual(len({producer for _, producer, _ in stamps}), 1)

    def test_changes_without_a_stamp_are_not_repeated(self) -> None:
        attempts = []

        def handle(send, opcode, request_id, body):
            attempts.append(opcode)
            return False

        with FakeServer(handle) as server, client(server) as needletail:
            with self.assertRaises(nt.ConnectionLost):
                needletail.delete_collection("c")
        self.assertEqual(len(attempts), 1)

    def test_a_silent_server_is_given_up(self) -> None:
        with FakeServer(lambda *_: None) as server, client(server, timeout=0.05, retries=0) as needletail:
            with self.assertRaises(nt.RequestError) as caught:
                needletail.count("c")
            self.assertEqual(caught.exception.code, nt.Code.TIMEOUT)

    def test_the_timeout_is_the_whole_requests(self) -> None:
        def handle(send, opcode, request_id, body):
            # Every byte comes in time, all of them do not.
            send(Opcode.RESULT, request_id, bytes(1 << 20), piece_bytes=1)

        with FakeServer(handle) as server, client(server, timeout=0.1) as needletail:
            with self.assertRaises(nt.RequestError) as caught:
                needletail.count("c")
            self.assertEqual(caught.exception.code, nt.Code.TIMEOUT)

    def test_a_server_that_refuses_connections_for_a_while_is_asked_again(self) -> None:
        refusals = [error(13, "Service unavailable: too many connections", 1)] * 2
        answer = lambda send, opcode, request_id, body: send(Opcode.RESULT, request_id, update_answer(5))
        with FakeServer(answer, refusals=refusals) as server, client(server) as needletail:
            self.assertEqual(needletail.delete_vectors("c", ["v"], [1]).operation_id, 5)
            self.assertEqual(server.connections_count, 3)

    def test_pauses_grow_to_a_limit(self) -> None:
        pauses = [retry_pause(nt.ConnectionLost(), attempt) for attempt in range(2000)]
        for attempt, pause in enumerate(pauses[:8]):
            self.assertTrue(0.02 * 2**attempt <= pause <= 0.025 * 2**attempt)
        self.assertLess(max(pauses), 7)
        self.assertGreaterEqual(retry_pause(nt.RequestError(13, "later", 1000), 0), 1)

    def test_an_interrupt_ends_its_connection(self) -> None:
        def handle(send, opcode, request_id, body):
            send(Opcode.RESULT, request_id, update_answer(5))

        real_send = Connection._send

        def half_a_frame(connection: Connection, pieces: list[bytes]) -> None:
            real_send(connection, [b"".join(pieces)[:20]])
            raise KeyboardInterrupt

        with FakeServer(handle) as server, client(server, retries=0, timeout=5) as needletail:
            needletail.delete("c", [1])
            with mock.patch.object(Connection, "_send", half_a_frame), self.assertRaises(KeyboardInterrupt):
                needletail.delete("c", [1])
            self.assertEqual(needletail.delete("c", [1]).operation_id, 5)

            ledger = Ledger(set())
            server.handle = ledger.handle
            stream = nt.IngestStream(needletail, "c", uuid.uuid4(), 1, 1 << 16, retries=0)
            stream.delete([1])
            with mock.patch.object(Connection, "_send", half_a_frame), self.assertRaises(KeyboardInterrupt):
                stream.delete([2])
            stream.close()
            self.assertEqual(ledger.applied, [1, 2])

    def test_threads_share_a_client(self) -> None:
        def handle(send, opcode, request_id, body):
            send(Opcode.RESULT, request_id, count_answer(body[1]))

        with FakeServer(handle) as server, client(server) as needletail:
            wrong = []

            def ask(letter: str) -> None:
                wrong.extend(1 for _ in range(50) if needletail.count(letter) != ord(letter))

            threads = [threading.Thread(target=ask, args=[letter]) for letter in "abcdefgh"]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(wrong, [])

    def test_nothing_listens(self) -> None:
        with self.assertRaises(nt.ConnectionLost):
            nt.Client("127.0.0.1", 1, retries=0).count("c")


class Copies(unittest.TestCase):
    def test_float32_arrays_are_sent_from_where_they_are(self) -> None:
        matrix = np.arange(4000, dtype="f4").reshape(10, 400)
        pieces = requests.write("c", nt.Upsert(np.arange(10), matrix)).body()
        views = [np.frombuffer(piece, dtype="u1") for piece in pieces]
        self.assertTrue(any(np.shares_memory(view, matrix) for view in views))

    def test_other_arrays_are_converted(self) -> None:
        body = b"".join(requests.write("c", nt.Upsert([1], np.array([[1, 2]], dtype="f8"))).body())
        self.assertTrue(body.endswith(np.array([1, 2], dtype="<f4").tobytes()))
        transposed = np.arange(6, dtype="f4").reshape(3, 2).T
        body = b"".join(requests.write("c", nt.Upsert([1, 2], transposed)).body())
        self.assertTrue(body.endswith(np.array([0, 2, 4, 1, 3, 5], dtype="<f4").tobytes()))

    def test_bad_input_is_named(self) -> None:
        for upsert, message in [
            (nt.Upsert([1, 2], np.zeros((3, 4))), "(3, 4)"),
            (nt.Upsert([-1], np.zeros((1, 4))), "-1 is no point id"),
            (nt.Upsert(np.array([-1]), np.zeros((1, 4))), "-1 is no point id"),
            (nt.Upsert(np.array([1.0, 2.7]), np.zeros((2, 4))), "1.0.* is no point id"),
            (nt.Upsert([1, 2.7], np.zeros((2, 4))), "2.7 is no point id"),
            (nt.Upsert([1], np.zeros((1, 4)), [{}, {}]), "2 payloads for 1 points"),
            (nt.Upsert([1], np.zeros((1, 4)), [{"a": float("nan")}]), "JSON compliant"),
        ]:
            with self.subTest(message), self.assertRaisesRegex((TypeError, ValueError), message.replace("(", r"\(").replace(")", r"\)")):
                requests.write("c", upsert).body()


class Ledger:
    """A collection that recognises repeats as the server does, and breaks connections off."""

    def __init__(self, broken: set[int]):
        self.applied: list[int] = []
        self.received = 0
        self._last = 0
        self._broken = broken

    def handle(self, send, opcode, request_id, body):
        if opcode == Opcode.OPEN_STREAM:
            send(Opcode.STREAM_OPENED, request_id, struct.pack("<I", 4096))
        elif opcode == Opcode.CLOSE_STREAM:
            send(Opcode.STREAM_CLOSED, request_id)
        elif opcode == Opcode.CHUNK:
            self.received += 1
            if 2 * self.received in self._broken:
                return False
            sequence = struct.unpack_from("<Q", body)[0]
            if sequence > self._last:
                self._last = sequence
                self.applied.append(struct.unpack_from("<Q", body, len(body) - 8)[0])
            if 2 * self.received + 1 in self._broken:
                return False
            send(Opcode.ACKNOWLEDGEMENT, request_id, struct.pack("<QQI", sequence, 1, len(body) + 16))
        return None


class Streams(unittest.TestCase):
    def test_writes_arrive_in_order(self) -> None:
        ledger = Ledger(set())
        with FakeServer(ledger.handle) as server, client(server) as needletail:
            with needletail.stream("c") as stream:
                self.assertEqual([stream.delete([each]) for each in range(500)], list(range(1, 501)))
                self.assertEqual(stream.flush(), 500)
        self.assertEqual(ledger.applied, list(range(500)))

    def test_lost_connections_lose_and_repeat_nothing(self) -> None:
        # Even: before the write is applied; odd: behind it, before its acknowledgement.
        ledger = Ledger({2 * number for number in range(150, 900, 150)} | {2 * number + 1 for number in range(222, 900, 151)})
        with FakeServer(ledger.handle) as server, client(server) as needletail:
            with needletail.stream("c") as stream:
                for each in range(600):
                    stream.delete([each])
            self.assertGreater(server.connections_count, 5)
        self.assertEqual(ledger.applied, list(range(600)))
        self.assertGreater(ledger.received, 600)

    def test_a_silent_connection_is_a_lost_one(self) -> None:
        ledger = Ledger(set())

        def handle(send, opcode, request_id, body):
            # Two connections fall silent: one at its opening, one with chunks under way.
            if server.connections_count == 1 or server.connections_count == 2 and opcode == Opcode.CHUNK:
                return None
            return ledger.handle(send, opcode, request_id, body)

        with FakeServer(handle) as server, client(server, timeout=0.2) as needletail:
            with needletail.stream("c") as stream:
                for each in range(10):
                    stream.delete([each])
            self.assertGreaterEqual(server.connections_count, 3)
        self.assertEqual(ledger.applied, list(range(10)))

    def test_a_connection_that_stays_silent_ends_the_stream(self) -> None:
        with FakeServer(lambda *_: None) as server, client(server, timeout=0.02) as needletail:
            stream = nt.IngestStream(needletail, "c", uuid.uuid4(), 1, 1 << 16, retries=2)
            with self.assertRaises(nt.ConnectionLost):
                stream.delete([1])

    def test_a_refused_chunk_ends_the_stream(self) -> None:
        def handle(send, opcode, request_id, body):
            if opcode == Opcode.OPEN_STREAM:
                send(Opcode.STREAM_OPENED, request_id, struct.pack("<I", 1 << 16))
            else:
                send(Opcode.ERROR, request_id, error(1, "chunk 1: no"))

        with FakeServer(handle) as server, client(server) as needletail:
            stream = needletail.stream("c")
            with self.assertRaisesRegex(nt.RequestError, "chunk 1: no"):
                for each in range(10):
                    stream.delete([each])
                stream.flush()
            with self.assertRaisesRegex(nt.RequestError, "chunk 1: no"):
                stream.delete([1])

    def test_a_stream_goes_on_where_its_producer_was(self) -> None:
        openings = []

        def handle(send, opcode, request_id, body):
            if opcode == Opcode.OPEN_STREAM:
                openings.append(struct.unpack_from("<16sQI", body, 2))
                send(Opcode.STREAM_OPENED, request_id, struct.pack("<I", 1 << 16))
            elif opcode == Opcode.CHUNK:
                send(Opcode.ACKNOWLEDGEMENT, request_id, struct.pack("<QQI", struct.unpack_from("<Q", body)[0], 1, 10))
            else:
                send(Opcode.STREAM_CLOSED, request_id)

        producer = uuid.uuid4()
        with FakeServer(handle) as server, client(server) as needletail:
            with needletail.stream("c", producer, first_sequence=41) as stream:
                self.assertEqual(stream.delete([1]), 41)
            self.assertEqual(stream.acknowledged_sequence, 41)
        self.assertEqual(openings, [(producer.bytes, 41, nt.IngestStream.WINDOW_BYTES)])

    def test_a_chunk_that_no_window_holds_is_refused(self) -> None:
        with FakeServer(Ledger(set()).handle) as server, client(server) as needletail:
            stream = needletail.stream("c", window_bytes=1000)
            with self.assertRaises(nt.FrameTooLarge):
                stream.upsert([1], np.zeros((1, 1000)))

    def test_an_upload_is_cut_into_batches(self) -> None:
        counts = []

        def handle(send, opcode, request_id, body):
            if opcode == Opcode.OPEN_STREAM:
                send(Opcode.STREAM_OPENED, request_id, struct.pack("<I", 1 << 20))
            elif opcode == Opcode.CHUNK:
                counts.append(body[11])
                send(Opcode.ACKNOWLEDGEMENT, request_id, struct.pack("<QQI", struct.unpack_from("<Q", body)[0], 1, 10))
            else:
                send(Opcode.STREAM_CLOSED, request_id)

        with FakeServer(handle) as server, client(server) as needletail:
            payloads = [{"number": number} for number in range(25)]
            self.assertEqual(needletail.upload("c", np.ones((25, 3)), payloads=payloads, batch_size=10), 25)
        self.assertEqual(counts, [10, 10, 5])

    def test_an_uploads_batches_fit_the_granted_window(self) -> None:
        ledger = Ledger(set())  # Grants 4,096 bytes, of the 8 MiB that a stream asks for.
        for vectors, payloads in [(np.ones((21, 200)), None), (np.ones((21, 2)), [{"a": "b" * 700}] * 21)]:
            with FakeServer(ledger.handle) as server, client(server) as needletail:
                self.assertEqual(needletail.upload("c", vectors, payloads=payloads), 21)
                with self.assertRaises(nt.FrameTooLarge):
                    needletail.upload("c", np.ones((2, 1100)))
        self.assertEqual(ledger.received, 14)


if __name__ == "__main__":
    unittest.main()
