"""A run that is trained by any program, and that others watch and steer through its folder."""

from __future__ import annotations

import collections
import contextlib
import datetime
import functools
import importlib.metadata
import operator
import os
import pathlib
import queue
import re
import time
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Mapping, Optional, Type, Union

from fluxttice import _figures
from fluxttice._controls import Control, Disruption, Scalar, written
from fluxttice._folder import encoded, new_id
from fluxttice._inbox import REQUESTS, WATCHERS, Arrival, Inbox
from fluxttice._process import printable, runs_folder, this_process
from fluxttice._publisher import HEARTBEAT_S, Publisher
from fluxttice._request import Request
from fluxttice._store import Store

if TYPE_CHECKING:
    from fluxttice._metrics import Metrics

_PROTOCOL = 1
_PROGRAM = "fluxttice (Python)"
_KINDS = (*Request.OWN, "snapshot", "keep", "set", "disrupt")
_COUNTS = 1 << 32
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_TURN_S = 0.2
_LONGEST = 500
_RATE_EPOCHS = 10
_OPERATIONS = "operations.npy"
_DONE = {
    "pause": "paused",
    "resume": "going on",
    "stop-now": "stopping now, discarding the unfinished epoch",
    "stop-after-epoch": "stopping after this epoch",
}
_live: weakref.WeakSet[Run] = weakref.WeakSet()


