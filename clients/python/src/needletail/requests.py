"""Requests: an opcode and how its body is written. `Client` sends them; so can a caller, many at once."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Callable, Generic, Mapping, Optional, Sequence, TypeVar, Union

from .answers import CollectionInfo, Page, ScoredPoints, UpdateResult
from .operations import Operation, Stamp, write_update
from .points import IDs, Record, Records, point_id, write_ids
from .queries import (
    Exclude, Filter, OrderBy, Search, Selection, write_order, write_payload_selection, write_search,
    write_vector_selection,
)
from .wire import Buffer, Opcode, Writer


#: What a request's answer holds.
Content = TypeVar("Content")


@dataclass(frozen=True)
class Request(Generic[Content]):
    """What is asked of the server."""

    opcode: Opcode
    write: Callable[[Writer, Optional[Stamp]], None]
    #: Whether doing it twice is as good as doing it once: it reads, or has a stamp of the caller's.
    may_repeat: bool = True
    #: Whether it takes a producer's stamp, with which it may be sent again too.
    takes_stamp: bool = False

    def body(self, stamp: Optional[Stamp] = None) -> list[Buffer]:
        """The body's pieces."""
        writer = Writer()
        self.write(writer, stamp)
        return writer.pieces()


def _named(
    opcode: Opcode, collection: str, may_repeat: bool, rest: Callable[[Writer], None] = lambda _: None
) -> Request[Any]:
    def write(writer: Writer, _: Optional[Stamp]) -> None:
        writer.text(collection)
        rest(writer)

    return Request(opcode, write, may_repeat)


def list_collections() -> Request[list[str]]:
    return Request(Opcode.LIST_COLLECTIONS, lambda writer, stamp: None)


def collection_info(collection: str) -> Request[CollectionInfo]:
    return _named(Opcode.COLLECTION_INFO, collection, True)


def collection_exists(collection: str) -> Request[bool]:
    return _named(Opcode.COLLECTION_EXISTS, collection, True)


def create_collection(collection: str, configuration: Mapping[str, Any]) -> Request[bool]:
    return _named(Opcode.CREATE_COLLECTION, collection, False, lambda writer: writer.json(configuration))


def update_collection(collection: str, update: Mapping[str, Any]) -> Request[bool]:
    return _named(Opcode.UPDATE_COLLECTION, collection, False, lambda writer: writer.json(update))


def delete_collection(collection: str) -> Request[bool]:
    return _named(Opcode.DELETE_COLLECTION, collection, False)


def add_vector(collection: str, name: str, parameters: Mapping[str, Any], wait: bool = True) -> Request[UpdateResult]:
    def rest(writer: Writer) -> None:
        write_update(writer, wait, None, None)
        writer.text(name)
        writer.json({"dense": parameters})

    return _named(Opcode.ADD_VECTOR, collection, False, rest)


def remove_vector(collection: str, name: str, wait: bool = True) -> Request[UpdateResult]:
    def rest(writer: Writer) -> None:
        write_update(writer, wait, None, None)
        writer.text(name)

    return _named(Opcode.REMOVE_VECTOR, collection, False, rest)


def change_aliases(actions: Sequence[Mapping[str, Any]]) -> Request[bool]:
    return Request(Opcode.CHANGE_ALIASES, lambda writer, stamp: writer.json({"actions": list(actions)}), False)


def list_aliases() -> Request[dict[str, str]]:
    return Request(Opcode.LIST_ALIASES, lambda writer, stamp: None)


def collection_aliases(collection: str) -> Request[dict[str, str]]:
    return _named(Opcode.COLLECTION_ALIASES, collection, True)


def write(
    collection: str, operation: Union[Operation, Sequence[Operation]], wait: bool = True,
    timeout_milliseconds: Optional[int] = None, stamp: Optional[Stamp] = None,
) -> Request[Any]:
    """One change, or a list of changes that are done one behind the other."""

    def body(writer: Writer, lane: Optional[Stamp]) -> None:
        writer.text(collection)
        write_update(writer, wait, timeout_milliseconds, stamp or lane)
        if isinstance(operation, Sequence):
            writer.list(operation, lambda each: each.write(writer))
        else:
            operation.write(writer)

    opcode = Opcode.WRITE_BATCH if isinstance(operation, Sequence) else Opcode.WRITE
    return Request(opcode, body, may_repeat=stamp is not None, takes_stamp=stamp is None)


def get_point(collection: str, id: Union[int, str, uuid.UUID]) -> Request[Record]:
    return _named(Opcode.GET_POINT, collection, True, lambda writer: writer.id(point_id(id)))


def retrieve(
    collection: str, ids: IDs, with_payload: Union[Selection, Exclude] = True, with_vectors: Selection = False
) -> Request[Records]:
    def rest(writer: Writer) -> None:
        write_ids(writer, ids)
        write_payload_selection(writer, with_payload)
        write_vector_selection(writer, with_vectors)

    return _named(Opcode.RETRIEVE, collection, True, rest)


def scroll(
    collection: str, limit: int = 10, offset: Union[int, str, uuid.UUID, None] = None,
    filter: Optional[Filter] = None, order_by: Optional[OrderBy] = None,
    with_payload: Union[Selection, Exclude] = True, with_vectors: Selection = False,
    timeout_milliseconds: Optional[int] = None,
) -> Request[Page]:
    def rest(writer: Writer) -> None:
        writer.count(limit)
        writer.optional(offset, lambda value: writer.id(point_id(value)))
        writer.optional(filter, writer.json)
        writer.optional(order_by, lambda order: write_order(writer, order))
        write_payload_selection(writer, with_payload)
        write_vector_selection(writer, with_vectors)
        writer.optional(timeout_milliseconds, writer.count)

    return _named(Opcode.SCROLL, collection, True, rest)


def count(
    collection: str, filter: Optional[Filter] = None, exact: bool = True, timeout_milliseconds: Optional[int] = None
) -> Request[int]:
    def rest(writer: Writer) -> None:
        writer.optional(filter, writer.json)
        writer.bool(exact)
        writer.optional(timeout_milliseconds, writer.count)

    return _named(Opcode.COUNT, collection, True, rest)


def facet(
    collection: str, key: str, limit: int = 10, filter: Optional[Filter] = None, exact: bool = False
) -> Request[list[tuple[Any, int]]]:
    def rest(writer: Writer) -> None:
        writer.text(key)
        writer.count(limit)
        writer.optional(filter, writer.json)
        writer.bool(exact)

    return _named(Opcode.FACET, collection, True, rest)


def query(collection: str, search: Search) -> Request[ScoredPoints]:
    return _named(Opcode.QUERY, collection, True, lambda writer: write_search(writer, search))


def query_batch(collection: str, searches: Sequence[Search]) -> Request[list[ScoredPoints]]:
    return _named(
        Opcode.QUERY_BATCH, collection, True,
        lambda writer: writer.list(searches, lambda search: write_search(writer, search)))
