"""Arrays and a header as bytes: versioned, with a checksum, and written to files whole or not at all."""

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InvalidArgument

__all__ = ["frame", "unframe", "write_whole"]

_MAGIC = b"sparsetheory.ldp\x001\n"
_KINDS = ("<i8", "<i4", "|S16")


def frame(kind: str, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """Return bytes: magic and version, length of the header, header, arrays in little-endian order, SHA-256 of all."""
    little = {name: np.ascontiguousarray(a, dtype=a.dtype.newbyteorder("<")) for name, a in arrays.items()}
    layout = [[name, a.dtype.str, list(a.shape)] for name, a in little.items()]
    head = json.dumps({"kind": kind, "arrays": layout, "header": header}, sort_keys=True).encode()
    body = b"".join([_MAGIC, len(head).to_bytes(8, "little"), head, *(a.tobytes() for a in little.values())])
    return body + hashlib.sha256(body).digest()


def unframe(kind: str, data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return header and arrays of what `frame` wrote; raises `InvalidArgument` for anything else."""
    data = bytes(data)
    body, digest = data[:-32], data[-32:]
    if not body.startswith(_MAGIC):
        raise InvalidArgument("data", f"bytes of a {kind} of this version", f"{data[:24]!r}...")
    if hashlib.sha256(body).digest() != digest:
        raise InvalidArgument("data", "bytes as they were written", "a checksum that does not match")
    start = len(_MAGIC) + 8
    stop = start + int.from_bytes(body[len(_MAGIC) : start], "little")
    head = json.loads(body[start:stop])
    if head["kind"] != kind:
        raise InvalidArgument("data", f"bytes of a {kind}", f"bytes of a {head['kind']}")
    arrays = {}
    for name, dtype, shape in head["arrays"]:
        if dtype not in _KINDS:
            raise InvalidArgument("data", "integers", dtype)
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(body, dtype=dtype, count=count, offset=stop).reshape(shape)
        stop += count * np.dtype(dtype).itemsize
    return head["header"], arrays


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file that is never seen half written: a neighbour first, then renamed over it."""
    path = Path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
