"""The official Python client, unmodified, against a server of its own: every answer is compared with plain Python.

usage: python client_smoke.py --server <path of the needletail program> [--seed <number>]
"""

import argparse
import os
import random
import sys
import tempfile
import time
import warnings

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "Examples"))
from needletail_rest import Server
from qdrant_client import QdrantClient
from smoke_cases import SmokeRun


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, help="path of the needletail program")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    options = parser.parse_args()
    print(f"client smoke test, seed {options.seed}")
    # A warning of the client (an incompatible version, say) is a failure of ours.
    warnings.simplefilter("error", UserWarning)

    with tempfile.TemporaryDirectory(prefix="needletail-smoke-") as directory:
        started = time.monotonic()
        # With the configuration that we ship, so that it is known to be accepted.
        configuration = ["--config", os.path.join(ROOT, "Config", "needletail.yaml")]
        with Server(options.server, os.path.join(directory, "data"), configuration) as server:
            client = QdrantClient(host=server.host, port=server.port, timeout=60)
            cases = SmokeRun(client, options.seed).run_all()
            client.close()
        print(f"client smoke test: {cases} cases passed in {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
