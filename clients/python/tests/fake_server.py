"""A server of the binary protocol whose engine a test plays."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import zlib
from typing import Callable, Optional, Sequence

from needletail import wire

#: Sends one frame: opcode, request id, body, flags, and how many bytes at once.
Send = Callable[..., None]


class FakeServer:
    """Answers the opening of each connection, and lets `handle` answer every frame behind it.

    `handle(send, opcode, request_id, body)` returns False to break the connection off. The first connections are
    answered with the `refusals`.
    """

    def __init__(
        self, handle: Callable[[Send, int, int, bytes], Optional[bool]], requests_max: int = 256,
        refusals: Sequence[bytes] = (),
    ):
        self.handle, self._requests_max, self._refusals = handle, requests_max, list(refusals)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connections_count = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> FakeServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections_count += 1
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(ConnectionError), connection, connection.makefile("rb") as stream:

            def send(
                opcode: int, request_id: int, body: bytes = b"", flags: int = 0, piece_bytes: int = 1 << 20
            ) -> None:
                data = b"".join(wire.frame(opcode, request_id, [body], flags))
                for start in range(0, len(data), piece_bytes):
                    connection.sendall(data[start : start + piece_bytes])

            preface = stream.read(wire.PREFACE_BYTES)
            assert preface == wire.preface()
            connection.sendall(wire.MAGIC + struct.pack("<HHB3x", 1, 1, wire.CRC32))
            if self._refusals:
                return send(wire.Opcode.ERROR, 0, self._refusals.pop(0))
            while header := stream.read(wire.HEADER.size):
                checksum, length, opcode, _, _, request_id = wire.HEADER.unpack(header)
                body = stream.read(length)
                if len(body) < length:
                    return
                assert zlib.crc32(body, zlib.crc32(header[4:])) == checksum
                if opcode == wire.Opcode.HELLO:
                    send(wire.Opcode.WELCOME, request_id, self._welcome())
                elif self.handle(send, opcode, request_id, body) is False:
                    return

    def _welcome(self) -> bytes:
        name = b"fake 1"
        limits = struct.pack("<BIIQIII", 0, 32 << 20, self._requests_max, 64 << 20, 8, 16 << 20, 120_000)
        return bytes([len(name)]) + name + limits


def count_answer(number: int) -> bytes:
    """The body of a result that is a count below 128."""
    return bytes([0, 11, number])


def update_answer(operation_id: int) -> bytes:
    """The body of a result that is a completed write."""
    return b"\0\6" + struct.pack("<QB", operation_id, 1)


def error(code: int, message: str, retry_milliseconds: int = 0) -> bytes:
    """The body of an error."""
    return struct.pack("<BI", code, retry_milliseconds) + bytes([len(message)]) + message.encode()
