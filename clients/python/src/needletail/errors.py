"""What goes wrong, by the codes of the protocol."""

from __future__ import annotations

import enum
import random


class Code(enum.IntEnum):
    """Why a request failed."""

    BAD_REQUEST = 1
    UNAUTHORIZED = 2
    FORBIDDEN = 3
    NOT_FOUND = 4
    METHOD_NOT_ALLOWED = 5
    TIMEOUT = 6
    ALREADY_EXISTS = 7
    PAYLOAD_TOO_LARGE = 8
    VALIDATION = 9
    TOO_MANY_REQUESTS = 10
    NOT_IMPLEMENTED = 11
    INTERNAL_ERROR = 12
    UNAVAILABLE = 13
    INSUFFICIENT_STORAGE = 14


class NeedletailError(Exception):
    """Everything that this package raises by itself."""


class RequestError(NeedletailError):
    """The server's answer that a request failed."""

    def __init__(self, code: int, message: str, retry_milliseconds: int = 0):
        super().__init__(message)
        self.code = Code(code) if code in Code._value2member_map_ else Code.INTERNAL_ERROR
        self.message = message
        self.retry_milliseconds = retry_milliseconds

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed a little later."""
        return self.code in (Code.TOO_MANY_REQUESTS, Code.UNAVAILABLE)


class ConnectionLost(NeedletailError):
    """The connection ended before the answer: what happened to a write is not known."""


class ProtocolError(NeedletailError):
    """The bytes from the server are not the protocol's."""


class FrameTooLarge(NeedletailError):
    """A request has more bytes than the server takes in one frame, or a stream's window holds."""


def retry_pause(failure: Exception, attempt: int) -> float:
    """Seconds before the next attempt: twice as long each time up to 5, at least what the server asks for, and a little
    by chance so that clients part."""
    asked = failure.retry_milliseconds if isinstance(failure, RequestError) else 0
    return max(0.02 * 2 ** min(attempt, 8), asked / 1000) * random.uniform(1, 1.25)
