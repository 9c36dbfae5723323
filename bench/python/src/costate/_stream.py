"""The stream of bytes to a server: a process of ours, or a socket of one that runs."""

from __future__ import annotations

import _thread
import os
import socket
import subprocess
import tempfile
import threading
from typing import Any, List, Optional

from ._errors import ServerError

_PIPE_BUF = 4096  # so many bytes go into a pipe at once or not at all
_LAST_WORDS = 4000  # bytes of what the server said that an exception has
_FAREWELL = 2.0  # seconds for the server to end after its input has


def program() -> str:
    """The path of the program that is the server."""
    path = os.environ.get("COSTATE_PROGRAM", "")
    if path:
        return path
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_bin", "costate")
    for p in (path, path + ".exe"):
        if os.path.exists(p):
            return p
    raise ServerError(f"the program {path} is missing: install the package (pip install ./bench/python), or name it in COSTATE_PROGRAM")


class Stream:
    """Begun where it is made: what COSTATE_SERVER names, or a process."""

    def __init__(self) -> None:
        self.writing = threading.Lock()
        self._process: Optional[subprocess.Popen] = None
        self._socket: Optional[socket.socket] = None
        self._words: Any = None
        address = os.environ.get("COSTATE_SERVER", "")
        if address:
            self._connect(address)
        else:
            self._start()

    # Beginning and end.

    def _start(self) -> None:
        self._words = tempfile.TemporaryFile()
        command = [program(), "serve", *os.environ.get("COSTATE_FLAGS", "").split()]
        try:
            # A session of its own: Ctrl-C is for us, not for the server.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as e:
            raise ServerError(f"the server of costate could not be started: {e}") from None
        self._rfd, self._wfd = self._process.stdout.fileno(), self._process.stdin.fileno()  # type: ignore[union-attr]

    def _connect(self, address: str) -> None:
        if not address.startswith("unix:"):
            raise ServerError(f"COSTATE_SERVER is {address!r}; it must be unix:PATH")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(address[len("unix:") :])
        except OSError as e:
            self._socket.close()
            raise ServerError(f"no server of costate at {address}: {e}") from None
        self._rfd = self._wfd = self._socket.fileno()

    def last_words(self) -> str:
        """The end of what the process wrote to its standard error."""
        if self._words is None:
            return ""
        try:
            size = os.fstat(self._words.fileno()).st_size
            return os.pread(self._words.fileno(), _LAST_WORDS, max(0, size - _LAST_WORDS)).decode(errors="replace").strip()
        except (OSError, ValueError):
            return ""

    def status(self) -> Optional[int]:
        """The exit status of a process that has ended; None of another one, or a socket."""
        if self._process is None:
            return None
        try:
            return self._process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            return None

    def close(self) -> None:
        """End the stream, which ends the process."""
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self._socket.close()
        if self._process is not None:
            try:
                self._process.stdin.close()  # type: ignore[union-attr]
            except OSError:
                pass
            if self.status() is None:
                self._process.kill()
                self._process.wait()

    def leave(self) -> None:
        """After a fork, in the child: the stream is the parent's."""
        self.writing = threading.Lock()
        if self._process is not None:
            for f in (self._process.stdin, self._process.stdout):
                f.close()  # type: ignore[union-attr]
            self._process.returncode = 0  # not our child: nothing to wait for
        if self._socket is not None:
            self._socket.close()

    # Reading.

    def read(self, n: int) -> bytes:
        """n bytes, or EOFError."""
        data = os.read(self._rfd, min(n, 1 << 20)) if n else b""
        if len(data) == n:
            return data
        parts: List[bytes] = [data]
        got = len(data)
        while got < n:
            if not data:
                raise EOFError("it ended")
            data = os.read(self._rfd, min(n - got, 1 << 20))
            parts.append(data)
            got += len(data)
        return b"".join(parts)

    # Writing.

    def write(self, frame: bytes, sent: List[int]) -> None:
        """Write a frame, for one who holds `writing`; `sent` says whether it was begun."""
        view = memoryview(frame)
        while view:
            # No interrupt comes between the write and its count: there is no
            # bytecode between them.
            sent.extend(map(os.write, (self._wfd,), (view,)))
            view = view[sent[-1] :]

    def send(self, frame: bytes, sent: List[int]) -> None:
        """Write a frame whole, whatever interrupts, or, while `sent` is empty, not at all."""
        if len(frame) <= _PIPE_BUF or threading.current_thread() is not threading.main_thread():
            with self.writing:
                self.write(frame, sent)
            return
        done = threading.Lock()
        done.acquire()
        failure: List[Optional[OSError]] = []

        def write() -> None:
            try:
                with self.writing:
                    self.write(frame, [])
                failure.append(None)
            except OSError as e:
                failure.append(e)
            finally:
                done.release()

        # Not threading.Thread, whose start an interrupt may leave half done.
        sent.extend(map(_thread.start_new_thread, (write,), ((),)))
        interrupt: Optional[BaseException] = None
        while not failure:  # an interrupt may come after the lock was taken
            try:
                done.acquire()
            except KeyboardInterrupt as e:
                interrupt = e
        if failure[0] is not None:
            raise failure[0]
        if interrupt is not None:
            raise interrupt
