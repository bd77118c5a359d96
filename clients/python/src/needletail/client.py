"""The client."""

from __future__ import annotations

import dataclasses
import ssl
import threading
import time
import uuid
from typing import Any, Mapping, Optional, Sequence, Union

import numpy as np

from . import requests
from .answers import Answer, CollectionInfo, Group, Page, ScoredPoints, UpdateResult, read_answer
from .connection import Connection, read_error
from .errors import Code, ConnectionLost, FrameTooLarge, NeedletailError, ProtocolError, RequestError, retry_pause
from .operations import (
    ClearPayload, CreateIndex, Delete, DeleteIndex, DeletePayloadKeys, DeleteVectors, Operation, OverwritePayload,
    Selector, SetPayload, Stamp, UpdateVectors, Upsert,
)
from .points import IDs, Payload, Record, Records, VectorColumns
from .queries import (
    Exclude, Filter, Grouping, Lookup, OrderBy, Parameters, Prefetch, Query, Search, Selection,
)
from .requests import Content, Request
from .stream import IngestStream
from .wire import Opcode

_IDLE_CONNECTIONS_MAX = 16
#: Requests under way on one connection, beyond which answers are awaited first. So few bytes fit into the
#: sockets' buffers, whatever the server does meanwhile.
_PIPELINED_MAX = 64
_PIPELINED_BYTES_MAX = 64 << 10


