"""The folder of a run, and the lock by which one process alone writes to it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from typing import Any, Mapping, Optional

from fluxttice._folder import Folder, is_scratch
from fluxttice._lines import Lines

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"
CONFIG = "config.yaml"
_PATIENCE_S = 1.0
_AGAIN_S = 0.02
_CONFIG_LIMIT = 64 << 20


class Lock:
    """The lock of a run, held until it is closed or the process ends."""

    def __init__(self, folder: Folder) -> None:
        """Takes the lock. Whoever only looks holds it for a moment, so that it is tried for a
        second; raises `BlockingIOError` where another process has it."""
        self.is_real = False
        self._fd: Optional[int] = folder.open(LOCK, os.O_RDWR | os.O_CREAT)
        try:
            self._take(folder)
        except BaseException:
            self.close()
            raise

    def _take(self, folder: Folder) -> None:
        tried_until = time.monotonic() + _PATIENCE_S
        while fcntl is not None and self._fd is not None:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.is_real = True
                return
            except BlockingIOError:
                if time.monotonic() > tried_until:
                    problem = (
                        "expected a run that nobody trains, found that another process holds its "
                        "lock; end that one first, or train under another name"
                    )
                    raise BlockingIOError(errno.EAGAIN, problem, folder.path) from None
                time.sleep(_AGAIN_S)
            except OSError:
                return  # The file system has no locks.

    def is_in(self, folder: Folder) -> bool:
        """Returns true if the locked file is the one that lies in a folder now."""
        with contextlib.suppress(OSError):
            return self._fd is not None and os.path.samestat(folder.stat(LOCK), os.fstat(self._fd))
        return False

    def close(self) -> None:
        """Releases the lock; in a forked process, only this process's part in it."""
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None


class Store:
    """Everything of a run that is written to its folder."""

    def __init__(self, path: str, config: Optional[Mapping[str, Any]], resume: bool) -> None:
        """Makes the folder of a new run, or opens that of one that is taken up again.

        Raises `FileExistsError` where something lies there, and the errors of `Lock`."""
        self.path = path
        self._problem: Optional[dict[str, Any]] = None
        os.makedirs(path, exist_ok=True)
        self.folder = Folder(path)
        _check(self.folder, resume)
        self.lock = Lock(self.folder)
        try:
            # Another process may have been quicker.
            _check(self.folder, resume)
            self._begin(config)
        except BaseException:
            self.lock.close()
            raise

    def _begin(self, config: Optional[Mapping[str, Any]]) -> None:
        for name in self.folder.names():
            if is_scratch(name):
                self.folder.remove(name)
        # First: a folder with a configuration is a run, and can be taken up again.
        if self.folder.has(CONFIG):
            self.config = self.folder.read(CONFIG, _CONFIG_LIMIT).data
        else:
            text = json.dumps(dict(config or {}), indent=2, default=str, ensure_ascii=False)
            self.config = (text + "\n").encode("utf-8", "replace")
            self.folder.replace(CONFIG, self.config, sync=True)
        self.metrics = Lines(self.folder, "metrics.jsonl")
        self.journal = Lines(self.folder, "journal.jsonl", sync=True)
        for lines in (self.metrics, self.journal):
            if not lines.flush():
                raise OSError(f"{self.path}: {lines.unsaved}")
        self.folder.sync()

    def unsaved(self) -> Optional[dict[str, Any]]:
        """Returns since which epoch something is not saved, and why; `None` where all is saved."""
        found = [self.metrics.unsaved, self.journal.unsaved]
        first = min(filter(None, found), key=lambda unsaved: unsaved["since"], default=None)
        return self._problem or first

    def keep(self, epoch: int) -> bool:
        """Writes what waits; returns true if everything is saved then. `epoch` is the one at work.
        The folder is made again where somebody has removed it, but never over another run."""
        problem = None
        try:
            if not self._is_in_place():
                self._take_place()
            if not self.folder.has(CONFIG):
                self.folder.replace(CONFIG, self.config, sync=True)
        except OSError as error:
            since = self._problem["since"] if self._problem else epoch
            problem = {"since": since, "problem": str(error)}
        self._problem = problem
        saved = [lines.flush(self.folder) for lines in (self.metrics, self.journal)]
        return problem is None and all(saved)

    def close(self) -> int:
        """Closes all files and releases the lock; returns the number of lines that are lost."""
        lost = self.metrics.close() + self.journal.close()
        self.lock.close()
        return lost

    def _is_in_place(self) -> bool:
        with contextlib.suppress(OSError):
            return self.lock.is_in(Folder(self.path))
        return False

    def _take_place(self) -> None:
        os.makedirs(self.path, exist_ok=True)
        folder = Folder(self.path)
        if not folder.is_same(self.folder) and not _is_vacant(folder):
            problem = (
                "expected the folder of this run, found another one in its place; move it away"
            )
            raise FileExistsError(errno.EEXIST, problem, self.path)
        lock = Lock(folder)
        self.lock.close()
        self.folder, self.lock = folder, lock


def _is_vacant(folder: Folder) -> bool:
    return all(name == LOCK or is_scratch(name) for name in folder.names())


def _check(folder: Folder, resume: bool) -> None:
    """Raises `FileExistsError` where something lies in a folder that cannot be gone on with."""
    if _is_vacant(folder):
        return
    problem = (
        "expected a new or an empty folder, found something in it; pass resume=True to go on with "
        "this run, or choose another name"
    )
    if resume and (folder.has("run.json") or not folder.has(CONFIG)):
        problem = (
            "expected a run of this library, found a folder without config.yaml or with run.json, "
            "which fluxttice-explorer itself writes; choose another name"
        )
    elif resume:
        return
    raise FileExistsError(errno.EEXIST, problem, folder.path)
