"""Makes films, lets the embedder put them into a server of its own, and asks for them. Ends with 1 if one is not found.

usage: python3 demo_video.py --server <needletail> --embedder <needletail-embedder> [--models <directory>]
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import films
from needletail_rest import RequestFailed, Server, wait_until

COLLECTION = "videos"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Embedder:
    """The program with the demo's settings."""

    def __init__(self, program, directory, port, models):
        self.program = program
        self.settings = []
        for setting in (f"state_dir={directory}/state", f"binary_port={port}", f"model_dir={models}"):
            self.settings += ["--set", setting]
        if not os.path.exists(os.path.join(models, "minilm", "model.safetensors")):
            print("  no text model in", models, "- texts are compared by their words (text_engine: hashing)")
            self.settings += ["--set", "text_engine=hashing"]

    def __call__(self, *arguments, may_fail=False):
        done = subprocess.run([self.program, *arguments, *self.settings], stdout=subprocess.PIPE, text=True)
        if done.returncode not in ((0, 2) if may_fail else (0,)):
            raise SystemExit(f"{arguments[0]} ended with {done.returncode}")
        return done.stdout


    def kill_after(self, done, *arguments):
        """Starts a command and kills it, without any warning, as soon as `done()` holds."""
        child = subprocess.Popen([self.program, *arguments, *self.settings], stdout=subprocess.DEVNULL)
        wait_until(lambda: done() or child.poll() is not None, "the first point")
        child.kill()
        child.wait()


def names(rows):
    """The films' names in the table that a search prints."""
    return [os.path.basename(line.split("\t")[2].split(" ")[0]) for line in rows.splitlines()]


class Checks:
    def __init__(self):
        self.failed = 0

    def __call__(self, question, wanted, found):
        good = wanted in found[:1] if isinstance(wanted, str) else wanted(found)
        self.failed += not good
        print(f"  {'ok  ' if good else 'MISS'} {question}: {', '.join(found[:3])}")


def count(connection):
    try:
        return connection.request("POST", f"/collections/{COLLECTION}/points/count", {})["count"]
    except RequestFailed:
        return 0


def payloads(connection):
    found = connection.request("POST", f"/collections/{COLLECTION}/points/scroll", {"limit": 100})["points"]
    return {os.path.basename(point["payload"]["paths"][0]): point for point in found}


def ask(embedder, connection, directory, check):
    print("\nWhat was said, shown and filmed:")
    check("text «a balloon above the port»", "balloon-again.mp4",
          names(embedder("text", "red balloon over the harbor", "--search")))
    check("text «economy news»", "market.mp4",
          names(embedder("text", "the stock market and interest rates", "--search")))
    check("title «grand opening»", "opening.mp4",
          names(embedder("text", "grand opening", "--search", "--using", "ocr")))

    still = os.path.join(directory, "still.png")
    films.ffmpeg("-i", os.path.join(directory, "films", "market.mp4"), "-frames:v", "1", still)
    check("a frame of market.mp4", "market.mp4", names(embedder("frame", still, "--search")))

    points = payloads(connection)
    print("\nRecommendations stay in the language of their example:")
    for name, language in (("pescador.mkv", "es"), ("fisherman.mp4", "en")):
        envelope = connection.envelope("POST", f"/collections/{COLLECTION}/points/query", {
            "query": {"recommend": {"positive": [points[name]["id"]]}}, "using": "transcript", "limit": 3,
            "with_payload": True})
        found = [point["payload"] for point in envelope["result"]["points"]]
        print(f"       like {name}, applied: {json.dumps(envelope.get('applied'))}")
        check(f"like {name}, only {language}",
              lambda _: bool(found) and all(payload["language"] == language for payload in found),
              [os.path.basename(payload["paths"][0]) for payload in found])


def find_copies(embedder, connection, directory, check):
    print("\nA cropped, mirrored and recoded copy is nearest to its original:")
    copies = os.path.join(directory, "films", "copies")
    os.mkdir(copies)
    originals = ["balloon.mp4", "opening.mp4", "chapter.mp4", "pescador.mkv", "cake.mp4"]
    for original in originals:
        films.copied(os.path.join(copies, f"copy-{original}"), os.path.join(directory, "films", original))
    embedder("run", copies)
    points = payloads(connection)
    for original in originals:
        copy = points[f"copy-{original}"]
        found = connection.request("POST", f"/collections/{COLLECTION}/points/query", {
            "query": {"nearest": copy["id"]}, "using": "video", "limit": 1, "with_payload": True})["points"]
        paths = [os.path.basename(path) for point in found for path in point["payload"]["paths"]]
        check(f"copy of {original}", lambda _: original in paths, paths)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--embedder", required=True)
    parser.add_argument("--models", default="needletail-models")
    options = parser.parse_args()
    started = time.monotonic()
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="needletail-videos-") as directory:
        library = os.path.join(directory, "films")
        os.mkdir(library)
        print("Making ten films with speech, titles and subtitles …")
        films.make(library)
        port = free_port()
        with Server(options.server, os.path.join(directory, "data"), ["--binary-port", str(port)]) as server:
            embedder = Embedder(options.embedder, directory, port, os.path.abspath(options.models))
            connection = server.connect()
            print("Embedding them, killing the embedder after its first point, and starting it again …")
            embedder.kill_after(lambda: count(connection) > 0, "run", library)
            before = count(connection)
            print(embedder("run", library, may_fail=True))
            check("nothing is missing or double after the kill", lambda _: count(connection) == 8,
                  [f"{before} points before", f"{count(connection)} after"])
            points = payloads(connection)
            check("equal files share a point", lambda _: len(points["balloon-again.mp4"]["payload"]["paths"]) == 2,
                  points["balloon-again.mp4"]["payload"]["paths"])
            again = embedder("run", library)
            check("a second run changes nothing", lambda _: "0 embedded" in again, again.splitlines())
            ask(embedder, connection, directory, check)
            find_copies(embedder, connection, directory, check)
            connection.close()
    print(f"\n{time.monotonic() - started:.0f} s, {check.failed} misses")
    return 1 if check.failed else 0


sys.exit(main())
