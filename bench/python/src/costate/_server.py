"""Requests to the server, and what it keeps for us.

One server a Python process, started on first use and ended with it. Requests may come
from any thread. Answers are read by a thread of their own, which no signal interrupts, so
that an interrupt leaves the stream whole.
"""

from __future__ import annotations

import atexit
import itertools
import os
import threading
import weakref
from collections import deque
from typing import Any, Deque, Dict, List, Mapping, Optional, Tuple

import numpy as np

from . import _arena, _frame
from ._errors import Cancelled, ServerError, error_of
from ._stream import Stream, program

_PATIENCE = 10.0  # seconds for the answer to a cancelled request

Arrays = Mapping[str, Tuple[np.ndarray, str]]


class _Pending:
    """A request that waits for its answer."""

    __slots__ = ("done", "answered", "head", "archive", "failure")

    def __init__(self) -> None:
        self.done = threading.Lock()
        self.done.acquire()
        self.answered = False
        self.head: Dict[str, Any] = {}
        self.archive = b""
        self.failure: Optional[ServerError] = None


class Server:
    """A running server. Use `current`."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._ids = itertools.count(1)
        self._pending: Dict[int, _Pending] = {}
        self._state = threading.Lock()
        self._dead: Optional[ServerError] = None
        self._unused: Deque[int] = deque()
        self._stream = Stream()
        try:
            greeting, _ = _frame.read(self._stream.read)
        except (OSError, EOFError, ValueError) as e:
            self._stream.close()
            raise ServerError(f"the server of costate could not be started ({e})", self._stream.last_words()) from None
        if greeting.get("costate") != _frame.VERSION:
            self._stream.close()
            raise ServerError(
                f"the server speaks version {greeting.get('costate')} of the protocol, this package {_frame.VERSION}"
            )
        self.greeting = greeting
        folder = greeting.get("shared", "") if hasattr(os, "posix_fallocate") and _arena.fcntl is not None else ""
        self._arenas = _arena.Arenas(folder if os.environ.get("COSTATE_SHARED", "1") != "0" else "")
        self._reader = threading.Thread(target=self._read_answers, name="costate", daemon=True)
        self._reader.start()

    # Beginning and end.

    def close(self) -> None:
        """End the server. What it held is gone."""
        if self.pid != os.getpid():
            return
        self._die(ServerError("the server of costate was closed"))
        self._stream.close()
        self._arenas.abandon()

    def leave(self) -> None:
        """After a fork, in the child: the server is the parent's."""
        self._dead = ServerError("this object belongs to the process that this one was forked from; make it anew here")
        self._state = threading.Lock()
        self._pending = {}
        self._unused.clear()
        self._stream.leave()
        self._arenas.forget()

    def _die(self, why: ServerError) -> None:
        with self._state:
            if self._dead is None:
                self._dead = why
            waiting, self._pending = list(self._pending.values()), {}
        for p in waiting:
            p.failure = self._dead
            p.answered = True
            p.done.release()

    @property
    def alive(self) -> bool:
        return self._dead is None

    # Answers.

    def _read_answers(self) -> None:
        while True:
            try:
                head, archive = _frame.read(self._stream.read)
            except (OSError, EOFError, ValueError) as e:
                break_ = e
                break
            with self._state:
                p = self._pending.pop(head.get("id", 0), None)
            if p is not None:
                p.head, p.archive, p.answered = head, archive, True
                p.done.release()
        how = ""
        if self._dead is None:
            status = self._stream.status()
            how = f" (exit status {status})" if status is not None else f" ({break_})"
        self._die(ServerError(f"the server of costate has ended{how}", self._stream.last_words()))
        self._arenas.retire()

    # Handles that are not used any more.

    def _free_list(self) -> List[int]:
        unused = []
        while self._unused:
            try:
                unused.append(self._unused.popleft())
            except IndexError:
                break
        return unused

    def free(self, handle: int) -> None:
        """Give a handle up. Called by finalizers, at any moment of any thread."""
        if self.pid != os.getpid() or self._dead is not None:
            return
        self._unused.append(handle)
        # Where somebody is writing, maybe the thread that this one interrupts, the
        # handle goes with the next request.
        if self._stream.writing.acquire(blocking=False):
            try:
                unused = self._free_list()
                for i in range(0, len(unused), 200):
                    self._stream.write(_frame.pack({"op": "free", "free": unused[i : i + 200]}, {}), [])
            except OSError:
                pass
            finally:
                self._stream.writing.release()

    # Requests.

    def request(self, op: str, fields: Mapping[str, Any], arrays: Arrays, room: int = 0) -> Tuple[dict, Dict[str, np.ndarray]]:
        """Ask, and wait for the answer: its head and its arrays.

        `arrays` are with the types that they are sent as; `room` is how many bytes
        the arrays of the answer will have.
        """
        if self._dead is not None:
            raise self._fresh(self._dead)
        number = next(self._ids)
        head: Dict[str, Any] = {"id": number, "op": op, **fields}
        arena: Optional[_arena.Arena] = None
        sent: List[int] = []
        settled = False
        try:
            arena, shared = _arena.place(self._arenas, arrays, room and room + 1024)
            if self._unused:
                head["free"] = self._free_list()
            if shared is not None:
                head["shared"] = shared
                frame = _frame.pack(head, {})
            else:
                frame = _frame.pack(head, {k: np.asarray(a, dtype, order="C") for k, (a, dtype) in arrays.items()})
            pending = self._ask(number, frame, sent)
            if pending.failure is not None:
                raise self._fresh(pending.failure)
            settled = True
            answer = pending.head
            if not answer.get("ok"):
                raise error_of(answer.get("error", {}))
            out = _frame.unpack(pending.archive)
            for name, p in (answer.get("arrays") or {}).items():
                out[name] = arena.view(p["type"], tuple(p["shape"]), p["offset"]).copy()  # type: ignore[union-attr]
        finally:
            if not sent:
                self._unused.extend(head.get("free", ()))
            if arena is not None and settled:
                self._arenas.give(arena)
            elif arena is not None:
                # The server may still look at it.
                self._arenas.drop(arena)
        return answer, out

    @staticmethod
    def _fresh(e: ServerError) -> ServerError:
        copy = ServerError(str(e))
        copy.output = e.output
        return copy

    def _ask(self, number: int, frame: bytes, sent: List[int]) -> _Pending:
        pending = _Pending()
        try:
            with self._state:
                if self._dead is not None:
                    pending.failure = self._dead
                    return pending
                self._pending[number] = pending
            try:
                self._stream.send(frame, sent)
            except OSError:
                # The reader finds out why, and fails what is pending.
                pass
            pending.done.acquire()
        except BaseException:
            # An interrupt. The server knows of nothing to cancel where nothing was
            # sent, and else answers at once.
            try:
                if sent and not pending.answered:
                    self._stream.send(_frame.pack({"op": "cancel", "cancel": number}, {}), [])
                    pending.done.acquire(timeout=_PATIENCE)
            except OSError:
                pass
            finally:
                with self._state:
                    self._pending.pop(number, None)
            raise
        return pending


