"""corpus.py <fixtures> <target> <directory>: the golden frames as first inputs of a fuzzer."""

import pathlib
import sys

fixtures, target, directory = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
for path in fixtures.glob("*.hex"):
    frame = bytes.fromhex(path.read_text())
    opcode, flags, body = frame[8:9], frame[9:10], frame[16:]
    if path.stem.startswith("preface"):
        continue
    if target == "FuzzAnswer":
        data = flags + body
    elif target == "FuzzRequest":
        data = opcode + body
    else:
        data = b"\0" + opcode + b"\2" + bytes([min(255, len(body))]) + body[:255]
    (directory / path.stem).write_bytes(data)
