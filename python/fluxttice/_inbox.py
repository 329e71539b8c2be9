"""`requests/`: what others ask of a run. What is no request is moved to `refused/`."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import re
import shutil
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Optional

from fluxttice._controls import DISRUPTIONS, SHAPES
from fluxttice._folder import Folder, Found, is_id, new_id
from fluxttice._process import printable, short, user_name

REQUESTS, REFUSED, WATCHERS = "requests", "refused", "watchers"
_ENDING, _UNFINISHED = ".json", ".tmp"
_LIMIT = 64 << 10
_LOOKS = 64
_KEPT = 100
_STUCK = 1024
_UNFINISHED_S = _SILENT_S = _WAIT_S = 60.0
_MOST_BRACKETS = 256
_MOST_WATCHERS = 32


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 32


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


# Fields of each command; `?` marks one that may be missing.
_COMMANDS = {
    **dict.fromkeys(("pause", "resume", "stop-now", "stop-after-epoch"), ""),
    **dict.fromkeys(("hand-over", "encode", "weights"), ""),
    "snapshot": "name?",
    "keep": "epochs",
    "open": "run",
    "branch": "epochs name? of?",
    "set": "key value why?",
    "disrupt": "disruption",
}
_IS_TEXT = (lambda value: isinstance(value, str), "a text")
_IS_OBJECT = (lambda value: isinstance(value, dict), "an object")
# What a field must be, where that is no text.
_CHECKS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "protocol": (lambda value: type(value) is int and value == 1, "1"),
    "wait_s": (lambda value: _is_number(value) and value >= 0, "a time in seconds"),
    "author": _IS_OBJECT,
    "command": _IS_OBJECT,
    "request": (lambda value: isinstance(value, str) and value in _COMMANDS, "a command"),
    "disruption": _IS_OBJECT,
    "kind": (lambda value: value in DISRUPTIONS, "a disruption"),
    "shape": (lambda value: value in SHAPES, "a shape"),
    "amplitude": (_is_number, "a number"),
    "epochs": (_is_count, "a whole number"),
    "cooldown": (_is_count, "a whole number"),
}


class Arrival(NamedTuple):
    """A request that has arrived."""

    id: str
    command: dict[str, Any]
    """The command with its fields, as the journal has them."""
    requester: dict[str, Any]
    """Whoever sent it, as the journal has it."""
    refused: Optional[str]
    """Reason why it is refused whatever the state of the run; `None` where it is to be tried."""


class Look(NamedTuple):
    """Results of one look into the folder."""

    arrived: list[Arrival]
    """Requests, in the order of their identifiers."""
    moved: int
    """Number of things that were moved aside."""
    first: str
    """Name and reason of the first of them."""


class Inbox:
    """The requests of a run, as its trainer sees them."""

    def __init__(self, session: str, allow_group: bool, answered: set[str]) -> None:
        """Prepares to take the requests to a session; the journal has `answered` already."""
        self._session, self._allow_group, self._answered = session, allow_group, answered
        self._taken: set[str] = set()
        self._stuck: set[str] = set()
        self._names: Iterator[str] = iter(())

    def look(self, run: Folder, now: float) -> Look:
        """Looks at 64 names at most. `now` is the time by the clock of the file system, in seconds.
        Raises the system's error where the folder of requests is no real folder of this user."""
        requests = run.subfolder(REQUESTS)
        arrived: list[Arrival] = []
        odd: list[tuple[str, str]] = []
        for name in self._next_names(requests):
            try:
                arrival = self._look_at(requests, name, now)
            except FileNotFoundError:
                continue
            except (OSError, ValueError, RecursionError, OverflowError) as problem:
                odd.append((name, str(problem)))
                continue
            if arrival is not None:
                self._taken.add(arrival.id)
                arrived.append(arrival)
        moved = self._move_aside(run, requests, odd) if odd else []
        first = f"{short(moved[0][0])}: {printable(moved[0][1])}" if moved else ""
        return Look(sorted(arrived), len(moved), first)

    def answered(self, run: Folder, id: str) -> None:
        """Removes the file of a request whose answer is in the journal."""
        self._answered.add(id)
        self._taken.discard(id)
        with contextlib.suppress(OSError):  # One that stays is known by its identifier.
            run.subfolder(REQUESTS, make=False).remove(id + _ENDING)

    def is_taken_back(self, run: Folder, id: str) -> bool:
        """Returns true if whoever sent a request has removed its file."""
        with contextlib.suppress(OSError):
            if not run.subfolder(REQUESTS, make=False).has(id + _ENDING):
                self._taken.discard(id)
                return True
        return False

    def _next_names(self, requests: Folder) -> list[str]:
        """Returns the next names. What a look leaves over comes in the next one, so that no number
        of other files keeps a request from being seen."""
        with contextlib.suppress(OSError):
            names = list(itertools.islice(self._names, _LOOKS))
            if not names:
                self._names = requests.names()
                names = list(itertools.islice(self._names, _LOOKS))
            return names
        return []

    def _look_at(self, requests: Folder, name: str, now: float) -> Optional[Arrival]:
        """Returns the request in a file; `None` where there is nothing to do. Raises an error that
        says what is wrong where it is no request."""
        if name in self._stuck:
            return None
        if name.endswith(_UNFINISHED):
            if now - requests.stat(name).st_mtime > _UNFINISHED_S:
                requests.remove(name)
            return None
        id = name[: -len(_ENDING)]
        if not (name.endswith(_ENDING) and is_id(id)):
            raise ValueError("its name is no identifier with `.json`")
        # In this order: the thread that trains moves it from the taken ones to the answered ones.
        if id in self._taken:
            return None
        if id in self._answered:
            requests.remove(name)
            return None
        return self._arrival(id, requests.read(name, _LIMIT), now)

    def _arrival(self, id: str, found: Found, now: float) -> Arrival:
        if not (self._allow_group or found.owner in (None, 0) or found.owner == os.geteuid()):
            name = user_name(found.owner) or ""
            raise ValueError(
                f"it belongs to another user ({found.owner} {name}); allow_group=True would take it"
            )
        request = _parsed(id, found.data)
        claim = {name: short(text) for name, text in request["author"].items()}
        owner = user_name(found.owner)
        requester = {"id": id, "uid": found.owner, "owner": owner, "claim": claim}
        requester = {name: value for name, value in requester.items() if value is not None}
        refused = None
        waited, wait_s = max(0.0, now - found.changed), request.get("wait_s", _WAIT_S)
        if request["session"] != self._session:
            refused = "too late: it was asked of another session"
        elif waited > wait_s:
            refused = f"too late: it waited {waited:.0f} s, and may wait {wait_s:.0f} s"
        return Arrival(id, request["command"], requester, refused)

    def _move_aside(
        self, run: Folder, requests: Folder, odd: list[tuple[str, str]]
    ) -> list[tuple[str, str]]:
        """Moves what is no request to `refused/`, of which the newest are kept; returns what was
        moved. What cannot be moved is not looked at again."""
        moved = []
        for name, problem in odd:
            plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:80]
            try:
                requests.move(name, run.subfolder(REFUSED), f"{new_id()}-{plain}")
                moved.append((name, problem))
            except OSError:
                if len(self._stuck) < _STUCK:
                    self._stuck.add(name)
        with contextlib.suppress(OSError):
            refused = run.subfolder(REFUSED)
            for name in sorted(refused.names())[:-_KEPT]:
                _remove(refused, name)
        return moved


