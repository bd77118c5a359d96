"""What the server answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Generic, Iterator, Optional, TypeVar, Union

import numpy as np

from .errors import ProtocolError
from .points import Record, Records, read_records
from .wire import Buffer, PointID, Reader

_STATUSES = ["green", "yellow", "grey", "red"]
_OUTCOMES = ["acknowledged", "completed", "wait_timeout"]


@dataclass(frozen=True)
class UpdateResult:
    """A write's operation in the collection's log."""

    operation_id: int
    status: str


@dataclass(frozen=True)
class ScoredPoint:
    """One point of a search's answer."""

    id: PointID
    score: float
    version: int
    payload: Optional[dict[str, Any]]
    vector: Any


@dataclass
class ScoredPoints:
    """What a search found, best first, as columns. Arrays are views of the bytes that came."""

    records: Records
    #: `[points]` float32.
    scores: np.ndarray
    #: `[points]` uint64: the last operation that touched each point.
    versions: np.ndarray
    #: Languages that the pre-filter kept, where it kept any.
    languages: list[str] = field(default_factory=list)
    #: How the query was answered, where it asked (`explain`).
    explanation: Any = None

    @property
    def ids(self) -> Union[np.ndarray, list[PointID]]:
        """uint64 array where all ids are numbers, a list otherwise."""
        return self.records.ids

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[ScoredPoint]:
        for index, record in enumerate(self.records):
            yield ScoredPoint(
                record.id, float(self.scores[index]), int(self.versions[index]), record.payload, record.vector)


@dataclass
class Page:
    """A part of a collection, and the id that the next one begins with."""

    records: Records
    next_offset: Optional[PointID]


@dataclass(frozen=True)
class Group:
    """Points with one value of the payload."""

    id: Any
    points: ScoredPoints
    lookup: Optional[Record]


@dataclass(frozen=True)
class CollectionInfo:
    """What a collection says of itself; `configuration` is the JSON that HTTP shows."""

    status: str
    optimizer_error: Optional[str]
    points_count: int
    indexed_vectors_count: int
    segments_count: int
    configuration: dict[str, Any]
    indexed_points_counts: list[int]
    warnings: list[str]


Content = TypeVar("Content")


@dataclass
class Answer(Generic[Content]):
    """The content of a result, and what the server says of it."""

    content: Content
    microseconds: int
    languages: list[str]
    #: How the query was answered, where it asked (`explain`).
    explanation: Any = None


def read_answer(body: Buffer, flags: int) -> Answer[Any]:
    """Reads the body of a result."""
    reader = Reader(body)
    microseconds = reader.count()
    languages = reader.list(reader.text) if flags & 1 else []
    explanation = reader.json() if flags & 2 else None
    kind = reader.u8()
    if kind not in _READERS:
        raise ProtocolError(f"an answer of kind {kind}")
    try:
        content = _READERS[kind](reader)
    except (IndexError, StopIteration, ValueError) as error:
        raise ProtocolError(f"an answer of kind {kind} that cannot be read: {error}") from error
    reader.finish()
    if isinstance(content, ScoredPoints):
        content.languages = languages
        content.explanation = explanation
    return Answer(content, microseconds, languages, explanation)


def _read_collection(reader: Reader) -> CollectionInfo:
    return CollectionInfo(
        status=_STATUSES[reader.u8()],
        optimizer_error=reader.optional(reader.text),
        points_count=reader.count(),
        indexed_vectors_count=reader.count(),
        segments_count=reader.count(),
        configuration=reader.json(),
        indexed_points_counts=reader.list(reader.count),
        warnings=reader.list(reader.text),
    )


def _read_aliases(reader: Reader) -> dict[str, str]:
    return dict(reader.list(lambda: (reader.text(), reader.text())))


def _read_update(reader: Reader) -> UpdateResult:
    return UpdateResult(reader.u64(), _OUTCOMES[reader.u8()])


def _read_record(reader: Reader) -> Record:
    return next(iter(read_records(reader)))


def _read_page(reader: Reader) -> Page:
    return Page(read_records(reader), reader.optional(reader.id))


def _read_facet(reader: Reader) -> list[tuple[Any, int]]:
    return reader.list(lambda: (reader.json(), reader.count()))


def _read_points(reader: Reader) -> ScoredPoints:
    records = read_records(reader)
    reader.pad()
    versions = reader.array("<u8", len(records))
    return ScoredPoints(records, reader.array("<f4", len(records)), versions)


def _read_group(reader: Reader) -> Group:
    return Group(reader.json(), _read_points(reader), reader.optional(lambda: _read_record(reader)))


_READERS: dict[int, Callable[[Reader], Any]] = {
    1: Reader.bool,
    2: Reader.bool,
    3: lambda reader: reader.list(reader.text),
    4: _read_collection,
    5: _read_aliases,
    6: _read_update,
    7: lambda reader: reader.list(lambda: _read_update(reader)),
    8: _read_record,
    9: read_records,
    10: _read_page,
    11: Reader.count,
    12: _read_facet,
    13: _read_points,
    14: lambda reader: reader.list(lambda: _read_points(reader)),
    15: lambda reader: reader.list(lambda: _read_group(reader)),
}
