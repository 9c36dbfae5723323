"""Files of shared memory through which arrays go to the server and back.

A file is locked (flock) as long as it is mapped, so that `sweep` can tell those that were
left by a process that was killed together with its server.
"""

from __future__ import annotations

import mmap
import os
import re
import secrets
import threading
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

try:
    import fcntl
except ImportError:  # there is no shared memory then
    fcntl = None  # type: ignore[assignment]

_ALIGN = 64
_LEAST = 1 << 16
_KEPT = 1 << 25  # the greatest file that is kept for the next request
_SPARES = 4


_PREFIX = "costate-py-"
_NAME = re.compile(re.escape(_PREFIX) + r"[0-9]+-[0-9a-f]{12}")


def _up(n: int) -> int:
    return -(-n // _ALIGN) * _ALIGN


class Arena:
    """A file in a folder of memory, mapped."""

    def __init__(self, folder: str, size: int):
        fd, self.path = _create(folder)
        try:
            # Not only its size: without the memory behind it, writing would kill us.
            os.posix_fallocate(fd, 0, size)
            self.map = mmap.mmap(fd, size)
        except BaseException:
            os.unlink(self.path)
            raise
        finally:
            os.close(fd)
        self.size = size

    def view(self, dtype: str, shape: Tuple[int, ...], offset: int) -> np.ndarray:
        # By frombuffer, which holds the memory: the mapping cannot be closed while a view
        # is used, as it may be by another thread at the end of the process.
        size = int(np.prod(shape, dtype=np.int64))
        return np.frombuffer(self.map, dtype, size, offset).reshape(shape)

    def close(self, unlink: bool = True) -> None:
        try:
            self.map.close()
        except BufferError:
            pass  # a view is alive; its memory goes with it
        if unlink:
            try:
                os.unlink(self.path)
            except OSError:
                pass


def _create(folder: str) -> Tuple[int, str]:
    """Make a file and lock it. The lock is the mapping's, too, whose descriptor is a copy."""
    while True:
        path = os.path.join(folder, f"{_PREFIX}{os.getpid()}-{secrets.token_hex(6)}")
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            if os.fstat(fd).st_nlink:
                return fd, path
        except BaseException:
            os.close(fd)
            os.unlink(path)
            raise
        os.close(fd)  # another process swept it before it was locked


def sweep(folder: str) -> None:
    """Remove the files of this package that nobody has mapped any more."""
    for name in os.listdir(folder):
        if not _NAME.fullmatch(name):
            continue
        path = os.path.join(folder, name)
        try:
            fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue  # of another user, or gone
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)
        except OSError:
            pass  # in use
        finally:
            os.close(fd)


class Arenas:
    """Arenas that wait for the next request."""

    def __init__(self, folder: str):
        self._folder = folder
        self._lock = threading.Lock()
        self._spare: List[Arena] = []
        self._lent: set = set()
        self._retired = False
        if folder:
            sweep(folder)

    def take(self, size: int) -> Optional[Arena]:
        """An arena of at least that size; None if there is no memory for it."""
        if not self._folder:
            return None
        with self._lock:
            for i, a in enumerate(self._spare):
                if a.size >= size:
                    a = self._spare.pop(i)
                    self._lent.add(a)
                    return a
        try:
            a = Arena(self._folder, max(_LEAST, 1 << (size - 1).bit_length()) if size <= _KEPT else _up(size))
        except (OSError, ValueError):
            return None
        with self._lock:
            self._lent.add(a)
        return a

    def give(self, a: Arena) -> None:
        with self._lock:
            self._lent.discard(a)
            if a.size <= _KEPT and not self._retired:
                self._spare.append(a)
                a = self._spare.pop(0) if len(self._spare) > _SPARES else None  # type: ignore[assignment]
        if a is not None:
            a.close()

    def drop(self, a: Arena) -> None:
        with self._lock:
            self._lent.discard(a)
        a.close()

    def retire(self) -> None:
        """Keep none any more: close those that wait now, and those lent when they come back."""
        with self._lock:
            self._retired, spare, self._spare = True, self._spare, []
        for a in spare:
            a.close()

    def abandon(self) -> None:
        """At the end of the process: remove the files of those lent, too."""
        self.retire()
        with self._lock:
            lent = list(self._lent)
        for a in lent:
            a.close()

    def forget(self) -> None:
        """After a fork: the files are the parent's."""
        for a in [*self._spare, *self._lent]:
            a.close(unlink=False)
        self._lock, self._spare, self._lent = threading.Lock(), [], set()


def place(
    arenas: Arenas, arrays: Mapping[str, Tuple[np.ndarray, str]], room: int
) -> Tuple[Optional[Arena], Optional[Dict[str, Any]]]:
    """Write arrays, each with the type that it is to have, into an arena.

    Returns the arena and what the head of the request says of it, or None twice.
    Conversion of type, byte order and strides happens while they are copied.
    """
    if not arrays and not room:
        return None, None
    offsets, size = {}, 0
    for name, (a, _) in arrays.items():
        offsets[name] = size
        size += _up(8 * a.size)
    arena = arenas.take(size + room or 1)
    if arena is None:
        return None, None
    places = {}
    try:
        for name, (a, dtype) in arrays.items():
            np.copyto(arena.view(dtype, a.shape, offsets[name]), a, casting="unsafe")
            places[name] = {"type": dtype, "shape": a.shape, "offset": offsets[name]}
    except BaseException:
        arenas.drop(arena)
        raise
    return arena, {"file": arena.path, "arrays": places, "room": [size, arena.size - size]}
