"""Columns of points: how ids, payloads and vectors go over the wire and come back as numpy arrays."""

from __future__ import annotations

import json
import operator
import uuid
from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Optional, Sequence, Union

import numpy as np

from .errors import ProtocolError
from .wire import PointID, Reader, Writer, encode_json

_ABSENT = 0xFFFFFFFF
_DENSE, _HALVES, _BYTES, _BITS, _SPARSE, _MULTI = 1, 2, 3, 4, 5, 6
#: What stands for the elements of dense vectors in arrays; all other types are sent as float32.
_DTYPES = {_DENSE: "<f4", _HALVES: "<f2", _BYTES: "u1", _BITS: "?"}


@dataclass(frozen=True)
class SparseVector:
    """Ascending, distinct indices and as many values."""

    indices: Union[Sequence[int], np.ndarray]
    values: Union[Sequence[float], np.ndarray]


#: One vector: `[dimension]` numbers, `[rows × dimension]` numbers of a multivector, or a sparse one. Arrays of
#: float16, uint8 and bool are sent as such, and come back so from collections whose vectors are that.
Vector = Union[Sequence[float], np.ndarray, SparseVector]
#: The vectors of one point: the unnamed one alone, or by name.
PointVectors = Union[Vector, Mapping[str, Vector]]
#: The vectors of many points: `[points × dimension]` numbers, such arrays by name, or a list with one entry a point.
VectorColumns = Union[np.ndarray, Mapping[str, np.ndarray], Sequence[Optional[PointVectors]]]
#: Ids of many points: an integer array, or a list of integers and UUIDs (as such or as text).
IDs = Union[np.ndarray, Sequence[Union[int, str, uuid.UUID]], range]
#: A JSON object as a dictionary or its text as bytes; None is none.
Payload = Union[Mapping[str, Any], bytes, None]


def point_id(value: Union[int, str, uuid.UUID]) -> PointID:
    """An id as the protocol has it."""
    if isinstance(value, str):
        return uuid.UUID(value)
    if isinstance(value, uuid.UUID):
        return value
    try:
        number = operator.index(value)
    except TypeError as error:
        raise TypeError(f"{value!r} is no point id: it must be an integer or a UUID") from error
    if not 0 <= number < 1 << 64:
        raise ValueError(f"{number} is no point id: it must be from 0 to {(1 << 64) - 1}, or a UUID")
    return number


# Writing


def write_ids(writer: Writer, ids: IDs) -> int:
    """Writes the count and the ids, and returns how many there are."""
    if isinstance(ids, np.ndarray) and ids.dtype.kind in "iu":
        if ids.ndim != 1:
            raise ValueError(f"ids have {ids.ndim} dimensions, they must have one")
        if ids.size and ids.dtype.kind == "i" and int(ids.min()) < 0:
            raise ValueError(f"{int(ids.min())} is no point id: it must not be negative")
        writer.count(len(ids))
        _write_numbers(writer, np.ascontiguousarray(ids, dtype="<u8"))
        return len(ids)
    points = [point_id(value) for value in ids]
    writer.count(len(points))
    uuids = sum(isinstance(value, uuid.UUID) for value in points)
    if uuids == 0:
        _write_numbers(writer, np.array(points, dtype="<u8"))
    elif uuids == len(points):
        writer.u8(1)
        writer.pad()
        writer.raw(b"".join(value.bytes for value in points if isinstance(value, uuid.UUID)))
    else:
        writer.u8(2)
        for value in points:
            writer.id(value)
    return len(points)


def _write_numbers(writer: Writer, numbers: np.ndarray) -> None:
    writer.u8(0)
    writer.pad()
    writer.array(numbers)


def write_payloads(writer: Writer, payloads: Optional[Sequence[Payload]], count: int) -> None:
    """Writes the column of payloads; None is no payload at all."""
    if payloads is None or all(payload is None for payload in payloads):
        writer.u8(0)
        return
    if len(payloads) != count:
        raise ValueError(f"{len(payloads)} payloads for {count} points")
    texts = [b"" if payload is None else encode_json(payload) for payload in payloads]
    lengths = np.fromiter(map(len, texts), dtype="<u4", count=count)
    for index, payload in enumerate(payloads):
        if payload is None:
            lengths[index] = _ABSENT
    writer.u8(1)
    writer.pad()
    writer.array(lengths)
    writer.raw(b"".join(texts))


