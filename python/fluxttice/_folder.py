"""A folder that others may write into: nothing is reached through a link, and nothing waits."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import stat
import threading
import time
from typing import Any, Iterator, NamedTuple, Optional


def _flags(*names: str) -> int:
    return sum(getattr(os, name, 0) for name in names)


_PLAIN = _flags("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")
_FOLDER = _flags("O_RDONLY", "O_DIRECTORY", "O_CLOEXEC")
_NO_LINK = _flags("O_NOFOLLOW")
# Whatever is opened relative to an open folder stays in it, also where the folder is swapped.
_NEEDED = {os.open, os.stat, os.mkdir, os.rename, os.unlink}
_RELATIVE = os.scandir in os.supports_fd and os.supports_dir_fd >= _NEEDED
_SCRATCH = re.compile(r"\..+\.[0-9a-f]{16}\.tmp")
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID = re.compile(f"[0-7][{_LETTERS}]{{25}}")
_last_id = 0
_id_lock = threading.Lock()


def new_id() -> str:
    """Returns a new ULID. Those of one process sort in the order in which they were made."""
    global _last_id
    fresh = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    with _id_lock:
        _last_id = max(fresh, _last_id + 1)
        number = _last_id
    return "".join(_LETTERS[number >> 5 * place & 31] for place in reversed(range(26)))


def is_id(text: str) -> bool:
    """Returns true for a ULID in capital letters."""
    return _ID.fullmatch(text) is not None


def is_scratch(name: str) -> bool:
    """Returns true for the name of a file that was not finished."""
    return _SCRATCH.fullmatch(name) is not None


def encoded(value: Any, indent: Optional[int] = None) -> bytes:
    """Returns JSON in UTF-8. Text that is no Unicode, as names of files may have it, gets `?`."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, indent=indent, separators=separators, ensure_ascii=False)
    return text.encode("utf-8", "replace")


