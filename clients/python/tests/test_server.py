"""The client against the real server, whose program the variable NEEDLETAIL_SERVER names."""

from __future__ import annotations

import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import uuid
from typing import Optional

import numpy as np

import needletail as nt

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "Examples"))
from needletail_rest import Server  # noqa: E402  (found by the path above)

PROGRAM = os.environ.get("NEEDLETAIL_SERVER")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@unittest.skipUnless(PROGRAM, "NEEDLETAIL_SERVER is not set")
class RealServer(unittest.TestCase):
    def setUp(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="needletail-client-")
        self.addCleanup(self._directory.cleanup)
        self.port = free_port()
        self.server: Optional[Server] = None
        self.start()
        self.addCleanup(lambda: self.server and self.server.process.poll() is None and self.server.kill())

    def start(self) -> None:
        self.server = Server(
            PROGRAM, os.path.join(self._directory.name, "data"), ["--binary-port", str(self.port)])

    def client(self, **options: object) -> nt.Client:
        return nt.Client("127.0.0.1", self.port, **options)

    def test_points_come_back_as_arrays(self) -> None:
        vectors = np.random.default_rng(1).standard_normal((500, 16), dtype="f4")
        with self.client() as client:
            client.create_collection("films", {"vectors": {"size": 16, "distance": "Dot"}})
            payloads = [{"number": number, "lang": "de" if number % 2 else "en"} for number in range(500)]
            self.assertEqual(client.upload("films", vectors, payloads=payloads, batch_size=64), 500)
            self.assertEqual(client.count("films"), 500)
            found = client.query("films", vectors[3], 5, with_payload=True, with_vectors=True)
            best = np.argsort(-(vectors @ vectors[3]))[:5]
            np.testing.assert_array_equal(found.ids, best)
            np.testing.assert_allclose(found.scores, (vectors @ vectors[3])[best], rtol=1e-5)
            np.testing.assert_array_equal(found.records.vectors[""], vectors[best])
            self.assertEqual([point.payload["number"] for point in found], best.tolist())
            german = {"must": [{"key": "lang", "match": {"value": "de"}}]}
            self.assertTrue(all(number % 2 for number in client.query("films", 3, 20, filter=german).ids))
            self.assertEqual(client.count("films", german), 250)
            self.assertEqual(client.delete("films", german).status, "completed")
            self.assertEqual(client.count("films"), 250)
            with self.assertRaises(nt.RequestError) as caught:
                client.query("films", [1.0, 2.0])
            self.assertEqual(caught.exception.code, nt.Code.BAD_REQUEST)

    def test_a_stream_survives_kills_of_the_server(self) -> None:
        """Nothing is lost, nothing is done twice: the log has one operation for each chunk."""
        batches, points = 300, 40
        with self.client(timeout=120) as client:
            client.create_collection("films", {"vectors": {"size": 8, "distance": "Dot"}})
            stream = nt.IngestStream(client, "films", uuid.uuid4(), 1, 1 << 16, retries=60)
            restarts: list[threading.Thread] = []
            for batch in range(batches):
                if batch in (60, 150, 240):
                    restarts.append(threading.Thread(target=self.restart))
                    restarts[-1].start()
                ids = np.arange(batch * points, (batch + 1) * points)
                stream.upsert(ids, np.full((points, 8), batch, dtype="f4"))
            self.assertEqual(stream.flush(), batches)
            for restart in restarts:
                restart.join()
            stream.close()
            self.assertEqual(client.count("films"), batches * points)
            last = client.retrieve("films", np.arange(0, batches * points, points), with_vectors=True)
            np.testing.assert_array_equal(last.vectors[""][:, 0], np.arange(batches))
            self.assertEqual(client.delete("films", [0]).operation_id, batches + 1)

    def restart(self) -> None:
        assert self.server is not None
        self.server.kill()
        self.start()

    def test_the_key_is_demanded(self) -> None:
        assert self.server is not None
        self.server.stop()
        environment = os.environ | {"NEEDLETAIL_API_KEY": "secret", "NEEDLETAIL_READ_ONLY_API_KEY": "reader"}
        command = [
            PROGRAM, "serve", "--data-dir", os.path.join(self._directory.name, "data"), "--http-port", "0",
            "--binary-port", str(self.port)]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        try:
            assert process.stdout is not None
            self.assertIn(b"needletail ready", process.stdout.readline())
            with self.assertRaisesRegex(nt.RequestError, "API key"):
                self.client().collections()
            with self.client(api_key="reader") as client:
                self.assertEqual(client.collections(), [])
                with self.assertRaises(nt.RequestError) as caught:
                    client.create_collection("films", {"vectors": {"size": 8, "distance": "Dot"}})
                self.assertEqual(caught.exception.code, nt.Code.FORBIDDEN)
            with self.client(api_key="secret") as client:
                self.assertTrue(client.create_collection("films", {"vectors": {"size": 8, "distance": "Dot"}}))
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


if __name__ == "__main__":
    unittest.main()