def write_vectors(writer: Writer, vectors: VectorColumns, count: int) -> None:
    """Writes the column of vectors; arrays of float32, float16 and uint8 are sent from where they are."""
    if isinstance(vectors, np.ndarray):
        vectors = {"": vectors}
    if isinstance(vectors, Mapping):
        writer.u8(1)
        writer.count(len(vectors))
        for name, matrix in vectors.items():
            _write_matrix(writer, name, np.asarray(matrix), count)
        return
    if len(vectors) != count:
        raise ValueError(f"{len(vectors)} vectors for {count} points")
    uniform = _uniform(vectors)
    if uniform is not None:
        writer.u8(1)
        writer.count(1)
        _write_matrix(writer, "", uniform, count)
        return
    writer.u8(2)
    for entry in vectors:
        writer.optional(entry, lambda value: write_named_vectors(writer, value))


def _uniform(vectors: Sequence[Optional[PointVectors]]) -> Optional[np.ndarray]:
    """The vectors as one array where all are unnamed, dense and of one dimension."""
    if not vectors or any(entry is None or isinstance(entry, (Mapping, SparseVector)) for entry in vectors):
        return None
    types = {getattr(entry, "dtype", None) for entry in vectors}
    try:
        matrix = np.array(vectors, dtype=(types.pop() if len(types) == 1 else None) or "<f4")
    except ValueError:
        return None
    return matrix if matrix.ndim == 2 and matrix.shape[1] > 0 else None


def _tagged(values: np.ndarray) -> tuple[int, np.ndarray]:
    """A tag, and the numbers in memory as it wants them."""
    for tag, dtype in _DTYPES.items():
        if values.dtype == np.dtype(dtype):
            return tag, np.ascontiguousarray(values)
    return _DENSE, np.ascontiguousarray(values, dtype="<f4")


def _elements(tag: int, values: np.ndarray) -> np.ndarray:
    """The bytes of dense vectors, those of each row of bits whole."""
    return np.packbits(values, axis=-1, bitorder="little") if tag == _BITS else values


def _read_dense(reader: Reader, tag: int, rows: int, dimension: int) -> np.ndarray:
    """`[rows × dimension]` numbers behind their tag and dimension."""
    if tag == _BITS:
        size = (dimension + 7) // 8
        packed = reader.array("u1", rows * size).reshape(rows, size)
        return np.unpackbits(packed, axis=-1, count=dimension, bitorder="little").astype(bool)
    return reader.array(_DTYPES[tag], rows * dimension).reshape(rows, dimension)


def _write_matrix(writer: Writer, name: str, matrix: np.ndarray, count: int) -> None:
    if matrix.ndim != 2 or len(matrix) != count:
        raise ValueError(f"vectors `{name}` have the shape {matrix.shape}, it must be ({count}, dimension)")
    tag, matrix = _tagged(matrix)
    writer.text(name)
    writer.u8(tag)
    writer.count(matrix.shape[1])
    writer.pad()
    writer.array(_elements(tag, matrix).reshape(-1))


def write_named_vectors(writer: Writer, vectors: PointVectors) -> None:
    """Writes the vectors of one point."""
    named: Mapping[str, Vector] = vectors if isinstance(vectors, Mapping) else {"": vectors}
    writer.count(len(named))
    for name, vector in named.items():
        writer.text(name)
        write_vector(writer, vector)


def write_vector(writer: Writer, vector: Vector) -> None:
    """Writes one vector with its tag."""
    if isinstance(vector, SparseVector):
        indices = np.ascontiguousarray(vector.indices, dtype="<u4")
        values = np.ascontiguousarray(vector.values, dtype="<f4")
        if indices.shape != values.shape or indices.ndim != 1:
            raise ValueError(f"a sparse vector of {indices.size} indices and {values.size} values")
        writer.u8(_SPARSE)
        writer.count(len(indices))
        writer.array(indices)
        writer.array(values)
        return
    values = np.asarray(vector)
    if values.ndim not in (1, 2):
        raise ValueError(f"a vector has {values.ndim} dimensions, it must have one or two")
    if values.ndim == 2:
        values = np.ascontiguousarray(values, dtype="<f4")
        writer.u8(_MULTI)
        writer.count(values.shape[1])
        writer.count(values.size)
        writer.array(values.reshape(-1))
        return
    tag, values = _tagged(values)
    writer.u8(tag)
    writer.count(values.size)
    writer.array(_elements(tag, values))


# Reading


