"""Frames and the small forms that their bodies are made of. See Docs/binary-protocol.md."""

from __future__ import annotations

import enum
import json
import struct
import uuid
import zlib
from typing import Any, Callable, Sequence, Union

import numpy as np

from .errors import ProtocolError

Buffer = Union[bytes, bytearray, memoryview]
PointID = Union[int, uuid.UUID]

MAGIC = b"\x89NTLB\r\n\x1a"
VERSION = 1
PREFACE_BYTES = 16
CRC32 = 2
HEADER = struct.Struct("<IIBBHI")

_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")
_F32 = struct.Struct("<f")
_F64 = struct.Struct("<d")
_PADS = [b"\0" * count for count in range(8)]
#: Buffers from this size on are sent from where they are.
_COPIED_BYTES_MAX = 2048


class Opcode(enum.IntEnum):
    """What a frame says."""

    HELLO = 0x01
    WELCOME = 0x02
    PING = 0x03
    PONG = 0x04
    GOODBYE = 0x05
    RESULT = 0x10
    ERROR = 0x11
    LIST_COLLECTIONS = 0x20
    COLLECTION_INFO = 0x21
    COLLECTION_EXISTS = 0x22
    CREATE_COLLECTION = 0x23
    UPDATE_COLLECTION = 0x24
    DELETE_COLLECTION = 0x25
    ADD_VECTOR = 0x26
    REMOVE_VECTOR = 0x27
    CHANGE_ALIASES = 0x28
    LIST_ALIASES = 0x29
    COLLECTION_ALIASES = 0x2A
    WRITE = 0x30
    WRITE_BATCH = 0x31
    GET_POINT = 0x40
    RETRIEVE = 0x41
    SCROLL = 0x42
    COUNT = 0x43
    FACET = 0x44
    QUERY = 0x45
    QUERY_BATCH = 0x46
    OPEN_STREAM = 0x50
    CHUNK = 0x51
    CLOSE_STREAM = 0x52
    STREAM_OPENED = 0x53
    ACKNOWLEDGEMENT = 0x54
    STREAM_CLOSED = 0x55


def preface(checksum: int = CRC32) -> bytes:
    """What a client sends first."""
    return MAGIC + struct.pack("<HHB3x", VERSION, VERSION, checksum)


def check_preface(answer: Buffer) -> None:
    """Raises where the server does not go on with this version and checksum."""
    if bytes(answer[:8]) != MAGIC:
        raise ProtocolError("the peer is no needletail server's binary port")
    version, highest, checksum = struct.unpack_from("<HHB", answer, 8)
    if version != VERSION or checksum != CRC32:
        raise ProtocolError(f"the server speaks version {highest} at most, this client {VERSION}")


def frame(
    opcode: int,
    request_id: int,
    body: Sequence[Buffer],
    flags: int = 0,
    checksum: Callable[[Buffer, int], int] = zlib.crc32,
) -> list[Buffer]:
    """A whole frame as the pieces to send; the body's pieces are not copied."""
    length = sum(len(piece) for piece in body)
    header = HEADER.pack(0, length, opcode, flags, 0, request_id)
    crc = checksum(header[4:], 0)
    for piece in body:
        crc = checksum(piece, crc)
    return [_U32.pack(crc) + header[4:], *body]


