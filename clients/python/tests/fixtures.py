"""The golden frames, which the Swift tests read and write too."""

from __future__ import annotations

import pathlib

_DIRECTORY = pathlib.Path(__file__).parents[3] / "Tests/VectorModelTests/Wire/Fixtures"


def fixture(name: str) -> bytes:
    """The bytes of a frame or preface."""
    return bytes.fromhex((_DIRECTORY / f"{name}.hex").read_text())


def names(prefix: str) -> set[str]:
    """The names of all fixtures that begin so."""
    return {path.stem for path in _DIRECTORY.glob(f"{prefix}*.hex")}


def crc32c(data: bytes, crc: int = 0) -> int:
    """CRC-32C bit by bit, as its definition has it."""
    crc ^= 0xFFFFFFFF
    for byte in bytes(data):
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
