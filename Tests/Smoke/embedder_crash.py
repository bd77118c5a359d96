"""Kills the embedder at random moments in every stage, and the server too, and checks what is there afterwards.

usage: python3 embedder_crash.py --server <needletail> --embedder <needletail-embedder> [--rounds N] [--seed N]

Each round adds, renames and deletes films, starts the worker and ends it (SIGKILL, SIGTERM, or the server dies and
comes back), then lets it finish. Then every content of the directory is one point with exactly its paths and its
vectors, nothing that was finished at the end of the killed one was done again, and a further run starts no program.
Every program that the worker starts is counted by a stand-in in PATH. Standard library only.
"""

import argparse
import collections
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("Examples", "Examples/video-demo"):
    sys.path.insert(0, os.path.join(HERE, "../..", folder))
import films
from needletail_rest import Server, wait_until

COLLECTION = "videos"
PROGRAMS = {"ffprobe": "probe", "ffmpeg": "decode", "tesseract": "screen", "pocketsphinx_continuous": "speech"}
# What a kill waits for: a program's start, a line in the journal, or nothing.
MOMENTS = [*PROGRAMS, "journal", "any"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def content_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class World:
    """The films, the server and the worker's own directory."""

    def __init__(self, options, directory, source):
        self.options, self.directory, self.source = options, directory, source
        self.library = os.path.join(directory, "films")
        self.state = os.path.join(directory, "state")
        self.log = os.path.join(directory, "started.log")
        self.ports = ["--http-port", str(free_port()), "--binary-port", str(free_port())]
        os.mkdir(self.library)
        films.make(self.library)
        # A film with its words in a file beside it keeps its name here.
        self.fixed = {name for name in os.listdir(self.library) if name.endswith(".srt") or name in (
            "fisherman.mp4", "cake.mp4", "broken.mp4")}
        self.seeds = sorted(set(self.films()) - self.fixed)
        self.number = 0
        self.stand_ins()
        self.start_server()

    def films(self):
        return [name for name in os.listdir(self.library) if name.endswith((".mp4", ".mkv"))]

    def stand_ins(self):
        folder = os.path.join(self.directory, "bin")
        os.mkdir(folder)
        for program in PROGRAMS:
            real = shutil.which(program)
            path = os.path.join(folder, program)
            with open(path, "w") as file:
                # One write a line: programs are started side by side.
                file.write(f'#!/bin/sh\nline=$(printf "%s" "{program} $*" | tr "\\n" " ")\n'
                           f'printf "%s\\n" "$line" >> "{self.log}"\nexec "{real}" "$@"\n')
            os.chmod(path, 0o755)
        self.environment = {**os.environ, "PATH": folder + ":" + os.environ["PATH"]}
        open(self.log, "w").close()

    def start_server(self):
        self.server = Server(self.options.server, os.path.join(self.directory, "data"), self.ports)

    def start_worker(self, *flags):
        settings = {"state_dir": self.state, "binary_port": self.server.binary_port, "text_engine": "hashing",
                    "batch_points": self.source.choice([1, 4, 32])}
        arguments = [item for key, value in settings.items() for item in ("--set", f"{key}={value}")]
        return subprocess.Popen(
            [self.options.embedder, "run", self.library, *arguments, *flags], env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    # What changes between the rounds.

    def change(self):
        source = self.source
        for _ in range(source.randint(1, 4)):
            self.number += 1
            seed = source.choice([name for name in self.films() if name in self.seeds] or self.films())
            name = f"film-{self.number}{os.path.splitext(seed)[1]}"
            shutil.copyfile(os.path.join(self.library, seed), os.path.join(self.library, name))
            if source.random() < 0.8:
                # Bytes behind the end of a film change its content and nothing else.
                with open(os.path.join(self.library, name), "ab") as file:
                    file.write(b"\0" * 16 + source.randbytes(16))
        free = [name for name in self.films() if name not in self.fixed and name not in self.seeds]
        if free and source.random() < 0.7:
            name = source.choice(free)
            self.number += 1
            os.rename(os.path.join(self.library, name), os.path.join(self.library, f"renamed-{self.number}-{name}"))
            free.remove(name)
        if len(free) > 8 or free and source.random() < 0.3:
            os.remove(os.path.join(self.library, source.choice(free)))

    def contents(self):
        """Content → paths, of the files that are films."""
        found = collections.defaultdict(list)
        for name in self.films():
            if name != "broken.mp4":
                path = os.path.join(self.library, name)
                found[content_of(path)].append(path)
        return {content: sorted(paths) for content, paths in found.items()}

    # What the worker has done.

    def started(self, begin=0):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()[begin:]

    def journal(self):
        """The contents that are done."""
        done = set()
        try:
            with open(os.path.join(self.state, "journal.jsonl"), "rb") as file:
                lines = file.read().split(b"\n")[:-1]
        except FileNotFoundError:
            return done
        for line in lines:
            entry = json.loads(line)
            if "done" in entry:
                done.add(entry["done"]["_0"]["hex"])
            if "removed" in entry:
                done.discard(entry["removed"]["_0"]["hex"])
        return done

    def cached(self):
        """(content, stage) of results that are on the disk."""
        found = set()
        for folder, _, names in os.walk(os.path.join(self.state, "cache")):
            for name in names:
                if name.endswith(".json"):
                    found.add((os.path.basename(folder), name.split("-")[0]))
        return found

    def points(self):
        connection = self.server.connect()
        try:
            return connection.request("POST", f"/collections/{COLLECTION}/points/scroll", {
                "limit": 1000, "with_vector": True})["points"]
        finally:
            connection.close()


def run_of(world, line):
    """(stage, content) of one start of a program."""
    program = line.split(" ", 1)[0]
    if program == "ffprobe":
        path = line.rstrip().split("file:", 1)[1]
        content = content_of(path) if os.path.exists(path) else None
    elif "/work/" in line:
        prefix = line.split("/work/", 1)[1][:20]
        content = next((content for content in world.contents() if content.startswith(prefix)), prefix)
    else:
        content = None  # ffmpeg with frames alone: nothing in its arguments tells the content but the film.
        if "file:" in line:
            path = line.split("file:", 1)[1].split(" ")[0]
            content = content_of(path) if os.path.exists(path) else None
    return PROGRAMS[program], content


def wait_for(world, worker, moment):
    """Returns a little after the moment, or when the worker has ended."""
    begin, size = len(world.started()), len(world.journal())
    longest = {"speech": 1.5, "screen": 0.6, "decode": 0.8}.get(PROGRAMS.get(moment), 0.1)

    def is_over():
        if moment == "any":
            return True
        if moment == "journal":
            return len(world.journal()) > size
        return any(line.startswith(moment + " ") for line in world.started(begin))

    wait_until(lambda: worker.poll() is not None or is_over(), f"a start of {moment}", pause_seconds=0.002)
    pause(worker, world.source.uniform(0, 4 if moment == "any" else longest))


def pause(worker, seconds):
    """Lets the worker go on for a moment."""
    try:
        worker.wait(seconds)
    except subprocess.TimeoutExpired:
        pass


def check(good, text):
    if not good:
        raise SystemExit(f"FAILED: {text}")


def finish(world):
    worker = world.start_worker("--prune")
    output, _ = worker.communicate(timeout=600)
    check(worker.returncode in (0, 2), f"the last run ended with {worker.returncode}:\n{output}")
    return output


def check_points(world):
    wanted = world.contents()
    points = world.points()
    found = collections.Counter(point["payload"]["sha256"] for point in points)
    check(all(count == 1 for count in found.values()), f"double points: {found}")
    check(set(found) == set(wanted), f"missing {set(wanted) - set(found)}, too many {set(found) - set(wanted)}")
    for point in points:
        payload = point["payload"]
        check(payload["paths"] == wanted[payload["sha256"]],
              f"paths {payload['paths']}, the disk has {wanted[payload['sha256']]}")
        expected = {"video"} | ({"transcript"} if payload["transcript"] else set()) | (
            {"ocr"} if payload["ocr_text"] else set())
        check(set(point["vector"]) == expected, f"vectors {set(point['vector'])}, expected {expected}")
    check(world.journal() == set(wanted), "the journal and the directory differ")


def check_repeats(world, begin, done, cached):
    """Nothing that was finished before line `begin` of the log was started behind it."""
    final = world.cached()
    for line in world.started(begin):
        if "broken.mp4" in line:
            continue
        stage, content = run_of(world, line)
        check(content not in done, f"{stage} of a video that was done: {line}")
        if stage == "decode":
            # One pass serves several stages; it is over when all their results are there.
            needed = {pair for pair in final if pair[0] == content and pair[1] not in ("text", "probe")}
            check(not needed or not needed <= cached, f"decoded again: {line}")
        else:
            check((content, stage) not in cached, f"{stage} again: {line}")


def run_round(world, number):
    source = world.source
    world.change()
    end = source.choices(["SIGKILL", "SIGTERM", "server"], [70, 15, 15])[0]
    moment = MOMENTS[number % len(MOMENTS)]
    worker = world.start_worker(*source.choice([[], ["--prune"]]))
    wait_for(world, worker, moment)
    was_running = worker.poll() is None
    if end == "server":
        world.server.process.kill()
        world.server.process.wait()
        pause(worker, source.uniform(0, 1))
        world.start_server()
        output, _ = worker.communicate(timeout=600)
        check(worker.returncode in (0, 2), f"the worker did not outlive the server: {worker.returncode}\n{output}")
        done, cached, begin = world.journal(), world.cached(), len(world.started())
    else:
        worker.send_signal(signal.SIGKILL if end == "SIGKILL" else signal.SIGTERM)
        worker.communicate(timeout=60)
        if end == "SIGTERM" and was_running:
            check(worker.returncode in (130, 0, 2), f"SIGTERM ended it with {worker.returncode}")
            left = subprocess.run(["pgrep", "-f", world.state + "/work"], stdout=subprocess.PIPE, text=True).stdout
            check(not left, f"SIGTERM left processes: {left.split()}")
        done, cached, begin = world.journal(), world.cached(), len(world.started())
    finish(world)
    check_points(world)
    check_repeats(world, begin, done, cached)
    begin = len(world.started())
    output = finish(world)
    check(output.startswith("0 embedded, 0 renamed"), f"a further run changed something: {output}")
    check(world.started(begin) == [], f"a further run started {world.started(begin)}")
    print(f"round {number}: {end} at {moment}, {'running' if was_running else 'over'}, {len(done)} done, "
          f"{len(world.contents())} contents", flush=True)
    return was_running


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--embedder", required=True)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    options.server, options.embedder = os.path.abspath(options.server), os.path.abspath(options.embedder)
    print(f"seed {options.seed}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="needletail-embedder-crash-") as directory:
        world = World(options, directory, random.Random(options.seed))
        try:
            ended = sum(run_round(world, number) for number in range(options.rounds))
        finally:
            world.server.process.kill()
            world.server.process.wait()
    print(f"{options.rounds} rounds, {ended} ended in the middle, {time.monotonic() - started:.0f} s: nothing missing, "
          "double or done again")


main()
