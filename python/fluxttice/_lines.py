"""Files of one JSON object per line that are only appended to."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import sys
import threading
from typing import Any, Optional

from fluxttice._folder import Folder, encoded, read_all, write_all

_PIECE = 1 << 16


class Lines:
    """A file of lines. A line that the disk refuses waits in memory, and is written later.

    The file stays open: where it is removed, or its folder, its lines are put into a new file."""

    def __init__(self, folder: Folder, name: str, sync: bool = False) -> None:
        """Prepares the file of this name; with `sync` a line counts as saved once it is durable."""
        self._folder, self._name, self._sync = folder, name, sync
        self._lock = threading.Lock()
        self._fd: Optional[int] = None
        self._is_mended = False
        self._is_durable = True
        self._waiting: collections.deque[tuple[int, bytes]] = collections.deque()
        self.unsaved: Optional[dict[str, Any]] = None
        """Epoch since which lines wait, and the disk's refusal; `None` where all is saved."""

    def append(self, line: dict[str, Any], epoch: int) -> bool:
        """Appends a line that tells of an epoch; returns true if all lines are saved now."""
        whole = encoded(line) + b"\n"
        with self._lock:
            self._waiting.append((epoch, whole))
            return self._write_or_wait(epoch)

    def flush(self, folder: Optional[Folder] = None) -> bool:
        """Writes what waits, into another folder where one is given; returns true if all lines are
        saved now."""
        with self._lock:
            self._folder = folder or self._folder
            return self._write_or_wait(0)

    def records(self) -> list[dict[str, Any]]:
        """Reads all whole lines; what is no JSON object is left out."""
        with self._lock:
            text = read_all(self._fd, sys.maxsize) if self._fd is not None else b""
        found = (_parsed(line) for line in text.split(b"\n"))
        return [line for line in found if line is not None]

    def close(self) -> int:
        """Closes the file; returns the number of lines that are not in it."""
        with self._lock:
            if self._fd is not None:
                os.close(self._fd)
            self._fd = None
            return len(self._waiting)

    def _write_or_wait(self, epoch: int) -> bool:
        try:
            self._write()
        except OSError as error:
            # Part of a line may be there by now.
            self._is_mended = False
            since = self._waiting[0][0] if self._waiting else epoch
            self.unsaved = {"since": since, "problem": f"{self._name}: {error}"}
            return False
        self.unsaved = None
        return True

    def _write(self) -> None:
        fd = self._fd = self._current()
        if not self._is_mended:
            _mend(fd)
            self._is_mended = True
        while self._waiting:
            write_all(fd, self._waiting[0][1])
            self._is_durable = not self._sync
            self._waiting.popleft()
        if not self._is_durable:
            os.fsync(fd)
            self._is_durable = True

    def _current(self) -> int:
        """Returns the open file that has the name now."""
        old = self._fd
        with contextlib.suppress(FileNotFoundError):
            if old is not None and os.path.samestat(self._folder.stat(self._name), os.fstat(old)):
                return old
        self._is_mended = False
        fd = self._open()
        found = os.fstat(fd)
        # A copy made of hard links must not write into the run that it was made of.
        source = fd if found.st_nlink > 1 else old if found.st_size == 0 else None
        if source is not None:
            try:
                self._folder.replace(self._name, read_all(source, sys.maxsize), sync=True)
            finally:
                os.close(fd)
            fd = self._open()
        if old is not None:
            os.close(old)
        return fd

    def _open(self) -> int:
        return self._folder.open(self._name, os.O_RDWR | os.O_CREAT | os.O_APPEND)


def _parsed(line: bytes) -> Optional[dict[str, Any]]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _mend(fd: int) -> None:
    """Cuts off half a line at the end of a file; a line that lacks only its end gets it."""
    start = size = os.lseek(fd, 0, os.SEEK_END)
    tail = b""
    while start > 0 and b"\n" not in tail:
        piece = min(start, _PIECE)
        start -= piece
        os.lseek(fd, start, os.SEEK_SET)
        tail = os.read(fd, piece) + tail
    half = tail[tail.rfind(b"\n") + 1 :]
    if half and _parsed(half) is not None:
        write_all(fd, b"\n")
    elif half:
        os.ftruncate(fd, size - len(half))
