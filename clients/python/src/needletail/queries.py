"""What a search can say, and its bytes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Sequence, Union, cast

import numpy as np

from .points import SparseVector, Vector, point_id, write_vector
from .wire import Writer

Filter = Mapping[str, Any]
#: A vector, or the id of a point whose vector is meant. A list of numbers is a vector, text is a UUID.
Example = Union[Vector, int, str, uuid.UUID]
#: True for everything, False for nothing, or the names or paths.
Selection = Union[bool, Sequence[str]]


@dataclass(frozen=True)
class Exclude:
    """Everything of a payload but these paths."""

    paths: Sequence[str]


@dataclass(frozen=True)
class Nearest:
    """The nearest points, diverse where `diversity` is given (maximal marginal relevance, 0…1)."""

    example: Example
    diversity: Optional[float] = None
    candidates_limit: Optional[int] = None


@dataclass(frozen=True)
class Recommend:
    """Points like some and unlike others; `strategy` is average_vector, best_score or sum_scores."""

    positive: Sequence[Example]
    negative: Sequence[Example] = ()
    strategy: str = "average_vector"


@dataclass(frozen=True)
class Discover:
    """Points near a target, on the positive side of each pair."""

    target: Example
    context: Sequence[tuple[Example, Example]] = ()


@dataclass(frozen=True)
class Context:
    """Points on the positive side of each pair."""

    pairs: Sequence[tuple[Example, Example]]


@dataclass(frozen=True)
class OrderBy:
    """Points in the order of a payload value; `start_from` is a number, or microseconds since 1970 as `Instant`."""

    key: str
    descending: bool = False
    start_from: Union[int, float, "Instant", None] = None


@dataclass(frozen=True)
class Instant:
    """A point in time."""

    microseconds: int


@dataclass(frozen=True)
class Sample:
    """Random points."""


@dataclass(frozen=True)
class RRF:
    """Reciprocal rank fusion of the prefetches."""

    k: int = 2
    weights: Optional[Sequence[float]] = None


@dataclass(frozen=True)
class DBSF:
    """Distribution-based score fusion of the prefetches."""


@dataclass(frozen=True)
class Formula:
    """A score computed of the prefetches' scores and payload values."""

    formula: Any
    defaults: Optional[Mapping[str, Any]] = None


Query = Union[Nearest, Recommend, Discover, Context, OrderBy, Sample, RRF, DBSF, Formula, Example]


@dataclass(frozen=True)
class Parameters:
    """How to search. `language` is None for that of the examples, "any", or languages."""

    ef: Optional[int] = None
    exact: bool = False
    indexed_only: bool = False
    ignore_quantization: bool = False
    rescore: Optional[bool] = None
    oversampling: Optional[float] = None
    language: Union[str, Sequence[str], None] = None
    explain: bool = False


@dataclass(frozen=True)
class Lookup:
    """The collection and vector whose ids are meant by the examples."""

    collection: str
    vector: str = ""


@dataclass(frozen=True)
class Prefetch:
    """Candidates of a search."""

    query: Optional[Query] = None
    limit: int = 10
    using: str = ""
    filter: Optional[Filter] = None
    parameters: Parameters = Parameters()
    score_threshold: Optional[float] = None
    lookup: Optional[Lookup] = None
    prefetch: Sequence["Prefetch"] = ()


@dataclass(frozen=True)
class Grouping:
    """Groups instead of points."""

    group_by: str
    group_size: int = 3
    lookup_collection: Optional[str] = None
    lookup_payload: Union[Selection, Exclude] = True
    lookup_vectors: Selection = False


@dataclass(frozen=True)
class Search(Prefetch):
    """One search."""

    offset: int = 0
    with_payload: Union[Selection, Exclude] = False
    with_vectors: Selection = False
    timeout_milliseconds: Optional[int] = None
    grouping: Optional[Grouping] = field(default=None)


# Bytes


def write_search(writer: Writer, search: Search) -> None:
    """Writes one search."""
    parts = _shared_parts(search)
    if search.timeout_milliseconds is not None:
        parts |= 1 << 7
    if search.grouping is not None:
        parts |= 1 << 8
    writer.u16(parts)
    writer.count(search.limit)
    writer.count(search.offset)
    write_payload_selection(writer, search.with_payload)
    write_vector_selection(writer, search.with_vectors)
    _write_shared(writer, search)
    if search.timeout_milliseconds is not None:
        writer.count(search.timeout_milliseconds)
    if search.grouping is not None:
        _write_grouping(writer, search.grouping)


def _write_prefetch(writer: Writer, prefetch: Prefetch) -> None:
    writer.u16(_shared_parts(prefetch))
    writer.count(prefetch.limit)
    _write_shared(writer, prefetch)


def _shared_parts(search: Prefetch) -> int:
    present = [
        len(search.prefetch) > 0,
        search.query is not None,
        search.using != "",
        search.filter is not None,
        search.parameters != Parameters(),
        search.score_threshold is not None,
        search.lookup is not None,
    ]
    return sum(1 << bit for bit, is_present in enumerate(present) if is_present)


