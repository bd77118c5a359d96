"""Needletail from Python's standard library alone: start a server, talk JSON to it, stop it.

`Connection` is a REST client in thirty lines; `Server` runs the program as a child process. The demo, the crash
loop and the benchmarks use them. For an application take the official `qdrant-client`, which works unmodified.
"""

import http.client
import json
import os
import resource
import signal
import subprocess
import sys
import threading


class RequestFailed(Exception):
    """The server answered with an error; the message is the server's own."""

    def __init__(self, status, message):
        super().__init__(f"HTTP {status}: {message}")
        self.status = status
        self.message = message


class Connection:
    """One keep-alive HTTP connection. Not for several threads at once: give each its own."""

    def __init__(self, host, port, timeout_seconds=120):
        self._http = http.client.HTTPConnection(host, port, timeout=timeout_seconds)

    def send(self, method, path, body=None, key=None):
        """Sends one request and returns (status, bytes). `body` is JSON bytes or a value to encode.

        `key` goes along as `Idempotency-Key`: a write that is repeated with its key is applied once.
        """
        headers = {} if key is None else {"Idempotency-Key": key}
        if body is not None:
            headers["Content-Type"] = "application/json"
            if not isinstance(body, bytes):
                body = json.dumps(body, ensure_ascii=False).encode()
        self._http.request(method, path, body, headers)
        response = self._http.getresponse()
        return response.status, response.read()

    def envelope(self, method, path, body=None, key=None):
        """The whole answer: result, status, time, and `applied` where the server changed the question."""
        status, data = self.send(method, path, body, key)
        if status not in (200, 202):
            raise RequestFailed(status, error_message(data))
        return json.loads(data)

    def request(self, method, path, body=None, key=None):
        """The answer's `result`; raises `RequestFailed` for every status but 200 and 202."""
        return self.envelope(method, path, body, key)["result"]

    def close(self):
        self._http.close()


def error_message(data):
    """The message in an error's envelope; failed authentication answers plain text."""
    try:
        return json.loads(data)["status"]["error"]
    except (ValueError, KeyError, TypeError):
        return data.decode(errors="replace")


class Server:
    """`needletail serve` as a child process on free ports of 127.0.0.1."""

    def __init__(self, program, data_directory, arguments=(), open_files_max=None, start_seconds_max=120, log_path=None):
        self.log_path = log_path or os.path.join(os.path.dirname(data_directory.rstrip("/")), "server.log")
        self._log = open(self.log_path, "ab")
        command = [program, "serve", "--data-dir", data_directory, "--host", "127.0.0.1"]
        command += ["--http-port", "0", "--binary-port", "0", *arguments]

        def limit_open_files():
            resource.setrlimit(resource.RLIMIT_NOFILE, (open_files_max, open_files_max))

        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log,
            preexec_fn=limit_open_files if open_files_max else None)
        self.host, self.port, self.binary_port = "127.0.0.1", None, None
        self._await_ready(start_seconds_max)

    def _await_ready(self, seconds_max):
        # The server writes one line when it serves; reading it is all the waiting there is.
        late = threading.Event()

        def end_late():
            late.set()
            self.process.kill()

        deadline = threading.Timer(seconds_max, end_late)
        deadline.start()
        for line in self.process.stdout:
            words = line.decode(errors="replace").split()
            if words[:2] == ["needletail", "ready"]:
                ports = dict(word.split("=", 1) for word in words[2:] if "=" in word)
                self.port = int(ports["http"].rsplit(":", 1)[1])
                self.binary_port = int(ports["binary"].rsplit(":", 1)[1])
                break
        deadline.cancel()
        # It may have been ended just as it became ready.
        deadline.join()
        if self.port is None or late.is_set():
            code = self.process.wait()
            self._log.close()
            what = f"within {seconds_max} s" if late.is_set() else "before it ended"
            raise RuntimeError(f"the server was not ready {what} (code {code}):\n{self.log_tail()}")
        threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self):
        for line in self.process.stdout:
            self._log.write(line)

    def connect(self, timeout_seconds=120):
        return Connection(self.host, self.port, timeout_seconds)

    def stop(self, seconds_max=60):
        """Ends the server with SIGTERM and returns its exit code, which is 0 after a clean stop."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds_max)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"the server had not ended {seconds_max} s after SIGTERM:\n{self.log_tail()}")

    def kill(self):
        """Ends the server with SIGKILL, as a crash would."""
        self.process.kill()
        self.process.wait()

    def log_tail(self, lines_max=30):
        with open(self.log_path, errors="replace") as log:
            return "".join(log.readlines()[-lines_max:])

    def resident_kilobytes(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))

    def cpu_seconds(self):
        """User and system time of all the server's threads so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            if kind is None:
                self.stop()
            else:
                self.kill()
                print(f"server log ({self.log_path}):\n{self.log_tail()}", file=sys.stderr)


def wait_until(condition, what, seconds_max=300, pause_seconds=0.1):
    """Asks `condition` until it holds; raises when it does not within the time."""
    pause = threading.Event()
    for _ in range(int(seconds_max / pause_seconds)):
        if condition():
            return
        pause.wait(pause_seconds)
    raise RuntimeError(f"not within {seconds_max} s: {what}")


def wait_until_indexed(connection, collection, seconds_max=600):
    """Waits until the collection is green: no build runs or is due."""
    def indexed():
        info = connection.request("GET", f"/collections/{collection}")
        return info["status"] == "green"

    wait_until(indexed, f"{collection} indexed", seconds_max)
