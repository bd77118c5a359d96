"""Reads and writes float16 matrices as .npy files with the standard library alone."""

import ast
import struct

MAGIC = b"\x93NUMPY\x01\x00"


def read_rows(path):
    """The rows of a [count × dimension] little-endian float16 matrix, each as its bytes."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != MAGIC:
        raise ValueError(f"{path}: not a version 1.0 .npy file")
    start = 10 + struct.unpack_from("<H", data, 8)[0]
    header = ast.literal_eval(data[10:start].decode())
    if header["descr"] != "<f2" or header["fortran_order"] or len(header["shape"]) != 2:
        raise ValueError(f"{path}: not a float16 matrix in C order: {header}")
    count, dimension = header["shape"]
    if len(data) != start + 2 * count * dimension:
        raise ValueError(f"{path}: {len(data)} bytes do not hold {count} × {dimension} float16")
    return [data[start + 2 * dimension * row:start + 2 * dimension * (row + 1)] for row in range(count)]


def write_rows(path, rows):
    """Writes rows as `read_rows` gives them."""
    header = f"{{'descr': '<f2', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0]) // 2}), }}"
    header = header.ljust(128 - 10 - 1) + "\n"
    with open(path, "wb") as file:
        file.write(MAGIC + struct.pack("<H", len(header)) + header.encode() + b"".join(rows))


def floats(row):
    """A row's values."""
    return list(struct.unpack(f"<{len(row) // 2}e", row))