def write_all(fd: int, data: bytes) -> None:
    """Writes all bytes; raises the system's error where it takes only a part."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def read_all(fd: int, limit: int) -> bytes:
    """Reads a file from its beginning, `limit` bytes at most."""
    os.lseek(fd, 0, os.SEEK_SET)
    pieces = []
    while limit > 0 and (piece := os.read(fd, min(limit, 1 << 20))):
        pieces.append(piece)
        limit -= len(piece)
    return b"".join(pieces)


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a link"
    return "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"


class Unfit(OSError):
    """Something else than the plain file or the real folder that was expected."""


class Found(NamedTuple):
    """A file that was read."""

    data: bytes
    owner: Optional[int]
    """Number of the user that owns it; `None` where the system has no owners."""
    changed: float
    """Time of its last change by the clock of the file system, in seconds."""


class Folder:
    """An open folder. The methods raise the system's error where they say nothing else."""

    def __init__(self, path: str, within: Optional[Folder] = None) -> None:
        """Opens a folder by its path, or by its name in another one, where it may be no link."""
        self.path: str = path if within is None else os.path.join(within.path, path)
        self._fd: Optional[int] = None
        if _RELATIVE and within is not None:
            self._fd = os.open(path, _FOLDER | _NO_LINK, dir_fd=within._fd)
        elif _RELATIVE:
            self._fd = os.open(path, _FOLDER)
        else:
            found = os.stat(self.path, follow_symlinks=within is None)
            is_link = within is not None and bool(getattr(found, "st_reparse_tag", 0))
            if is_link or not stat.S_ISDIR(found.st_mode):
                raise Unfit(errno.ENOTDIR, "expected a real folder", self.path)

    def __del__(self) -> None:
        fd = getattr(self, "_fd", None)
        if fd is not None:
            os.close(fd)

    def _at(self, name: str) -> str:
        return name if self._fd is not None else os.path.join(self.path, name)

    def subfolder(self, name: str, make: bool = True) -> Folder:
        """Opens a folder in this one. With `make` it is made where nothing has its name, and it
        must belong to the user of this process."""
        try:
            folder = Folder(name, within=self)
        except FileNotFoundError:
            if not make:
                raise
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._at(name), dir_fd=self._fd)
            folder = Folder(name, within=self)
        if make and folder._fd is not None:
            owner = os.fstat(folder._fd).st_uid
            if owner != os.geteuid():
                raise Unfit(
                    errno.EPERM, f"expected a folder of this user, found user {owner}'s", name
                )
        return folder

    def open(self, name: str, flags: int = os.O_RDONLY) -> int:
        """Opens a plain file, without following a link and without waiting; returns its descriptor.
        Raises `Unfit` where something else has the name."""
        if not _NO_LINK and self.has(name) and not stat.S_ISREG(self.stat(name).st_mode):
            raise Unfit(f"expected a plain file, found {_kind(self.stat(name).st_mode)}")
        try:
            fd = os.open(self._at(name), flags | _PLAIN, 0o666, dir_fd=self._fd)
        except OSError as error:
            found = {errno.ELOOP: stat.S_IFLNK, errno.ENXIO: stat.S_IFIFO}.get(error.errno or 0)
            if found is None:
                raise
            raise Unfit(f"expected a plain file, found {_kind(found)}") from None
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            os.close(fd)
            raise Unfit(f"expected a plain file, found {_kind(mode)}")
        return fd

    def read(self, name: str, limit: int) -> Found:
        """Reads a plain file of at most `limit` bytes that has no other name; raises `Unfit` where
        it is something else."""
        fd = self.open(name)
        try:
            found = os.fstat(fd)
            if found.st_nlink != 1:
                raise Unfit(f"expected a plain file, found one with {found.st_nlink} names")
            data = read_all(fd, limit + 1) if found.st_size <= limit else b""
            size = max(found.st_size, len(data))
            if size > limit:
                raise Unfit(f"expected {limit} bytes at most, found {size}")
        finally:
            os.close(fd)
        return Found(data, found.st_uid if hasattr(os, "geteuid") else None, found.st_mtime)

    def replace(self, name: str, data: bytes, sync: bool = False) -> float:
        """Puts a whole file under a name in one step; returns the time of its change. A folder that
        has the name is set aside. Whoever may look into the folder may read the file."""
        scratch = f".{name[:80]}.{secrets.token_hex(8)}.tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _PLAIN
        fd = os.open(self._at(scratch), flags, 0o600, dir_fd=self._fd)
        try:
            try:
                if self._fd is not None:
                    with contextlib.suppress(OSError):  # A file system may have no permissions.
                        os.fchmod(fd, os.fstat(self._fd).st_mode & 0o644 | 0o600)
                write_all(fd, data)
                if sync:
                    os.fsync(fd)
                changed = os.fstat(fd).st_mtime
            finally:
                os.close(fd)
            try:
                self.move(scratch, self, name)
            except IsADirectoryError:
                self.move(name, self, f"{name}.{new_id()}")
                self.move(scratch, self, name)
        except BaseException:
            with contextlib.suppress(OSError):
                self.remove(scratch)
            raise
        return changed

    def move(self, name: str, other: Folder, to: str) -> None:
        """Moves whatever has a name into a folder, where it replaces a file of that name."""
        source, target = self._at(name), other._at(to)
        os.replace(source, target, src_dir_fd=self._fd, dst_dir_fd=other._fd)

    def remove(self, name: str) -> None:
        """Removes a file or a link."""
        os.unlink(self._at(name), dir_fd=self._fd)

    def stat(self, name: str) -> os.stat_result:
        """Looks at whatever has a name; a link is not followed."""
        return os.stat(self._at(name), dir_fd=self._fd, follow_symlinks=False)

    def has(self, name: str) -> bool:
        """Returns true if something has a name."""
        with contextlib.suppress(FileNotFoundError):
            return bool(self.stat(name))
        return False

    def names(self) -> Iterator[str]:
        """Lists what is in the folder, in no order."""
        with os.scandir(self.path if self._fd is None else self._fd) as entries:
            for entry in entries:
                yield entry.name

    def is_same(self, other: Folder) -> bool:
        """Returns true if both are one folder, whatever their paths lead to now."""
        if self._fd is None or other._fd is None:
            return self.path == other.path
        return os.path.samestat(os.fstat(self._fd), os.fstat(other._fd))

    def sync(self) -> None:
        """Waits until the names in the folder are on the disk, where the system can say so."""
        if self._fd is not None:
            with contextlib.suppress(OSError):
                os.fsync(self._fd)
