"""The thread through which a trainer meets others: it writes `status.json`, looks at the requests,
and saves what the disk refused. It trains nothing."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
import warnings
from typing import Any, Callable, Optional

from fluxttice._folder import encoded
from fluxttice._inbox import Arrival, Inbox, is_watched
from fluxttice._store import Store

HEARTBEAT_S = 2.0
_LOOK_S = 0.04
_LOOK_AFTER_JUNK_S = 0.25
_OFTEN_S = 0.2
_KEEP_S = 0.5
_WATCHERS_S = 1.0
_NOTED_S = 60.0
_MOST_WAITING = 1024


class Publisher(threading.Thread):
    """The thread. Methods that begin with `_` run in it, the others in the one that trains."""

    def __init__(
        self,
        store: Store,
        inbox: Inbox,
        status: Callable[[], dict[str, Any]],
        controls: Callable[[], bytes],
        note: Callable[..., object],
        keep: Callable[[], bool],
    ) -> None:
        """Prepares to publish. `status` and `controls` return what the files say now, `note` writes
        an event into the journal, `keep` writes what waits and returns true if all is saved."""
        super().__init__(name="fluxttice", daemon=True)
        self.arrived: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        """Requests that the thread that trains has not taken yet."""
        self._store, self._inbox = store, inbox
        self._status, self._controls, self._note, self._save = status, controls, note, keep
        self._controls_lock = threading.Lock()
        self._controlled: Optional[float] = None
        self._clock = time.time()
        self._beat = 0
        self._wake = threading.Event()
        self._ended = False
        self._news = self._progress = self._watched = False
        self._moved, self._first = 0, ""
        self._due = dict.fromkeys(("look", "keep", "watchers", "note", "often", "heartbeat"), 0.0)
        self._told: set[str] = set()

    def tell(self, at_once: bool = False) -> None:
        """Lets the next status be written soon; at once where the state has changed."""
        self._news = True
        if at_once:
            self._due["often"] = 0.0
            self._wake.set()

    def progressed(self) -> None:
        """Lets the next status be written soon if somebody watches."""
        self._progress = True

    def put_controls(self) -> None:
        """Writes `controls.json`; a folder that refuses gets it later."""
        with self._controls_lock, contextlib.suppress(OSError):
            self._controlled = None
            self._controlled = self._store.folder.replace("controls.json", self._controls())

    def put_status(self) -> None:
        """Writes `status.json`; a folder that refuses gets the next one."""
        self._news = self._progress = False
        self._beat += 1
        data = encoded({**self._status(), "beat": self._beat})
        with contextlib.suppress(OSError):
            # The time by which requests are judged is that of the file system.
            self._clock = self._store.folder.replace("status.json", data)

    def warn(self, problem: str, kind: str = "") -> None:
        """Warns the user, once of each problem, or once of each kind where it is named."""
        if (kind or problem) not in self._told:
            self._told.add(kind or problem)
            warnings.warn(f"{self._store.path}: {problem}", RuntimeWarning, stacklevel=3)

    def end(self) -> None:
        """Ends the thread."""
        self._ended = True
        self._wake.set()
        self.join()

    def run(self) -> None:
        """Publishes until it is ended. Training goes on, whatever goes wrong here."""
        while not self._ended:
            self._wake.wait(_LOOK_S)
            self._wake.clear()
            for task in (self._keep, self._see_who_watches, self._look, self._put_status):
                try:
                    task()
                except Exception as error:
                    self.warn(f"{type(error).__name__}: {error}")

    def _is_due(self, what: str, again_s: float) -> bool:
        if (now := time.monotonic()) < self._due[what]:
            return False
        self._due[what] = now + again_s
        return True

    def _keep(self) -> None:
        if not self._is_due("keep", _KEEP_S):
            return
        was_saved = self._store.unsaved() is None
        if self._save() != was_saved:
            self.tell(at_once=True)
        with contextlib.suppress(OSError):
            if self._store.folder.stat("controls.json").st_mtime == self._controlled:
                return
        # Somebody has removed or replaced it.
        self.put_controls()

    def _see_who_watches(self) -> None:
        if self._is_due("watchers", _WATCHERS_S):
            self._watched = is_watched(self._store.folder, self._clock)

    def _look(self) -> None:
        # What the thread that trains cannot keep up with stays in the folder.
        if self.arrived.qsize() > _MOST_WAITING or not self._is_due("look", _LOOK_S):
            return
        try:
            look = self._inbox.look(self._store.folder, self._clock)
        except FileNotFoundError:
            return  # The folder of the run is gone, and is made again.
        except OSError as error:
            self.warn(f"requests are not taken: {error}")
            return
        for arrival in look.arrived:
            self.arrived.put(arrival)
        if look.moved and not look.arrived:
            self._due["look"] = time.monotonic() + _LOOK_AFTER_JUNK_S
        self._moved += look.moved
        self._first = self._first or look.first
        if self._moved and self._is_due("note", _NOTED_S):
            self._note("moved_aside", count=self._moved, first=self._first)
            self._moved, self._first = 0, ""

    def _put_status(self) -> None:
        is_new = self._news or (self._progress and self._watched)
        now = time.monotonic()
        if now >= self._due["often" if is_new else "heartbeat"]:
            self._due.update(often=now + _OFTEN_S, heartbeat=now + HEARTBEAT_S)
            self.put_status()
