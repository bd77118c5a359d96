"""A stream of writes, resumed by itself after a lost connection."""

from __future__ import annotations

import collections
import copy as copying
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, NoReturn, Optional, Sequence

import numpy as np

from .connection import Connection, Frame, read_error
from .errors import ConnectionLost, FrameTooLarge, ProtocolError, RequestError, retry_pause
from .operations import Delete, Operation, Selector, Upsert
from .points import IDs, Payload, VectorColumns
from .wire import HEADER, Buffer, Opcode, Reader, Writer

if TYPE_CHECKING:
    from .client import Client


@dataclass
class _Chunk:
    sequence: int
    body: list[Buffer]
    frame_bytes: int


class IngestStream:
    """Writes in the order of a producer's sequence, many under way at once. For one thread.

    `send` returns when the write is on its way, and waits while the window is full: the server's pace reaches the
    caller. What is on its way is kept until it is acknowledged, and sent again over a new connection where one is
    lost, or silent for the client's timeout; the server recognises what it has. The stream fails after `retries`
    attempts without an acknowledgement. To go on after a restart of the caller, give the same producer, and the
    sequence behind the last acknowledged one.
    """

    WINDOW_BYTES = 8 << 20

    def __init__(
        self, client: Client, collection: str, producer: uuid.UUID, first_sequence: int, window_bytes: int,
        retries: int = 12,
    ):
        self._client, self._collection, self._retries = client, collection, retries
        self.producer = producer
        #: The last sequence that is durable and visible.
        self.acknowledged_sequence = first_sequence - 1
        self._next_sequence = first_sequence
        self._window_bytes = window_bytes
        self._chunks: collections.deque[_Chunk] = collections.deque()
        self._sent = 0
        self._credit = 0
        self._connection: Optional[Connection] = None
        self._id = 0
        self._attempts = 0
        self._failure: Optional[Exception] = None

    def __enter__(self) -> IngestStream:
        return self

    def __exit__(self, kind: Optional[type], *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._abandon()

    def upsert(
        self, ids: IDs, vectors: VectorColumns, payloads: Optional[Sequence[Payload]] = None, copy: bool = True
    ) -> int:
        """Puts points and returns the write's sequence. Without `copy` arrays must stay until it is acknowledged."""
        if copy and isinstance(vectors, (np.ndarray, dict)):
            vectors = copying.deepcopy(vectors)
        if copy and isinstance(ids, np.ndarray):
            ids = ids.copy()
        return self.send(Upsert(ids, vectors, payloads))

    def delete(self, points: Selector) -> int:
        """Deletes points and returns the write's sequence."""
        return self.send(Delete(points))

    def send(self, operation: Operation) -> int:
        """Sends any change and returns its sequence. Arrays in it must stay until it is acknowledged."""
        self._raise_failure()
        if self._connection is None:
            # The server may grant less than was wanted.
            self._work(lambda: True)
        writer = Writer()
        writer.u64(self._next_sequence)
        operation.write(writer)
        body = writer.pieces()
        chunk = _Chunk(self._next_sequence, body, HEADER.size + sum(len(piece) for piece in body))
        if chunk.frame_bytes > self._window_bytes:
            raise FrameTooLarge(f"a chunk of {chunk.frame_bytes} bytes, the stream's window has {self._window_bytes}")
        self._next_sequence += 1
        self._chunks.append(chunk)
        self._work(lambda: self._sent == len(self._chunks))
        return chunk.sequence

    def flush(self) -> int:
        """Waits until everything sent is durable, and returns the last sequence."""
        self._raise_failure()
        self._work(lambda: not self._chunks)
        return self.acknowledged_sequence

    def close(self) -> None:
        """Waits until everything sent is durable, and ends the stream."""
        self.flush()
        self._failure = ProtocolError("the stream is closed")
        if self._connection is not None:
            try:
                self._connection.send(Opcode.CLOSE_STREAM, self._id, [])
                while self._connection.receive().opcode != Opcode.STREAM_CLOSED:
                    pass
            except (ConnectionLost, OSError):
                # Everything is acknowledged: the end of the connection ends the stream as well.
                pass
            self._abandon()

    # The stream at work

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _abandon(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _work(self, is_done: Callable[[], bool]) -> None:
        """Sends and receives until `is_done`, over as many connections as it takes."""
        while True:
            try:
                self._advance(is_done)
                return
            except ConnectionLost as error:
                failure: Exception = error
            except OSError as error:
                # Also a silent server's timeout: what is not acknowledged is sent again.
                failure = ConnectionLost(f"the stream's connection failed: {error}")
            except RequestError as error:
                failure = error
                if not error.is_transient:
                    self._fail(error)
            except BaseException:
                # A frame may have been sent or read in part: what is kept goes over another connection.
                self._abandon()
                raise
            self._abandon()
            if self._attempts >= self._retries:
                self._fail(failure)
            time.sleep(retry_pause(failure, self._attempts))
            self._attempts += 1

    def _fail(self, error: Exception) -> NoReturn:
        self._abandon()
        self._failure = error
        raise error

    def _advance(self, is_done: Callable[[], bool]) -> None:
        connection = self._connection or self._open()
        while True:
            while self._sent < len(self._chunks) and self._chunks[self._sent].frame_bytes <= self._credit:
                chunk = self._chunks[self._sent]
                self._credit -= chunk.frame_bytes
                self._sent += 1
                connection.send(Opcode.CHUNK, self._id, chunk.body)
            while connection.has_input():
                self._take(connection.receive())
            if is_done():
                return
            if self._sent == len(self._chunks) or self._chunks[self._sent].frame_bytes > self._credit:
                self._take(connection.receive())

    def _open(self) -> Connection:
        connection = self._client.open_connection()
        self._connection = connection
        self._id = connection.take_id()
        writer = Writer()
        writer.text(self._collection)
        writer.uuid(self.producer)
        writer.u64(self._chunks[0].sequence if self._chunks else self._next_sequence)
        writer.u32(min(self._window_bytes, 0xFFFFFFFF))
        connection.send(Opcode.OPEN_STREAM, self._id, writer.pieces())
        self._sent = self._credit = 0
        answer = connection.receive()
        if answer.opcode == Opcode.ERROR:
            raise read_error(answer)
        self._window_bytes = min(self._window_bytes, Reader(answer.body).u32())
        self._credit = self._window_bytes
        largest = max((chunk.frame_bytes for chunk in self._chunks), default=0)
        if largest > self._window_bytes:
            self._fail(FrameTooLarge(f"a chunk of {largest} bytes, the server's window has {self._window_bytes}"))
        return connection

    def _take(self, received: Frame) -> None:
        if received.request_id != self._id:
            return
        if received.opcode == Opcode.ERROR:
            raise read_error(received)
        if received.opcode != Opcode.ACKNOWLEDGEMENT:
            raise ProtocolError(f"the server sent opcode {received.opcode} on a stream")
        reader = Reader(received.body)
        sequence, _, credit = reader.u64(), reader.u64(), reader.u32()
        self._credit += credit
        self._attempts = 0
        self.acknowledged_sequence = max(self.acknowledged_sequence, sequence)
        while self._chunks and self._chunks[0].sequence <= sequence:
            self._chunks.popleft()
            self._sent -= 1