def is_watched(run: Folder, now: float) -> bool:
    """Returns true if somebody has given a sign within a minute, and sweeps older signs."""
    watched = False
    with contextlib.suppress(OSError):
        watchers = run.subfolder(WATCHERS)
        for name in list(itertools.islice(watchers.names(), _MOST_WATCHERS)):
            with contextlib.suppress(OSError):
                if now - watchers.stat(name).st_mtime <= _SILENT_S:
                    watched = True
                else:
                    watchers.remove(name)
    return watched


def _remove(folder: Folder, name: str) -> None:
    with contextlib.suppress(OSError, RecursionError):
        try:
            folder.remove(name)
        except (IsADirectoryError, PermissionError):
            shutil.rmtree(os.path.join(folder.path, name))


def _parsed(id: str, data: bytes) -> dict[str, Any]:
    """Parses a request. Raises an error that says what is wrong with it."""
    # Before it is parsed: the parser's depth is limited by the stack alone where a program sets so.
    if data.count(b"[") + data.count(b"{") > _MOST_BRACKETS:
        raise ValueError(f"no request: expected {_MOST_BRACKETS} brackets at most")
    request = json.loads(data.decode("utf-8"))
    if not isinstance(request, dict):
        raise ValueError("no request: expected an object")
    found = _fields(request, "protocol id session time? wait_s? author? command")
    if found["id"] != id:
        raise ValueError("another identifier inside than its name")
    kind = _fields(found["command"], "request")["request"]
    command = _fields(found["command"], _COMMANDS[kind])
    if kind == "disrupt":
        wanted = "kind amplitude epochs shape? cooldown?"
        command["disruption"] = _fields(command["disruption"], wanted)
    author = _fields(found.get("author", {}), "user? host? program?")
    return {**found, "author": author, "command": {"request": kind, **command}}


def _fields(given: dict[str, Any], names: str) -> dict[str, Any]:
    """Returns these fields of an object, checked; `?` marks one that may be missing."""
    found = {}
    for word in names.split():
        name = word.rstrip("?")
        value = given.get(name)
        if value is None and name != word:
            continue
        fits, expected = _CHECKS.get(name, _IS_TEXT)
        if not fits(value):
            raise ValueError(f"no request: {name}: expected {expected}, found {str(value)[:80]}")
        found[name] = value
    return found
