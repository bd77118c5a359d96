"""One connection to the server."""

from __future__ import annotations

import select
import socket
import ssl
import time
import zlib
from dataclasses import dataclass
from typing import Optional, Sequence

from .errors import ConnectionLost, FrameTooLarge, ProtocolError, RequestError
from .wire import HEADER, PREFACE_BYTES, Buffer, Opcode, Reader, Writer, check_preface, frame, preface

CLIENT_NAME = "needletail-python 0.1.0"
ANSWER_BYTES_MAX = 1 << 30
#: How many buffers one system call may take.
_PIECES_MAX = 512


@dataclass(frozen=True)
class Welcome:
    """What the server grants."""

    server: str
    is_read_only: bool
    frame_bytes_max: int
    requests_max: int
    request_bytes_max: int
    streams_max: int
    window_bytes_max: int
    idle_milliseconds: int


@dataclass(frozen=True)
class Frame:
    """A frame from the server."""

    opcode: int
    flags: int
    request_id: int
    body: bytearray


class Connection:
    """A blocking socket that sends and receives whole frames. For one thread at a time.

    What is not done by the deadline, a time of `time.monotonic()`, ends the connection with a `TimeoutError`.
    """

    def __init__(
        self, host: str, port: int, api_key: Optional[str], deadline: float, tls: Optional[ssl.SSLContext] = None
    ):
        self._next_id = 2
        self._deadline: Optional[float] = deadline
        self.is_open = True
        plain = socket.create_connection((host, port), _seconds_until(deadline))
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(_seconds_until(deadline))
            self._socket = tls.wrap_socket(plain, server_hostname=host) if tls else plain
        except BaseException:
            plain.close()
            raise
        try:
            self.welcome = self._open(api_key)
        except BaseException:
            self.close()
            raise

    def _open(self, api_key: Optional[str]) -> Welcome:
        writer = Writer()
        writer.text(CLIENT_NAME)
        writer.text(api_key or "")
        writer.u32(ANSWER_BYTES_MAX)
        self._send([preface(), *frame(Opcode.HELLO, 1, writer.pieces())])
        check_preface(self._receive_bytes(PREFACE_BYTES))
        answer = self.receive()
        if answer.opcode != Opcode.WELCOME:
            raise ProtocolError(f"the server answered the hello with opcode {answer.opcode}")
        reader = Reader(answer.body)
        return Welcome(
            reader.text(), reader.bool(), reader.u32(), reader.u32(), reader.u64(), reader.u32(), reader.u32(),
            reader.u32())

    def close(self) -> None:
        self.is_open = False
        self._socket.close()

    def set_deadline(self, deadline: float) -> None:
        """Until when all that follows must be done."""
        self._deadline = deadline

    def set_silence(self, seconds: float) -> None:
        """Without a deadline: how long the server may take or send nothing."""
        self._deadline = None
        self._socket.settimeout(seconds)

    def take_id(self) -> int:
        """An id that no request in progress has."""
        request_id = self._next_id
        self._next_id = request_id % 0xFFFFFFFF + 1
        return request_id

    def send(self, opcode: int, request_id: int, body: Sequence[Buffer]) -> int:
        """Sends a frame and returns how many bytes it has."""
        length = HEADER.size + sum(len(piece) for piece in body)
        if length > self.welcome.frame_bytes_max:
            raise FrameTooLarge(f"a frame of {length} bytes, the server takes {self.welcome.frame_bytes_max}")
        self._send(frame(opcode, request_id, body))
        return length

    def receive(self) -> Frame:
        """The next frame. Raises an error about the connection itself."""
        header = self._receive_bytes(HEADER.size)
        checksum, length, opcode, flags, reserved, request_id = HEADER.unpack(header)
        if length > ANSWER_BYTES_MAX or reserved != 0:
            raise self._broken(f"a frame of {length} bytes")
        body = self._receive_bytes(length)
        if zlib.crc32(body, zlib.crc32(memoryview(header)[4:])) != checksum:
            raise self._broken("a wrong checksum")
        received = Frame(opcode, flags, request_id, body)
        if opcode == Opcode.ERROR and request_id in (0, 1) or opcode == Opcode.GOODBYE:
            self.is_open = False
            if opcode == Opcode.ERROR:
                raise read_error(received)
            return self.receive()
        return received

    def has_input(self) -> bool:
        """Whether something can be read without waiting."""
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def _broken(self, what: str) -> ProtocolError:
        self.close()
        return ProtocolError(f"the server sent {what}")

    def _send(self, pieces: Sequence[Buffer]) -> None:
        views = [memoryview(piece).cast("B") for piece in pieces if len(piece)]
        try:
            start = 0
            while start < len(views):
                self._limit_wait()
                if isinstance(self._socket, ssl.SSLSocket):
                    sent = self._socket.send(views[start])
                else:
                    sent = self._socket.sendmsg(views[start : start + _PIECES_MAX])
                while start < len(views) and sent >= len(views[start]):
                    sent -= len(views[start])
                    start += 1
                if sent:
                    views[start] = views[start][sent:]
        except OSError as error:
            raise self._lost("while sending", error) from error

    def _receive_bytes(self, count: int) -> bytearray:
        data = bytearray(count)
        view = memoryview(data)
        try:
            while len(view):
                self._limit_wait()
                received = self._socket.recv_into(view)
                if received == 0:
                    raise ConnectionResetError("the server closed the connection")
                view = view[received:]
        except OSError as error:
            raise self._lost("while receiving", error) from error
        return data

    def _limit_wait(self) -> None:
        if self._deadline is not None:
            self._socket.settimeout(_seconds_until(self._deadline))

    def _lost(self, when: str, error: OSError) -> Exception:
        self.close()
        if isinstance(error, TimeoutError):
            return TimeoutError("the server did not answer in time")
        return ConnectionLost(f"the connection failed {when}: {error}")


def _seconds_until(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the time is over")
    return seconds


def read_error(answer: Frame) -> RequestError:
    """The failure that a frame tells of."""
    reader = Reader(answer.body)
    code, retry_milliseconds = reader.u8(), reader.u32()
    return RequestError(code, reader.text(), retry_milliseconds)