class Handle:
    """A number under which the server keeps something, as long as `owner` lives."""

    def __init__(self, server: Server, number: int, owner: Any):
        self.server = server
        self.number = number
        self._finalizer = weakref.finalize(owner, server.free, number)
        self._finalizer.atexit = False

    def request(self, op: str, fields: Mapping[str, Any] = {}, arrays: Arrays = {}, room: int = 0) -> Tuple[dict, Dict[str, np.ndarray]]:
        if not self._finalizer.alive:
            raise ServerError("this object was closed")
        return self.server.request(op, {"handle": self.number, **fields}, arrays, room)

    def close(self) -> None:
        self._finalizer()

    def __reduce__(self) -> Any:
        raise TypeError("what the server of costate holds can be neither copied nor pickled; make it anew from the model or the matrix")


_lock = threading.Lock()
_current: Optional[Server] = None


def current() -> Server:
    """The server of this process, started if there is none."""
    global _current
    s = _current
    if s is not None and s.alive:
        return s
    with _lock:
        if _current is None or not _current.alive:
            _current = Server()
        return _current


def shutdown() -> None:
    """End the server of this process, if there is one; the next use starts another.

    Objects made before can then only be thrown away.
    """
    global _current
    with _lock:
        s, _current = _current, None
    if s is not None:
        s.close()


def _in_child() -> None:
    global _current, _lock
    s, _current = _current, None
    _lock = threading.Lock()
    if s is not None:
        s.leave()


atexit.register(shutdown)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)

__all__ = ["Server", "Handle", "current", "shutdown", "program", "Cancelled"]
