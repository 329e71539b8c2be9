"""What the tests share: a home for runs, a program that asks, and waiting with a deadline."""

from __future__ import annotations

import json
import os
import pathlib
import sys
import time
from typing import Any, Callable, Iterator, Optional

import pytest

HERE = pathlib.Path(__file__).resolve().parent
# The package that is installed, or else the one that lies here.
sys.path.append(str(HERE.parent))

import fluxttice  # noqa: E402
from fluxttice._folder import new_id  # noqa: E402

SCHEMAS = HERE.parent.parent / "docs" / "reference" / "protocol"
DEADLINE_S = 60.0
PAUSE = {"request": "pause"}
RESUME = {"request": "resume"}


def until(what: str, is_so: Callable[[], Any]) -> Any:
    """Waits until something is so; returns what was found."""
    began = time.monotonic()
    while not (found := is_so()):
        assert time.monotonic() - began < DEADLINE_S, f"waited in vain until {what}"
        time.sleep(0.002)
    return found


def read_json(path: pathlib.Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def read_lines(path: pathlib.Path) -> list[dict[str, Any]]:
    """The lines of a file, all of which must be whole."""
    text = path.read_text(encoding="utf-8")
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def status(run: pathlib.Path) -> dict[str, Any]:
    return read_json(run / "status.json")


def outcomes(run: pathlib.Path) -> list[dict[str, Any]]:
    return [line for line in read_lines(run / "journal.jsonl") if line["event"] == "outcome"]


def answers(run: pathlib.Path, id: str) -> list[dict[str, Any]]:
    return [line for line in outcomes(run) if line["by"]["request"]["id"] == id]


def body(id: str, session: str, command: Any, **more: Any) -> dict[str, Any]:
    author = {"user": "anna", "host": "login1", "program": "a test 1"}
    request = {"protocol": 1, "id": id, "session": session, "author": author, "command": command}
    return {**request, **more}


def put(run: pathlib.Path, id: str, text: str) -> pathlib.Path:
    """Puts a file among the requests, by rename."""
    folder = run / "requests"
    scratch = folder / f"{id}.tmp"
    scratch.write_text(text, encoding="utf-8")
    scratch.rename(folder / f"{id}.json")
    return folder / f"{id}.json"


def ask(run: pathlib.Path, command: Any, **more: Any) -> str:
    """Sends a request; returns its identifier."""
    id = new_id()
    session = more.pop("session", None) or status(run)["session"]
    put(run, id, json.dumps(body(id, session, command, **more)))
    return id


def answered(
    run: fluxttice.Run, id: str, handle: Optional[Callable[[fluxttice.Request], None]] = None
) -> dict[str, Any]:
    """Takes requests until this one is answered; returns the answer."""

    def is_answered() -> list[dict[str, Any]]:
        for request in run.requests():
            if handle is not None:
                handle(request)
            if request.kind == "pause":
                break
        return answers(run.path, id)

    (answer,) = until("it is answered", is_answered)
    until("its file is gone", lambda: not (run.path / "requests" / f"{id}.json").exists())
    return answer


def set_to(key: str, value: str) -> dict[str, Any]:
    return {"request": "set", "key": key, "value": value}


@pytest.fixture
def data(tmp_path: pathlib.Path) -> str:
    return str(tmp_path / "data")


@pytest.fixture
def begin(data: str) -> Iterator[Callable[..., fluxttice.Run]]:
    """Begins runs that are closed at the end of the test."""
    runs = []

    def begin(name: str = "run", **arguments: Any) -> fluxttice.Run:
        runs.append(fluxttice.Run(name, data_dir=data, **arguments))
        return runs[-1]

    yield begin
    for run in runs:
        run.close()


def environment() -> dict[str, str]:
    """The environment of a program that uses the package."""
    paths = [str(pathlib.Path(fluxttice.__file__).parent.parent), str(HERE)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