class Run:
    """A run of a training program, which others may watch and steer.

    ```python
    with fluxttice.Run("name", controls=[fluxttice.Control("learning_rate", 1e-3)]) as run:
        for epoch in range(100):
            for request in run.requests():
                if request.kind == "set":
                    set_learning_rate(request.value)
                    request.apply()
            if run.stopping:
                break
            run.epoch(epoch, loss=train())
    ```

    A thread of its own writes `status.json` and takes requests. While the disk refuses, lines wait
    in memory and training goes on. A forked process, such as one that loads data, does nothing.
    """

    def __init__(
        self,
        name: Optional[str] = None,
        data_dir: Optional[Union[str, os.PathLike[str]]] = None,
        config: Optional[Mapping[str, Any]] = None,
        controls: Iterable[Control] = (),
        disruptions: Iterable[Disruption] = (),
        requests: Optional[Iterable[str]] = None,
        resume: bool = False,
        allow_group: bool = False,
        last_epoch: Optional[int] = None,
        device: str = "",
    ) -> None:
        """Begins a run, or takes one up again.

        `name` is the name of its folder among the runs of `data_dir`, or a path if it has a `/`;
        without a name it is made of date and time. `config` is kept in `config.yaml`. `requests`
        lists the kinds of requests that the program takes; without it these are pauses and stops,
        `set` where there are controls, and `disrupt` where there are disruptions. With `resume` an
        older run goes on. With `allow_group` other users than this one may ask, where the folder's
        permissions let them. `last_epoch` is the number of epochs that are to be trained.

        Raises `FileExistsError` where something else lies in the folder, `BlockingIOError` where
        another process trains the run, `ValueError` where an argument does not fit, and `OSError`
        where the folder cannot be made."""
        self._controls = _by_name(controls, "name")
        self._disruptions = _by_name(disruptions, "kind")
        self._requests = None if requests is None else list(requests)
        if unknown := set(self._requests or ()) - set(_KINDS):
            raise ValueError(f"requests: expected {', '.join(_KINDS)}, found {sorted(unknown)}")
        self._allow_group, self._device = allow_group, str(device)
        self._last_epoch = None if last_epoch is None else _count(last_epoch, "last_epoch")
        self._session = new_id()
        self._process = this_process()
        self._state = "preparing"
        self._end: Optional[dict[str, str]] = None
        self._paused = self._stop_after_epoch = False
        self.stopping = False
        """True once a stop that somebody asked for is due: leave the loop then."""
        self._is_over = False
        self._batch = self._batches = 0
        self._loss: Optional[float] = None
        self._times: collections.deque[float] = collections.deque(maxlen=_RATE_EPOCHS + 1)
        self._unremoved: collections.deque[str] = collections.deque()

        self._store = Store(_path(name, data_dir), config, resume)
        past = self._store.metrics.records()
        self._epoch = _told(past[-1]) + 1 if past else 0
        answered = set(filter(None, map(_answered, self._store.journal.records())))
        inbox = self._inbox = Inbox(self._session, allow_group, answered)
        self._publisher = Publisher(
            self._store, inbox, self._status, self._described_controls, self._note, self._keep
        )
        seed = (config or {}).get("seed")
        seed = seed if type(seed) is int and 0 <= seed < 1 << 64 else 0
        self._note("opened", version=_version(), device=self._device, seed=seed)
        for folder in (REQUESTS, WATCHERS):
            with contextlib.suppress(OSError):  # It is told of at the first look.
                self._store.folder.subfolder(folder)
        self._publisher.put_controls()
        self._publisher.put_status()
        _live.add(self)
        self._publisher.start()

    @staticmethod
    def read(
        named: Union[str, os.PathLike[str]],
        data_dir: Optional[Union[str, os.PathLike[str]]] = None,
    ) -> Metrics:
        """Reads the metrics of any run, by its name or folder. Raises `ValueError` where there is no
        such run, `OSError` where it cannot be read. It needs NumPy."""
        from fluxttice._metrics import read_metrics

        return read_metrics(named, data_dir)

    @property
    def path(self) -> pathlib.Path:
        """Folder of the run."""
        return pathlib.Path(self._store.path)

    @property
    def controls(self) -> Mapping[str, Control]:
        """Values that others may change, by their names."""
        return self._controls

    def add_control(self, control: Control) -> None:
        """Lets others change one more value."""
        self._controls = _by_name([*self._controls.values(), control], "name")
        if not self._is_over:
            self._publisher.put_controls()

    def requests(self) -> Iterator[Request]:
        """Gives the requests that have arrived, in order, and does not wait for others. While the
        run is paused it waits, and goes on giving requests until one resumes or stops it.

        A request that is left without an answer is answered by `apply_default`."""
        self._begin_training()
        while not self.stopping and not self._is_over:
            request = self._next_request()
            if request is None:
                return
            try:
                yield request
            finally:
                if not request.answered:
                    request.apply_default()

    def progress(self, batch: int, batches: int, loss: Any = None) -> None:
        """Remembers that `batch` of the `batches` of the epoch at work are done. A loss that is a
        tensor is read at once, which waits for its device."""
        if loss is not None:
            self._loss = _figures.number(loss, "loss")
        self._batch, self._batches = _count(batch, "batch"), _count(batches, "batches")
        self._begin_training()
        self._publisher.progressed()

    def epoch(self, epoch: int, /, **figures: Any) -> None:
        """Appends a finished epoch, counted from 0, with its figures to `metrics.jsonl`.

        Figures are numbers, scalars of NumPy or tensors without dimensions; a dict holds further
        ones. NaN and infinities are written as `null`. Raises `TypeError` for anything else, and
        `ValueError` for a figure that is called `event` or `epoch`."""
        done = _count(epoch, "epoch")
        if reserved := {"event", "epoch"} & set(figures):
            raise ValueError(f"epoch: expected other names of figures, found {sorted(reserved)}")
        line = {"event": "epoch", "epoch": done, **_figures.figures(figures)}
        if self._is_over:
            return
        self._begin_training()
        if not self._store.metrics.append(line, done):
            self._warn_of_the_disk()
        self._times.append(time.monotonic())
        self._epoch, self._batch = done + 1, 0
        self.stopping = self.stopping or self._stop_after_epoch
        self._publisher.tell()

    def codes(self, array: Any, operations: Any = None) -> None:
        """Saves the codes of operations after the newest epoch in `codes/`: floats of the shape
        [operations, dimensions]. `operations` says which operation each row is of: indices of the
        shape [rows], or entries -1, 0 and 1 of the shape [rows, entries]; it is saved once.

        Raises `TypeError` or `ValueError` where the arrays are something else, `RuntimeError`
        before the first epoch. Arrays that the disk refuses are not saved; a warning says so."""
        file = self._epoch_file()
        data, rows = _figures.codes(array, operations)
        if rows is not None:
            self._save_array("codes", _OPERATIONS, rows)
        self._save_array("codes", file, data)

    def samples(self, array: Any) -> None:
        """Saves operations that were generated after the newest epoch in `samples/`: entries -1, 0
        and 1 of the shape [N, entries], or indices 0 to 19,682 of the shape [N]. Raises the errors
        of `codes`."""
        self._save_array("samples", self._epoch_file(), _figures.operations(array, "samples"))

    def close(self) -> None:
        """Ends the run: as stopped where somebody asked for that, else as finished."""
        if self.stopping:
            self._close("stopped", "stopped as asked")
        else:
            self._close("finished", "finished")

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if error is None or (isinstance(error, SystemExit) and not error.code):
            self.close()
        elif isinstance(error, KeyboardInterrupt):
            self._close("stopped", "interrupted")
        else:
            self._close("failed", _words(error))

    def _begin_training(self) -> None:
        # Not in a forked process: the thread may have held a lock when it was made.
        if self._state == "preparing" and not self._is_over:
            self._state = "training"
            self._publisher.tell(at_once=True)

    def _next_request(self) -> Optional[Request]:
        """Returns the next request that can be carried out, and refuses those before it."""
        while not self._is_over:
            try:
                arrival = self._publisher.arrived.get(self._paused, _TURN_S)
            except queue.Empty:
                if self._paused:
                    continue
                return None
            if self._inbox.is_taken_back(self._store.folder, arrival.id):
                continue
            try:
                if arrival.refused is not None:
                    raise ValueError(arrival.refused)
                return Request(arrival, self._checked(arrival.command), self._settle)
            except ValueError as problem:
                self._answer(arrival, False, str(problem))
        return None

    def _checked(self, command: dict[str, Any]) -> Optional[Scalar]:
        """Returns the value of a `set`, else `None`. Raises `ValueError` where a command cannot be
        carried out now."""
        kind = command["request"]
        if kind not in self._kinds():
            raise ValueError(f"expected one of {', '.join(self._kinds())}, found {kind}")
        if kind == "pause" and self._paused:
            raise ValueError("already paused")
        if kind == "resume" and not self._paused:
            raise ValueError("not paused")
        if kind == "set":
            control: Control = _known(self._controls, command["key"])
            return control.parse(command["value"])
        if kind == "snapshot" and not _FILE.fullmatch(command.get("name", "snapshot")):
            problem = "expected a name of at most 80 letters, digits, `-`, `_` and `.`"
            raise ValueError(f"{problem}, found {command['name'][:80]!r}")
        if kind == "disrupt":
            asked = command["disruption"]
            if problem := _known(self._disruptions, asked["kind"]).problem(asked):
                raise ValueError(problem)
        return None

    def _kinds(self) -> list[str]:
        if self._requests is not None:
            return self._requests
        offered = [("set", self._controls), ("disrupt", self._disruptions)]
        return [*Request.OWN, *(kind for kind, offers in offered if offers)]

    def _settle(self, request: Request, applied: bool, message: Optional[str]) -> None:
        """Makes the effect that a request has on the run itself, and answers it."""
        if self._is_over:
            return
        if applied:
            done = self._carry_out(request)
            message = done if message is None else message
        self._answer(request.arrival, applied, str(message))

    def _carry_out(self, request: Request) -> str:
        """Makes the effect of a request; returns it in words."""
        if request.value is not None:
            control = _known(self._controls, str(request.key))
            request.arrival.command["was"] = control.described()["value"]
            control.value = request.value
            self._publisher.put_controls()
            return f"{control.name} = {written(control.value)}"
        if request.kind in Request.OWN:
            self._paused = request.kind == "pause"
            self._stop_after_epoch |= request.kind == "stop-after-epoch"
            self.stopping |= request.kind == "stop-now"
            self._state = "paused" if self._paused else "training"
            self._times.clear()
            self._publisher.tell(at_once=True)
        return _DONE.get(request.kind, "done")

    def _answer(self, arrival: Arrival, applied: bool, message: str) -> None:
        by = {"request": arrival.requester}
        said = {"batch": self._batch, "applied": applied, "message": message}
        if self._note("outcome", id=0, by=by, **arrival.command, **said):
            self._inbox.answered(self._store.folder, arrival.id)
        else:
            self._unremoved.append(arrival.id)

    def _note(self, event: str, **fields: Any) -> bool:
        """Appends an event to the journal; returns true if it is on the disk."""
        line = {"time": _now(), "event": event, "epoch": self._epoch, **fields}
        if not self._store.journal.append(line, self._epoch):
            self._warn_of_the_disk()
            return False
        return True

    def _keep(self) -> bool:
        """Writes what waits; returns true if all is saved then."""
        # A request's file is removed only once its answer, appended before, is on the disk.
        answered = list(self._unremoved)
        if not self._store.keep(self._epoch):
            self._warn_of_the_disk()
            return False
        for id in answered:
            self._unremoved.popleft()
            self._inbox.answered(self._store.folder, id)
        return True

    def _warn_of_the_disk(self) -> None:
        problem = (self._store.unsaved() or {}).get("problem")
        told = f"the disk refuses: {problem}; training goes on, and it is tried again"
        self._publisher.warn(told, kind="disk")

    def _save_array(self, folder: str, name: str, data: bytes) -> None:
        if self._is_over:
            return
        try:
            place = self._store.folder.subfolder(folder)
            if name != _OPERATIONS or not place.has(name):
                place.replace(name, data)
            elif place.read(name, len(data)).data != data:
                problem = "expected the same operations in all epochs of a run, found others"
                raise ValueError(f"{folder}/{name}: {problem}")
        except OSError as error:
            self._publisher.warn(f"{folder}/{name} is not saved: {error}")

    def _epoch_file(self) -> str:
        if self._epoch == 0:
            raise RuntimeError("expected run.epoch to be called first, found no finished epoch")
        return f"epoch-{self._epoch - 1:04}.npy"

    def _status(self) -> dict[str, Any]:
        """Says what `status.json` says now, but for the beat."""
        is_at_work = self._state in ("training", "paused")
        status = {
            "protocol": _PROTOCOL,
            "program": _PROGRAM,
            "version": _version(),
            "session": self._session,
            **self._process,
            "locked": self._store.lock.is_real,
            "allow_group": self._allow_group,
            "heartbeat_s": HEARTBEAT_S,
            "state": self._state,
            "stage": "training" if is_at_work else None,
            "epoch": self._epoch,
            "batch": self._batch,
            "batches": self._batches,
            "batches_in_epoch": self._batches,
            "epochs_per_minute": self._epochs_per_minute(),
            "loss": self._loss,
            "device": self._device,
            "unsaved": self._store.unsaved(),
            "end": self._end,
        }
        if self._last_epoch is not None:
            status["last_epoch"] = self._last_epoch
        return status

    def _epochs_per_minute(self) -> Optional[float]:
        times = list(self._times)
        if len(times) < 2 or times[-1] <= times[0]:
            return None
        return 60.0 * (len(times) - 1) / (times[-1] - times[0])

    def _described_controls(self) -> bytes:
        described = {
            "protocol": _PROTOCOL,
            "session": self._session,
            "controls": [control.described() for control in self._controls.values()],
            "disruptions": [kind.described() for kind in self._disruptions.values()],
            "requests": self._kinds(),
        }
        return encoded(described, indent=2)

    def _close(self, reason: str, message: str) -> None:
        if self._is_over:
            return
        self._publisher.end()
        while not self._publisher.arrived.empty():
            arrival = self._publisher.arrived.get()
            self._answer(arrival, False, arrival.refused or "training has ended")
        self._note("closed", reason=reason)
        self._keep()
        self._state = "failed" if reason == "failed" else "finished"
        self._end = {"reason": reason, "message": printable(message)[:_LONGEST]}
        self._publisher.put_status()
        self._is_over = True
        if lost := self._store.close():
            self._publisher.warn(f"the disk refused to the end: {lost} lines are lost")


