"""Changes of a collection's points, and their bytes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence, Union

from .points import IDs, Payload, VectorColumns, write_ids, write_payloads, write_vectors
from .queries import Filter
from .wire import Writer, encode_json

#: Which points a change means: ids, or a filter.
Selector = Union[IDs, Filter]


@dataclass(frozen=True)
class Upsert:
    """Puts whole points; `mode` is upsert, insert_only or update_only, `filter` says which may be replaced."""

    ids: IDs
    vectors: VectorColumns
    payloads: Optional[Sequence[Payload]] = None
    mode: str = "upsert"
    filter: Optional[Filter] = None

    def write(self, writer: Writer) -> None:
        writer.u8(1)
        writer.u8(["upsert", "insert_only", "update_only"].index(self.mode))
        writer.optional(self.filter, writer.json)
        count = write_ids(writer, self.ids)
        write_payloads(writer, self.payloads, count)
        write_vectors(writer, self.vectors, count)


@dataclass(frozen=True)
class Delete:
    """Deletes points."""

    points: Selector

    def write(self, writer: Writer) -> None:
        writer.u8(2)
        _write_selector(writer, self.points)


@dataclass(frozen=True)
class SetPayload:
    """Lays an object's keys over payloads, or over the object at a path."""

    payload: Union[Mapping[str, Any], bytes]
    points: Selector
    key: Optional[str] = None

    kind = 3

    def write(self, writer: Writer) -> None:
        writer.u8(self.kind)
        writer.optional(self.key, writer.text)
        _write_selector(writer, self.points)
        writer.bytes(encode_json(self.payload))


@dataclass(frozen=True)
class OverwritePayload(SetPayload):
    """Replaces payloads."""

    kind = 4


@dataclass(frozen=True)
class DeletePayloadKeys:
    """Removes what stands at paths of payloads."""

    keys: Sequence[str]
    points: Selector

    def write(self, writer: Writer) -> None:
        writer.u8(5)
        writer.list(self.keys, writer.text)
        _write_selector(writer, self.points)


@dataclass(frozen=True)
class ClearPayload:
    """Removes whole payloads."""

    points: Selector

    def write(self, writer: Writer) -> None:
        writer.u8(6)
        _write_selector(writer, self.points)


@dataclass(frozen=True)
class UpdateVectors:
    """Puts the given vectors of points and leaves their others alone."""

    ids: IDs
    vectors: VectorColumns
    filter: Optional[Filter] = None

    def write(self, writer: Writer) -> None:
        writer.u8(7)
        writer.optional(self.filter, writer.json)
        count = write_ids(writer, self.ids)
        writer.u8(0)
        write_vectors(writer, self.vectors, count)


@dataclass(frozen=True)
class DeleteVectors:
    """Removes named vectors of points."""

    names: Sequence[str]
    points: Selector

    def write(self, writer: Writer) -> None:
        writer.u8(8)
        writer.list(self.names, writer.text)
        _write_selector(writer, self.points)


@dataclass(frozen=True)
class CreateIndex:
    """Declares a payload index; `schema` is a type's name or an object with options."""

    field: str
    schema: Union[str, Mapping[str, Any]]

    def write(self, writer: Writer) -> None:
        writer.u8(9)
        writer.json({"field_name": self.field, "field_schema": self.schema})


@dataclass(frozen=True)
class DeleteIndex:
    """Removes a payload index."""

    field: str

    def write(self, writer: Writer) -> None:
        writer.u8(10)
        writer.text(self.field)


Operation = Union[
    Upsert, Delete, SetPayload, OverwritePayload, DeletePayloadKeys, ClearPayload, UpdateVectors, DeleteVectors,
    CreateIndex, DeleteIndex,
]


@dataclass(frozen=True)
class Stamp:
    """Who writes, and which of its writes this is: a repeat gets its first answer."""

    producer: uuid.UUID
    sequence: int


def write_update(writer: Writer, wait: bool, timeout_milliseconds: Optional[int], stamp: Optional[Stamp]) -> None:
    """Writes how a change is to be answered."""
    writer.u8(wait << 0 | (timeout_milliseconds is not None) << 1 | (stamp is not None) << 2)
    if timeout_milliseconds is not None:
        writer.count(timeout_milliseconds)
    if stamp is not None:
        writer.uuid(stamp.producer)
        writer.u64(stamp.sequence)


def _write_selector(writer: Writer, points: Selector) -> None:
    if isinstance(points, Mapping):
        writer.u8(1)
        writer.json(points)
    else:
        writer.u8(0)
        write_ids(writer, points)
