"""A client of the Needletail vector database over its binary protocol: numpy in and out, without copies."""

from . import requests
from .answers import Answer, CollectionInfo, Group, Page, ScoredPoint, ScoredPoints, UpdateResult
from .client import Client
from .errors import Code, ConnectionLost, FrameTooLarge, NeedletailError, ProtocolError, RequestError
from .operations import (
    ClearPayload, CreateIndex, Delete, DeleteIndex, DeletePayloadKeys, DeleteVectors, OverwritePayload, SetPayload,
    Stamp, UpdateVectors, Upsert,
)
from .points import Record, Records, SparseVector
from .queries import (
    DBSF, RRF, Context, Discover, Exclude, Formula, Grouping, Instant, Lookup, Nearest, OrderBy, Parameters, Prefetch,
    Recommend, Sample, Search,
)
from .stream import IngestStream

__version__ = "0.1.0"

__all__ = [
    "Answer", "ClearPayload", "Client", "Code", "CollectionInfo", "ConnectionLost", "Context", "CreateIndex", "DBSF",
    "Delete", "DeleteIndex", "DeletePayloadKeys", "DeleteVectors", "Discover", "Exclude", "Formula", "FrameTooLarge",
    "Group", "Grouping", "IngestStream", "Instant", "Lookup", "Nearest", "NeedletailError", "OrderBy",
    "OverwritePayload", "Page", "Parameters", "Prefetch", "ProtocolError", "RRF", "Recommend", "Record", "Records",
    "RequestError", "Sample", "ScoredPoint", "ScoredPoints", "Search", "SetPayload", "SparseVector", "Stamp",
    "UpdateResult", "UpdateVectors", "Upsert", "requests",
]
