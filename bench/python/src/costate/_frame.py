"""Messages as bytes: a head (JSON) and an archive (.npz). See PROTOCOL.md."""

from __future__ import annotations

import io
import json
import math
import struct
from typing import Any, Callable, Dict, Mapping, Tuple

import numpy as np

from ._errors import InputError

VERSION = 1
_HEADER = struct.Struct("<4sIQ")
_MAGIC = b"cst1"


def pack(head: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """The frame of a message. What a head asks for must be finite."""
    for name, value in head.items():
        for v in value if isinstance(value, list) else [value]:
            if isinstance(v, float) and not math.isfinite(v):
                raise InputError(f"{name} is {v}; it must be finite")
    text = json.dumps(head, separators=(",", ":"), allow_nan=False).encode()
    archive = b""
    if arrays:
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        archive = buffer.getvalue()
    return _HEADER.pack(_MAGIC, len(text), len(archive)) + text + archive


def read(read_exactly: Callable[[int], bytes]) -> Tuple[Dict[str, Any], bytes]:
    """Read one frame: its head, and its archive as bytes."""
    magic, head, archive = _HEADER.unpack(read_exactly(_HEADER.size))
    if magic != _MAGIC:
        raise ValueError(f"an answer begins with {magic!r}, not {_MAGIC!r}")
    text = read_exactly(head)
    return json.loads(text), read_exactly(archive) if archive else b""


def unpack(archive: bytes) -> Dict[str, np.ndarray]:
    """The arrays of an archive."""
    if not archive:
        return {}
    with np.load(io.BytesIO(archive), allow_pickle=False) as z:
        return {name: z[name] for name in z.files}