class Client:
    """Asks a server over its binary protocol. Any number of threads may share one client.

    Requests that read are sent again after a lost connection, and so are writes, which carry a stamp that the server
    recognises. `timeout` is for one request with its retries, in seconds; of a stream, how long the server may be
    silent before its connection is taken for lost.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 6335, api_key: Optional[str] = None, timeout: float = 60.0,
        tls: Optional[ssl.SSLContext] = None, retries: int = 4,
    ):
        self._host, self._port, self._api_key, self._tls = host, port, api_key, tls
        self._timeout, self._retries = timeout, retries
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._lanes: list[Stamp] = []

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    # Requests of any kind

    def send(self, request: Request[Content]) -> Answer[Content]:
        """Sends one request and returns its answer."""
        return self.send_all([request])[0]

    def send_all(self, many: Sequence[Request[Any]]) -> list[Answer[Any]]:
        """Sends requests without waiting for each other and returns their answers in the order of the requests.

        They are done in any order. Of several failures the first request's is raised. With stamped writes among them
        each is sent alone.
        """
        if len(many) > 1 and any(request.takes_stamp for request in many):
            return [self.send(request) for request in many]
        stamp = self._take_lane() if many and many[0].takes_stamp else None
        try:
            return self._retrying(many, stamp)
        finally:
            if stamp is not None:
                with self._lock:
                    self._lanes.append(stamp)

    def _retrying(self, many: Sequence[Request[Any]], stamp: Optional[Stamp]) -> list[Answer[Any]]:
        deadline = time.monotonic() + self._timeout
        may_repeat = stamp is not None or all(request.may_repeat for request in many)
        attempt = 0
        while True:
            was_sent = False
            try:
                connection = self._connect(deadline)
                was_sent = True
                return self._exchange(connection, many, stamp, deadline)
            except TimeoutError as error:
                address = f"{self._host}:{self._port}"
                raise RequestError(Code.TIMEOUT, f"Timeout: no answer from {address} within {self._timeout} s") from error
            except (OSError, ConnectionLost) as error:
                failure: Exception = error
            except RequestError as error:
                failure = error
                if not error.is_transient:
                    raise
            pause = retry_pause(failure, attempt)
            if (was_sent and not may_repeat) or attempt >= self._retries or time.monotonic() + pause > deadline:
                if isinstance(failure, NeedletailError):
                    raise failure
                raise ConnectionLost(f"cannot connect to {self._host}:{self._port}: {failure}") from failure
            time.sleep(pause)
            attempt += 1

    def _exchange(
        self, connection: Connection, many: Sequence[Request[Any]], stamp: Optional[Stamp], deadline: float
    ) -> list[Answer[Any]]:
        """Has the requests answered, and keeps the connection where whole frames went and came."""
        try:
            connection.set_deadline(deadline)
            answers = self._pipelined(connection, many, stamp)
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)
        for answer in answers:
            if isinstance(answer, RequestError):
                raise answer
        return [answer for answer in answers if isinstance(answer, Answer)]

    def _pipelined(
        self, connection: Connection, many: Sequence[Request[Any]], stamp: Optional[Stamp]
    ) -> list[Union[Answer[Any], RequestError, None]]:
        waiting: dict[int, tuple[int, int]] = {}
        answers: list[Union[Answer[Any], RequestError, None]] = [None] * len(many)
        sent = waiting_bytes = 0
        requests_max = min(_PIPELINED_MAX, connection.welcome.requests_max)
        while sent < len(many) or waiting:
            if sent < len(many) and (not waiting or len(waiting) < requests_max and waiting_bytes < _PIPELINED_BYTES_MAX):
                request_id = connection.take_id()
                byte_count = connection.send(many[sent].opcode, request_id, many[sent].body(stamp))
                waiting[request_id] = (sent, byte_count)
                waiting_bytes += byte_count
                sent += 1
                continue
            received = connection.receive()
            if received.request_id not in waiting:
                continue
            index, byte_count = waiting.pop(received.request_id)
            waiting_bytes -= byte_count
            if received.opcode == Opcode.RESULT:
                answers[index] = read_answer(received.body, received.flags)
            elif received.opcode == Opcode.ERROR:
                answers[index] = read_error(received)
            else:
                raise ProtocolError(f"the server answered with opcode {received.opcode}")
        return answers

    # Connections and lanes

    def _connect(self, deadline: float) -> Connection:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                # An idle connection says nothing: what it has to say now is its end.
                if not connection.has_input():
                    return connection
                connection.close()
        return Connection(self._host, self._port, self._api_key, deadline, self._tls)

    def open_connection(self) -> Connection:
        """A new connection that the caller closes, and that ends when the server is silent for the timeout."""
        deadline = time.monotonic() + self._timeout
        connection = Connection(self._host, self._port, self._api_key, deadline, self._tls)
        connection.set_silence(self._timeout)
        return connection

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            if connection.is_open and len(self._idle) < _IDLE_CONNECTIONS_MAX:
                self._idle.append(connection)
                return
        connection.close()

    def _take_lane(self) -> Stamp:
        """A producer with no write under way, and the sequence of its next one."""
        with self._lock:
            if self._lanes:
                lane = self._lanes.pop()
                return Stamp(lane.producer, lane.sequence + 1)
        return Stamp(uuid.uuid4(), 1)

    # Collections

    def collections(self) -> list[str]:
        """The names of all collections."""
        return self.send(requests.list_collections()).content

    def collection_info(self, collection: str) -> CollectionInfo:
        return self.send(requests.collection_info(collection)).content

    def collection_exists(self, collection: str) -> bool:
        return self.send(requests.collection_exists(collection)).content

    def create_collection(self, collection: str, configuration: Mapping[str, Any]) -> bool:
        """Creates a collection; the configuration is the JSON of the REST interface: `{"vectors": …}`."""
        return self.send(requests.create_collection(collection, configuration)).content

    def update_collection(self, collection: str, update: Mapping[str, Any]) -> bool:
        return self.send(requests.update_collection(collection, update)).content

    def delete_collection(self, collection: str) -> bool:
        return self.send(requests.delete_collection(collection)).content

    def add_vector(self, collection: str, name: str, parameters: Mapping[str, Any]) -> UpdateResult:
        """Adds a named vector with `{"size": …, "distance": …}`."""
        return self.send(requests.add_vector(collection, name, parameters)).content

    def remove_vector(self, collection: str, name: str) -> UpdateResult:
        return self.send(requests.remove_vector(collection, name)).content

    def change_aliases(self, actions: Sequence[Mapping[str, Any]]) -> bool:
        """Does these actions together: `{"create_alias": {"alias_name": …, "collection_name": …}}` and so on."""
        return self.send(requests.change_aliases(actions)).content

    def aliases(self, collection: Optional[str] = None) -> dict[str, str]:
        """The collections' names by their aliases, of all collections or one."""
        if collection is None:
            return self.send(requests.list_aliases()).content
        return self.send(requests.collection_aliases(collection)).content

    # Writes

    def write(self, collection: str, operation: Operation, wait: bool = True) -> UpdateResult:
        """Does one change. With every answer the change is durable and visible, also without `wait`."""
        result: UpdateResult = self.send(requests.write(collection, operation, wait)).content
        return result

    def write_batch(self, collection: str, operations: Sequence[Operation], wait: bool = True) -> list[UpdateResult]:
        """Does changes one behind the other; the first that fails ends the batch."""
        results: list[UpdateResult] = self.send(requests.write(collection, list(operations), wait)).content
        return results

    def upsert(
        self, collection: str, ids: IDs, vectors: VectorColumns, payloads: Optional[Sequence[Payload]] = None,
        mode: str = "upsert", filter: Optional[Filter] = None, wait: bool = True,
    ) -> UpdateResult:
        """Puts points: `[points × dimension]` numbers, or such arrays by name. float32 arrays are not copied."""
        return self.write(collection, Upsert(ids, vectors, payloads, mode, filter), wait)

    def delete(self, collection: str, points: Selector, wait: bool = True) -> UpdateResult:
        """Deletes points by ids or by a filter."""
        return self.write(collection, Delete(points), wait)

    def set_payload(
        self, collection: str, payload: Union[Mapping[str, Any], bytes], points: Selector, key: Optional[str] = None,
        wait: bool = True,
    ) -> UpdateResult:
        return self.write(collection, SetPayload(payload, points, key), wait)

    def overwrite_payload(
        self, collection: str, payload: Union[Mapping[str, Any], bytes], points: Selector, wait: bool = True
    ) -> UpdateResult:
        return self.write(collection, OverwritePayload(payload, points), wait)

    def delete_payload_keys(
        self, collection: str, keys: Sequence[str], points: Selector, wait: bool = True
    ) -> UpdateResult:
        return self.write(collection, DeletePayloadKeys(keys, points), wait)

    def clear_payload(self, collection: str, points: Selector, wait: bool = True) -> UpdateResult:
        return self.write(collection, ClearPayload(points), wait)

    def update_vectors(self, collection: str, ids: IDs, vectors: VectorColumns, wait: bool = True) -> UpdateResult:
        return self.write(collection, UpdateVectors(ids, vectors), wait)

    def delete_vectors(
        self, collection: str, names: Sequence[str], points: Selector, wait: bool = True
    ) -> UpdateResult:
        return self.write(collection, DeleteVectors(names, points), wait)

    def create_index(self, collection: str, field: str, schema: Union[str, Mapping[str, Any]]) -> UpdateResult:
        return self.write(collection, CreateIndex(field, schema))

    def delete_index(self, collection: str, field: str) -> UpdateResult:
        return self.write(collection, DeleteIndex(field))

    def stream(
        self, collection: str, producer: Optional[uuid.UUID] = None, first_sequence: int = 1,
        window_bytes: int = IngestStream.WINDOW_BYTES,
    ) -> IngestStream:
        """A stream of writes with a connection of its own."""
        return IngestStream(self, collection, producer or uuid.uuid4(), first_sequence, window_bytes)

    def upload(
        self, collection: str, vectors: Union[np.ndarray, Mapping[str, np.ndarray]], ids: Optional[IDs] = None,
        payloads: Optional[Sequence[Payload]] = None, batch_size: int = 1000,
    ) -> int:
        """Puts many points over a stream, and returns how many once all are durable. Nothing is copied.

        A chunk has `batch_size` points, or as many as the stream's window holds.
        """
        columns = vectors if isinstance(vectors, Mapping) else {"": vectors}
        count = len(next(iter(columns.values())))
        ids = range(count) if ids is None else ids
        start = 0
        with self.stream(collection) as stream:
            while start < count:
                part = slice(start, start + batch_size)
                rows = {name: matrix[part] for name, matrix in columns.items()}
                try:
                    stream.upsert(
                        ids[part], rows if isinstance(vectors, Mapping) else rows[""],
                        None if payloads is None else payloads[part], copy=False)
                except FrameTooLarge:
                    if batch_size == 1:
                        raise
                    batch_size = (min(batch_size, count - start) + 1) // 2
                else:
                    start += batch_size
        return count

    # Reads

    def get(self, collection: str, id: Union[int, str, uuid.UUID]) -> Record:
        """One point with payload and vectors."""
        return self.send(requests.get_point(collection, id)).content

    def retrieve(
        self, collection: str, ids: IDs, with_payload: Union[Selection, Exclude] = True,
        with_vectors: Selection = False,
    ) -> Records:
        return self.send(requests.retrieve(collection, ids, with_payload, with_vectors)).content

    def scroll(
        self, collection: str, limit: int = 10, offset: Union[int, str, uuid.UUID, None] = None,
        filter: Optional[Filter] = None, order_by: Optional[OrderBy] = None,
        with_payload: Union[Selection, Exclude] = True, with_vectors: Selection = False,
    ) -> Page:
        return self.send(
            requests.scroll(collection, limit, offset, filter, order_by, with_payload, with_vectors)).content

    def count(self, collection: str, filter: Optional[Filter] = None, exact: bool = True) -> int:
        return self.send(requests.count(collection, filter, exact)).content

    def facet(
        self, collection: str, key: str, limit: int = 10, filter: Optional[Filter] = None, exact: bool = False
    ) -> list[tuple[Any, int]]:
        """Values of a payload key and how many points have each."""
        return self.send(requests.facet(collection, key, limit, filter, exact)).content

    def query(
        self, collection: str, query: Optional[Query] = None, limit: int = 10, *, using: str = "",
        filter: Optional[Filter] = None, parameters: Parameters = Parameters(),
        score_threshold: Optional[float] = None, offset: int = 0,
        with_payload: Union[Selection, Exclude] = False, with_vectors: Selection = False,
        prefetch: Sequence[Prefetch] = (), lookup: Optional[Lookup] = None,
    ) -> ScoredPoints:
        """Searches: by a vector, a point's id, or any other query; without one, points in the order of their ids."""
        search = Search(
            query, limit, using, filter, parameters, score_threshold, lookup, prefetch, offset, with_payload,
            with_vectors)
        return self.send(requests.query(collection, search)).content

    def query_groups(self, collection: str, search: Search, grouping: Grouping) -> list[Group]:
        """Searches for groups of points."""
        request: Request[Any] = requests.query(collection, dataclasses.replace(search, grouping=grouping))
        groups: list[Group] = self.send(request).content
        return groups

    def query_batch(self, collection: str, searches: Sequence[Search]) -> list[ScoredPoints]:
        """Does many searches in one request."""
        return self.send(requests.query_batch(collection, searches)).content
