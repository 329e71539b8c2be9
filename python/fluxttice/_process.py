"""The process that trains, and the people and machines that it meets."""

from __future__ import annotations

import functools
import os
import platform
import sys
from typing import Any, Optional, Union

try:
    import pwd
except ImportError:
    pwd = None  # type: ignore[assignment]

DATA_DIR = "FLUXTTICE_DATA_DIR"
_LONGEST = 80


def printable(text: str) -> str:
    """Returns text with everything that a terminal acts on written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def short(text: str) -> str:
    """Returns the beginning of a text, fit for a terminal."""
    return printable(text[:_LONGEST])


@functools.lru_cache(maxsize=256)
def user_name(number: Optional[int]) -> Optional[str]:
    """Returns the name of the user with this number; `None` where the system knows none."""
    if pwd is None or number is None:
        return None
    try:
        return short(pwd.getpwuid(number).pw_name)
    except (KeyError, OverflowError):
        return None


def this_process() -> dict[str, Any]:
    """Describes this process by the fields of `status.json`."""
    boot = _text_of("/proc/sys/kernel/random/boot_id")
    # The program's name in the second field may hold blanks and brackets itself.
    fields = (_text_of("/proc/self/stat") or "").rpartition(")")[2].split()
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = None
    return {
        "host": platform.node(),
        "boot": boot and boot.strip(),
        "pid_namespace": namespace,
        "pid": os.getpid(),
        "pid_started": int(fields[19]) if len(fields) > 19 else None,
    }


def runs_folder(data_dir: Optional[Union[str, os.PathLike[str]]]) -> str:
    """Returns the folder of all runs: in the one given, else in that of the environment, else in
    the platform's."""
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        usual = os.path.join(os.environ.get("APPDATA", home), "fluxttice-explorer", "data")
    elif sys.platform == "darwin":
        usual = os.path.join(home, "Library", "Application Support", "fluxttice-explorer")
    else:
        data = os.environ.get("XDG_DATA_HOME", "")
        data = data if os.path.isabs(data) else os.path.join(home, ".local", "share")
        usual = os.path.join(data, "fluxttice-explorer")
    return os.path.abspath(os.path.join(data_dir or os.environ.get(DATA_DIR) or usual, "runs"))


def _text_of(path: str) -> Optional[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None
