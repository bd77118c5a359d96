"""Concurrent writers, a searcher and their ledgers against one life of the server, which may end at any moment."""

import http.client
import os
import random
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Examples"))
from ledger import BUCKETS, VECTORS, BulkLedger, CatalogueLedger, PointLedger, SnapshotLedger
from needletail_rest import RequestFailed, Server

CLOSED = (ConnectionError, http.client.HTTPException, OSError)


class Workload:
    """All writers with their ledgers, and what is done with them between two lives of the server."""

    def __init__(self, writers):
        self.bulk = BulkLedger(writers + 1)
        self.points = [PointLedger(n + 1, ["single", "named"][n % 2]) for n in range(writers)] + [self.bulk]
        self.catalogue = CatalogueLedger()
        self.snapshots = SnapshotLedger()

    def create_collections(self, connection):
        for collection, vectors in VECTORS.items():
            parameters = {name: {"size": size, "distance": distance} for name, (size, distance) in vectors.items()}
            connection.request("PUT", f"/collections/{collection}", {
                "vectors": parameters.get("", parameters),
                # Low, so that graphs are built and dropped while the server is being killed.
                "optimizers_config": {"indexing_threshold": 50}, "hnsw_config": {"full_scan_threshold": 10}})
            for field in ("writer", "bucket"):
                connection.request(
                    "PUT", f"/collections/{collection}/index?wait=true",
                    {"field_name": field, "field_schema": "integer"})

    def choose(self, source):
        """Who writes in the next round."""
        chosen = [ledger for ledger in self.points if ledger is not self.bulk] + [self.catalogue]
        if source.random() < 0.35:
            chosen.append(self.bulk)
        if source.random() < 0.35:
            chosen.append(self.snapshots)
        for ledger in [*self.points, self.catalogue, self.snapshots]:
            ledger.writes = 0
        return chosen

    def retry(self, connection, source):
        """Repeats writes under their keys, as clients do that got no answer, and once more behind a newer write.

        What that did to the points is seen when they are compared next. Returns how many were repeated.
        """
        count = 0
        for ledger in self.points:
            if ledger.in_flight and ledger.in_flight.key and not ledger.in_flight.is_bad:
                write = ledger.in_flight
                answer = write.send(connection)
                ledger.acknowledge(answer)
            elif ledger.last_keyed:
                write, answer = ledger.last_keyed
            else:
                continue
            newer = ledger.next_write(source)
            while newer.is_bad:
                newer = ledger.next_write(source)
            newer.key = None
            ledger.begin(newer)
            ledger.acknowledge(newer.send(connection))
            again = write.send(connection)
            assert again == answer, f"{write.method} {write.path}, key {write.key}: answered {answer}, then {again}"
            count += 1
        return count


class Round:
    """Writers and a searcher against one life of the server."""

    def __init__(self, server, ledgers, source, refusals=(503,)):
        """`refusals` are the statuses with which a server may refuse what comes in while it is ended."""
        self.server = server
        self.ended = threading.Event()
        self._stopping = False
        self._refusals = refusals
        # Answers from now on prove nothing.
        self.is_cut_off = False
        self.failures = []
        self.acknowledged = 0
        self._progress = threading.Condition()
        threads = [threading.Thread(target=self._write, args=(ledger, random.Random(source.random())))
                   for ledger in ledgers]
        threads.append(threading.Thread(target=self._search, args=(random.Random(source.random()),)))
        self._threads = threads
        for thread in threads:
            thread.start()

    def _write(self, ledger, source):
        connection = self.server.connect()
        try:
            while not self.ended.is_set():
                write = ledger.next_write(source)
                ledger.begin(write)
                self._send(ledger, write, connection)
                if self.is_cut_off:
                    return
                with self._progress:
                    self.acknowledged += 1
                    self._progress.notify_all()
        except RequestFailed as error:
            # A server that is being stopped may refuse what it has not begun.
            if not (self._stopping and error.status in self._refusals):
                self._fail(f"{write.method} {write.path}: {error}")
        except CLOSED as error:
            if not self._stopping:
                self._fail(f"{write.method} {write.path}: {error!r} although the server runs")
        except AssertionError as error:
            self._fail(f"{write.method} {write.path}: {error}")

    def _send(self, ledger, write, connection):
        try:
            answer = write.send(connection)
        except RequestFailed as error:
            if not (write.is_bad and error.status == 400):
                raise
            answer = None
        else:
            assert not write.is_bad, "points with a vector of a wrong dimension were taken"
        if not self.is_cut_off:
            ledger.acknowledge(answer)

    def _search(self, source):
        connection = self.server.connect()
        try:
            while not self.ended.is_set():
                collection = source.choice(list(VECTORS))
                name, (dimension, _) = source.choice(list(VECTORS[collection].items()))
                body = {"query": [source.uniform(-1, 1) for _ in range(dimension)], "with_payload": True,
                        "filter": {"must": [{"key": "bucket", "match": {"value": source.randrange(BUCKETS)}}]}}
                if name:
                    body["using"] = name
                connection.request("POST", f"/collections/{collection}/points/query", body)
        except RequestFailed as error:
            if not self._stopping:
                self._fail(f"search while writing: {error}")
        except CLOSED:
            pass

    def _fail(self, message):
        with self._progress:
            self.failures.append(message)
            self._progress.notify_all()

    def pause(self, seconds):
        """Lets the writers go on for a moment."""
        self.ended.wait(seconds)

    def run_until(self, acknowledged_max, seconds_max):
        """Waits for so many acknowledgements or seconds, or the first failure."""
        with self._progress:
            self._progress.wait_for(lambda: self.failures or self.acknowledged >= acknowledged_max, seconds_max)
            reached = self._progress.wait_for(lambda: self.failures or self.acknowledged > 0, 120)
        if not reached:
            self._fail("no write was acknowledged within 120 s")

    def end(self, cut=None):
        """Ends the server, by `cut` or with SIGTERM, while the writers are at it, and then the writers."""
        self._stopping = True
        if cut:
            cut()
            self.ended.set()
        else:
            self.ended.set()
            code = self.server.stop()
            if code != 0:
                self._fail(f"exit code {code} after SIGTERM")
        self.end_writers()

    def end_writers(self):
        """Ends the writers; the server runs on."""
        self.ended.set()
        for thread in self._threads:
            thread.join()
        if self.failures:
            raise SystemExit("crash loop: " + "\n".join(self.failures) + "\n" + self.server.log_tail())