def _write_shared(writer: Writer, search: Prefetch) -> None:
    if len(search.prefetch) > 0:
        writer.list(search.prefetch, lambda prefetch: _write_prefetch(writer, prefetch))
    if search.query is not None:
        _write_query(writer, search.query)
    if search.using != "":
        writer.text(search.using)
    if search.filter is not None:
        writer.json(search.filter)
    if search.parameters != Parameters():
        _write_parameters(writer, search.parameters)
    if search.score_threshold is not None:
        writer.f32(search.score_threshold)
    if search.lookup is not None:
        writer.text(search.lookup.collection)
        writer.text(search.lookup.vector)


def _write_query(writer: Writer, query: Query) -> None:
    if isinstance(query, Nearest):
        writer.u8(1 if query.diversity is None else 2)
        _write_example(writer, query.example)
        if query.diversity is not None:
            writer.f32(query.diversity)
            writer.optional(query.candidates_limit, writer.count)
    elif isinstance(query, Recommend):
        writer.u8(3)
        writer.u8(["average_vector", "best_score", "sum_scores"].index(query.strategy))
        writer.list(query.positive, lambda example: _write_example(writer, example))
        writer.list(query.negative, lambda example: _write_example(writer, example))
    elif isinstance(query, Discover):
        writer.u8(4)
        _write_example(writer, query.target)
        _write_pairs(writer, query.context)
    elif isinstance(query, Context):
        writer.u8(5)
        _write_pairs(writer, query.pairs)
    elif isinstance(query, OrderBy):
        writer.u8(6)
        write_order(writer, query)
    elif isinstance(query, Sample):
        writer.u8(7)
    elif isinstance(query, RRF):
        writer.u8(8)
        writer.count(query.k)
        writer.optional(query.weights, lambda weights: writer.list(weights, writer.f32))
    elif isinstance(query, DBSF):
        writer.u8(9)
    elif isinstance(query, Formula):
        writer.u8(10)
        writer.json(query.formula)
        writer.optional(query.defaults, writer.json)
    else:
        writer.u8(1)
        _write_example(writer, query)


def _write_example(writer: Writer, example: Example) -> None:
    if isinstance(example, (str, uuid.UUID)):
        writer.u8(0)
        writer.id(point_id(example))
    elif isinstance(example, (int, np.integer)):
        writer.u8(0)
        writer.id(point_id(int(example)))
    elif isinstance(example, (SparseVector, np.ndarray, Sequence)):
        writer.u8(1)
        write_vector(writer, cast(Vector, example))
    else:
        raise TypeError(f"a {type(example).__name__} is neither a vector nor a point id")


def _write_pairs(writer: Writer, pairs: Sequence[tuple[Example, Example]]) -> None:
    writer.count(len(pairs))
    for positive, negative in pairs:
        _write_example(writer, positive)
        _write_example(writer, negative)


def write_order(writer: Writer, order: OrderBy) -> None:
    """Writes what points are ordered by."""
    writer.text(order.key)
    writer.bool(order.descending)
    writer.bool(order.start_from is not None)
    if isinstance(order.start_from, Instant):
        writer.u8(3)
        writer.i64(order.start_from.microseconds)
    elif isinstance(order.start_from, float):
        writer.u8(2)
        writer.f64(order.start_from)
    elif order.start_from is not None:
        writer.u8(1)
        writer.i64(order.start_from)


def _write_parameters(writer: Writer, parameters: Parameters) -> None:
    flags = 0
    for bit, is_set in enumerate([
        parameters.ef is not None, parameters.exact, parameters.indexed_only, parameters.ignore_quantization,
        parameters.rescore is not None, bool(parameters.rescore), parameters.oversampling is not None,
        parameters.explain,
    ]):
        flags |= is_set << bit
    writer.u8(flags)
    if parameters.ef is not None:
        writer.count(parameters.ef)
    if parameters.oversampling is not None:
        writer.f64(parameters.oversampling)
    if parameters.language is None:
        writer.u8(0)
    elif parameters.language == "any":
        writer.u8(1)
    else:
        languages = [parameters.language] if isinstance(parameters.language, str) else parameters.language
        writer.u8(2)
        writer.list(languages, writer.text)


def _write_grouping(writer: Writer, grouping: Grouping) -> None:
    writer.text(grouping.group_by)
    writer.count(grouping.group_size)
    writer.bool(grouping.lookup_collection is not None)
    if grouping.lookup_collection is not None:
        writer.text(grouping.lookup_collection)
        write_payload_selection(writer, grouping.lookup_payload)
        write_vector_selection(writer, grouping.lookup_vectors)


def write_payload_selection(writer: Writer, selection: Union[Selection, Exclude]) -> None:
    """Writes which parts of payloads an answer carries."""
    if isinstance(selection, bool):
        writer.u8(1 if selection else 0)
    elif isinstance(selection, Exclude):
        writer.u8(3)
        writer.list(selection.paths, writer.text)
    else:
        writer.u8(2)
        writer.list(selection, writer.text)


def write_vector_selection(writer: Writer, selection: Selection) -> None:
    """Writes which vectors an answer carries."""
    if isinstance(selection, bool):
        writer.u8(1 if selection else 0)
    else:
        writer.u8(2)
        writer.list(selection, writer.text)