class Writer:
    """Writes one body. Large buffers stay where they are and are sent from there."""

    def __init__(self) -> None:
        self._pieces: list[Buffer] = []
        self._tail = bytearray()
        self._count = 0

    def pieces(self) -> list[Buffer]:
        """The body so far, in order."""
        if self._tail:
            self._pieces.append(self._tail)
            self._tail = bytearray()
        return self._pieces

    def u8(self, value: int) -> None:
        self._tail.append(value)
        self._count += 1

    def raw(self, data: Buffer) -> None:
        if len(data) >= _COPIED_BYTES_MAX:
            self.pieces().append(data)
        else:
            self._tail += data
        self._count += len(data)

    def array(self, values: np.ndarray) -> None:
        """The numbers of a contiguous array as they stand in memory."""
        if values.size:
            self.raw(values.data.cast("B"))

    def u16(self, value: int) -> None:
        self.raw(struct.pack("<H", value))

    def u32(self, value: int) -> None:
        self.raw(_U32.pack(value))

    def u64(self, value: int) -> None:
        self.raw(_U64.pack(value))

    def i64(self, value: int) -> None:
        self.raw(struct.pack("<q", value))

    def f32(self, value: float) -> None:
        self.raw(_F32.pack(value))

    def f64(self, value: float) -> None:
        self.raw(_F64.pack(value))

    def count(self, value: int) -> None:
        if value < 0:
            raise ValueError(f"{value} is negative")
        while value >= 0x80:
            self.u8(value & 0x7F | 0x80)
            value >>= 7
        self.u8(value)

    def bool(self, value: bool) -> None:
        self.u8(1 if value else 0)

    def bytes(self, data: Buffer) -> None:
        self.count(len(data))
        self.raw(data)

    def text(self, text: str) -> None:
        self.bytes(text.encode())

    def json(self, value: Any) -> None:
        self.bytes(encode_json(value))

    def optional(self, value: Any, write: Callable[[Any], None]) -> None:
        self.bool(value is not None)
        if value is not None:
            write(value)

    def list(self, values: Sequence[Any], write: Callable[[Any], None]) -> None:
        self.count(len(values))
        for value in values:
            write(value)

    def uuid(self, value: uuid.UUID) -> None:
        self.raw(value.bytes)

    def id(self, value: PointID) -> None:
        if isinstance(value, uuid.UUID):
            self.u8(1)
            self.raw(value.bytes)
        else:
            self.u8(0)
            self.u64(value)

    def pad(self) -> None:
        self.raw(_PADS[-self._count % 8])


class Reader:
    """Takes a body apart; arrays are views of its bytes."""

    def __init__(self, body: Buffer) -> None:
        self._body = memoryview(body)
        self._offset = 0

    def raw(self, count: int) -> memoryview:
        start = self._offset
        if count > len(self._body) - start:
            raise ProtocolError(f"{count} bytes wanted at {start}, {len(self._body) - start} left")
        self._offset = start + count
        return self._body[start : self._offset]

    def u8(self) -> int:
        return self.raw(1)[0]

    def u32(self) -> int:
        return int(_U32.unpack(self.raw(4))[0])

    def u64(self) -> int:
        return int(_U64.unpack(self.raw(8))[0])

    def i64(self) -> int:
        return int(struct.unpack("<q", self.raw(8))[0])

    def f64(self) -> float:
        return float(_F64.unpack(self.raw(8))[0])

    def count(self) -> int:
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ProtocolError("a number beyond 64 bits")

    def bool(self) -> bool:
        return self.u8() == 1

    def bytes(self) -> memoryview:
        return self.raw(self.count())

    def text(self) -> str:
        try:
            return str(self.bytes(), "utf-8")
        except UnicodeDecodeError as error:
            raise ProtocolError(f"a text that is not UTF-8: {error}") from error

    def json(self) -> Any:
        try:
            return json.loads(bytes(self.bytes()))
        except ValueError as error:
            raise ProtocolError(f"a text that is not JSON: {error}") from error

    def optional(self, read: Callable[[], Any]) -> Any:
        return read() if self.bool() else None

    def list(self, read: Callable[[], Any]) -> list[Any]:
        return [read() for _ in range(self.count())]

    def uuid(self) -> uuid.UUID:
        return uuid.UUID(bytes=bytes(self.raw(16)))

    def id(self) -> PointID:
        return self.uuid() if self.u8() == 1 else self.u64()

    def pad(self) -> None:
        self.raw(-self._offset % 8)

    def array(self, dtype: str, count: int) -> np.ndarray:
        """A view of `count` numbers."""
        return np.frombuffer(self.raw(count * np.dtype(dtype).itemsize), dtype=dtype)

    def finish(self) -> None:
        if self._offset != len(self._body):
            raise ProtocolError(f"{len(self._body) - self._offset} bytes behind the answer")


def encode_json(value: Any) -> bytes:
    """One JSON text; bytes are taken as such a text already."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
