"""Kills the server at random moments while clients write, and compares what it serves afterwards with a ledger.

usage: python3 crash_loop.py --server <path of the needletail program> [--rounds N] [--seed N] [--writers N]

Every acknowledged write must be there, nothing that was never sent, and no request by halves. Standard library only.
"""

import argparse
import http.client
import os
import random
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Examples"))
from crash_checks import check_catalogue, check_collection
from ledger import BUCKETS, VECTORS, CatalogueLedger, PointLedger
from needletail_rest import RequestFailed, Server

CLOSED = (ConnectionError, http.client.HTTPException, OSError)


class Round:
    """Writers and a searcher against one life of the server."""

    def __init__(self, server, ledgers, source):
        self.server = server
        self.ended = threading.Event()
        self._stopping = False
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
                ledger.in_flight = write.outcomes
                result = connection.request(write.method, write.path, write.body)
                ledger.acknowledge()
                self._note_operation(ledger, result)
                with self._progress:
                    self.acknowledged += 1
                    self._progress.notify_all()
        except RequestFailed as error:
            # A server that is being stopped may refuse what it has not begun.
            if not (self._stopping and error.status == 503):
                self._fail(f"{write.method} {write.path}: {error}")
        except CLOSED as error:
            if not self._stopping:
                self._fail(f"{write.method} {write.path}: {error!r} although the server runs")

    def _note_operation(self, ledger, result):
        results = result if isinstance(result, list) else [result]
        if not isinstance(ledger, PointLedger):
            return
        for identifier in (result["operation_id"] for result in results):
            if identifier <= ledger.operation_id:
                self._fail(f"operation_id {identifier} after {ledger.operation_id}")
            ledger.operation_id = identifier

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

    def run_until(self, acknowledged_min, seconds_max=120):
        """Waits for so many acknowledgements, or the first failure."""
        with self._progress:
            reached = self._progress.wait_for(
                lambda: self.failures or self.acknowledged >= acknowledged_min, seconds_max)
        if not reached:
            self._fail(f"only {self.acknowledged} of {acknowledged_min} writes within {seconds_max} s")

    def end(self, crash):
        """Stops the server, by SIGKILL or SIGTERM, while the writers are at it, and then the writers."""
        self._stopping = True
        if crash:
            self.server.kill()
            self.ended.set()
        else:
            self.ended.set()
            code = self.server.stop()
            if code != 0:
                self._fail(f"exit code {code} after SIGTERM")
        for thread in self._threads:
            thread.join()
        if self.failures:
            raise SystemExit("crash loop: " + "\n".join(self.failures) + "\n" + self.server.log_tail())


def start_again(program, directory, source):
    """Starts the server; now and then it is killed while it recovers, and started once more."""
    killed = 0
    while True:
        seconds_max = source.uniform(0.005, 0.15) if source.random() < 0.25 else 120
        started = time.monotonic()
        try:
            return Server(program, directory, start_seconds_max=seconds_max), time.monotonic() - started, killed
        except RuntimeError:
            if seconds_max == 120:
                raise
            killed += 1


def create_collections(connection):
    for collection, vectors in VECTORS.items():
        parameters = {name: {"size": size, "distance": distance} for name, (size, distance) in vectors.items()}
        connection.request("PUT", f"/collections/{collection}", {
            "vectors": parameters.get("", parameters),
            # Low, so that graphs are built and dropped while the server is being killed.
            "optimizers_config": {"indexing_threshold": 50}, "hnsw_config": {"full_scan_threshold": 10}})
        for field in ("writer", "bucket"):
            connection.request(
                "PUT", f"/collections/{collection}/index?wait=true", {"field_name": field, "field_schema": "integer"})


def check_everything(server, ledgers, catalogue, source):
    """Compares the server with the ledgers; returns how many writes in flight turned out to have been kept."""
    connection = server.connect()
    kept = check_catalogue(connection, catalogue)
    for collection in VECTORS:
        kept += check_collection(
            connection, collection, [ledger for ledger in ledgers if ledger.collection == collection], source)
    connection.close()
    return kept


def run(options, directory):
    source = random.Random(options.seed)
    names = list(VECTORS)
    ledgers = [PointLedger(n + 1, names[n % len(names)]) for n in range(options.writers)]
    catalogue = CatalogueLedger()
    acknowledged_total = 0
    server = Server(options.server, directory)
    create_collections(server.connect())
    for number in range(1, options.rounds + 1):
        current = Round(server, [*ledgers, catalogue], source)
        current.run_until(source.randint(options.writes_min, options.writes_max))
        # From the last acknowledgement to the signal: anything from nothing to a few groups of writes.
        current.pause(source.uniform(0, 0.02))
        crash = source.random() < 0.85
        current.end(crash)
        acknowledged_total += current.acknowledged
        server, seconds, killed = start_again(options.server, directory, source)
        try:
            kept = check_everything(server, ledgers, catalogue, source)
        except AssertionError as error:
            server.kill()
            raise SystemExit(f"crash loop, round {number}, seed {options.seed}: {error}\n{server.log_tail()}")
        points = sum(len(ledger.state) for ledger in ledgers)
        print(f"  round {number}: {'SIGKILL' if crash else 'SIGTERM'} after {current.acknowledged} acknowledged writes, "
              f"{killed} kills while starting, ready in {seconds:.2f} s, {points} points as they must be, "
              f"{kept} writes in flight kept", flush=True)
    server.stop()
    return acknowledged_total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, help="path of the needletail program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--writes-min", type=int, default=20, help="acknowledged writes of a round at least")
    parser.add_argument("--writes-max", type=int, default=800)
    options = parser.parse_args()
    print(f"crash loop: {options.rounds} rounds, {options.writers} writers, seed {options.seed}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="needletail-crash-") as directory:
        acknowledged = run(options, os.path.join(directory, "data"))
    print(f"crash loop: {acknowledged} acknowledged writes, none lost, no ghosts, none by halves, "
          f"{time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