@dataclass(frozen=True)
class Record:
    """One point as it is read."""

    id: PointID
    payload: Optional[dict[str, Any]]
    #: The unnamed vector alone, or vectors by name; None where none were asked for.
    vector: Any
    #: What the point was ordered by, where it was.
    order_value: Union[int, float, None] = None


@dataclass
class Records:
    """Points as columns. Arrays are views of the bytes that came."""

    #: uint64 array where all ids are numbers, a list otherwise.
    ids: Union[np.ndarray, list[PointID]]
    #: The payloads' JSON texts, or None where none were asked for.
    payload_texts: Optional[list[Optional[memoryview]]]
    #: `[points × dimension]` arrays of float32, float16, uint8 or bool by name, or one entry a point where their shapes differ, or None.
    vectors: Union[dict[str, np.ndarray], list[Any], None]
    order_values: Optional[list[Union[int, float, None]]] = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def payloads(self) -> list[Optional[dict[str, Any]]]:
        """The payloads, read from their texts."""
        if self.payload_texts is None:
            return [None] * len(self)
        return [None if text is None else json.loads(bytes(text) or b"{}") for text in self.payload_texts]

    def __iter__(self) -> Iterator[Record]:
        payloads = self.payloads
        for index in range(len(self)):
            order = self.order_values[index] if self.order_values else None
            yield Record(self.id(index), payloads[index], self.vector(index), order)

    def id(self, index: int) -> PointID:
        """One point's id."""
        value = self.ids[index]
        return value if isinstance(value, uuid.UUID) else int(value)

    def vector(self, index: int) -> Any:
        """One point's vectors: the unnamed one alone, or by name."""
        if self.vectors is None or isinstance(self.vectors, list):
            return None if self.vectors is None else self.vectors[index]
        named = {name: matrix[index] for name, matrix in self.vectors.items()}
        return named[""] if list(named) == [""] else named


def read_records(reader: Reader) -> Records:
    """Reads columns and what the points were ordered by."""
    count = reader.count()
    ids = _read_ids(reader, count)
    payloads = _read_payloads(reader, count)
    records = Records(ids, payloads, _read_vectors(reader, count))
    if reader.bool():
        records.order_values = [reader.optional(lambda: read_order_value(reader)) for _ in range(count)]
    return records


def read_order_value(reader: Reader) -> Union[int, float]:
    """An integer, a float, or an instant in microseconds since 1970."""
    return reader.f64() if reader.u8() == 2 else reader.i64()


def _read_ids(reader: Reader, count: int) -> Union[np.ndarray, list[PointID]]:
    kind = reader.u8()
    if kind == 2:
        return [reader.id() for _ in range(count)]
    reader.pad()
    return reader.array("<u8", count) if kind == 0 else [reader.uuid() for _ in range(count)]


def _read_payloads(reader: Reader, count: int) -> Optional[list[Optional[memoryview]]]:
    if reader.u8() == 0:
        return None
    reader.pad()
    lengths = reader.array("<u4", count).tolist()
    return [None if length == _ABSENT else reader.raw(length) for length in lengths]


def _read_vectors(reader: Reader, count: int) -> Union[dict[str, np.ndarray], list[Any], None]:
    kind = reader.u8()
    if kind == 0:
        return None
    if kind == 2:
        return [reader.optional(lambda: _read_named_vectors(reader)) for _ in range(count)]
    columns = {}
    for _ in range(reader.count()):
        name = reader.text()
        tag = reader.u8()
        if tag not in _DTYPES:
            raise ProtocolError("a column of vectors that are not dense")
        dimension = reader.count()
        reader.pad()
        columns[name] = _read_dense(reader, tag, count, dimension)
    return columns


def _read_named_vectors(reader: Reader) -> Any:
    named = {}
    for _ in range(reader.count()):
        name = reader.text()
        named[name] = read_vector(reader)
    return named[""] if list(named) == [""] else named


def read_vector(reader: Reader) -> Union[np.ndarray, SparseVector]:
    """One vector with its tag."""
    tag = reader.u8()
    if tag in _DTYPES:
        return _read_dense(reader, tag, 1, reader.count())[0]
    if tag == _SPARSE:
        count = reader.count()
        indices = reader.array("<u4", count)
        return SparseVector(indices, reader.array("<f4", count))
    if tag == _MULTI:
        dimension = reader.count()
        return reader.array("<f4", reader.count()).reshape(-1, dimension)
    raise ProtocolError(f"a vector of type {tag}")