def _leave_runs() -> None:
    """Leaves all runs to the process that this one was forked from."""
    for run in list(_live):
        run._is_over = True
        run._store.lock.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_runs)


def _path(name: Optional[str], data_dir: Optional[Union[str, os.PathLike[str]]]) -> str:
    """Returns the path of a run's folder. That of a run without a name is made."""
    runs = runs_folder(data_dir)
    if name is not None:
        if os.path.basename(name) != name:
            return os.path.abspath(name)
        if not name or name.startswith("."):
            raise ValueError(f"name: expected a name that begins with no dot, found {name!r}")
        return os.path.join(runs, name)
    os.makedirs(runs, exist_ok=True)
    path = stamp = os.path.join(runs, time.strftime("%Y%m%d-%H%M%S", time.gmtime()))
    number = 1
    while True:
        try:
            os.mkdir(path)
            return path
        except FileExistsError:
            number += 1
            path = f"{stamp}-{number}"


def _words(error: BaseException) -> str:
    """Returns an error in words; one that cannot be printed by its type alone."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__


def _now() -> str:
    """Returns the time now in UTC, as RFC 3339 has it."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@functools.lru_cache(maxsize=1)
def _version() -> str:
    try:
        return importlib.metadata.version("fluxttice")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _count(value: Any, name: str) -> int:
    found = operator.index(value)
    if not 0 <= found < _COUNTS:
        raise ValueError(f"{name}: expected 0 to {_COUNTS - 1}, found {found}")
    return found


def _by_name(offered: Iterable[Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in offered:
        if found.setdefault(getattr(one, name), one) is not one:
            raise ValueError(f"expected different names, found {getattr(one, name)!r} twice")
    return found


def _known(offered: Mapping[str, Any], name: str) -> Any:
    if name not in offered:
        names = ", ".join(offered) or "nothing"
        raise ValueError(f"expected one of {names}, found {printable(name[:80])!r}")
    return offered[name]


def _told(line: Mapping[str, Any]) -> int:
    """Returns the epoch that a line of the metrics tells of; -1 where it tells of none."""
    epoch = line.get("epoch")
    return epoch if type(epoch) is int and 0 <= epoch < _COUNTS - 1 else -1


def _answered(line: Mapping[str, Any]) -> Optional[str]:
    """Returns the identifier of the request that a line of the journal answers."""
    by = line.get("by")
    request = by.get("request") if isinstance(by, dict) else None
    id = request.get("id") if isinstance(request, dict) else None
    return id if isinstance(id, str) else None
