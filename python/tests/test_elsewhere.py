"""Systems without locks, and without a way to open things relative to an open folder."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

import fluxttice
from conftest import PAUSE, RESUME, answered, ask, body, environment, put, read_json, read_lines
from conftest import set_to, status, until
from fluxttice import _folder, _store
from fluxttice._folder import Folder, new_id
from fluxttice._inbox import Inbox


@pytest.fixture
def elsewhere(monkeypatch):
    monkeypatch.setattr(_folder, "_RELATIVE", False)
    monkeypatch.setattr(_folder, "_PLAIN", _folder._flags("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
    monkeypatch.setattr(_folder, "_NO_LINK", 0)
    monkeypatch.setattr(_store, "fcntl", None)


@pytest.mark.usefixtures("elsewhere")
def test_a_run_is_trained_watched_and_steered(data):
    with fluxttice.Run("run", data_dir=data, controls=[fluxttice.Control("x", 0.5)]) as run:
        assert status(run.path)["locked"] is False
        answered(run, ask(run.path, RESUME))
        answer = answered(run, ask(run.path, set_to("x", "0.25")), lambda request: request.apply())
        assert answer["applied"]
        (run.path / "requests" / "junk").write_text("x")
        until("it is moved", lambda: (run.path / "refused").exists())
        run.epoch(0, loss=1.0)
    with fluxttice.Run("run", data_dir=data, resume=True) as run:
        run.epoch(1, loss=1.0)
        (run.path / "controls.json").unlink()
        until("it is there again", (run.path / "controls.json").exists)
    assert [line["epoch"] for line in read_lines(run.path / "metrics.jsonl")] == [0, 1]
    assert read_json(run.path / "controls.json")["protocol"] == 1
    with pytest.raises(FileExistsError):
        fluxttice.Run("run", data_dir=data)


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
def test_links_and_pipes_are_not_followed(tmp_path):
    outside = tmp_path / "outside"
    id = new_id()
    outside.write_text(json.dumps(body(id, "S", PAUSE)))
    run = tmp_path / "run"
    (run / "requests").mkdir(parents=True)
    for make in (lambda path: path.symlink_to(outside), os.mkfifo, lambda path: path.mkdir()):
        make(run / "requests" / f"{id}.json")
        look = Inbox("S", False, set()).look(Folder(str(run)), 0.0)
        assert (look.arrived, look.moved) == ([], 1)
        assert "expected a plain file" in look.first
    put(run, id, outside.read_text())
    (look,) = Inbox("S", False, set()).look(Folder(str(run)), 0.0).arrived
    assert look.id == id
    (run / "requests" / f"{id}.json").unlink()
    (run / "requests").rmdir()
    (run / "requests").symlink_to(tmp_path)
    with pytest.raises(OSError, match="real folder"):
        Inbox("S", False, set()).look(Folder(str(run)), 0.0)


def test_a_program_that_ends_without_closing_is_seen_to_be_cut_off(data):
    program = (
        "import fluxttice, sys; run = fluxttice.Run('run', data_dir=sys.argv[1]); run.epoch(0)"
    )
    command = [sys.executable, "-c", program, data]
    ran = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    run = pathlib.Path(data) / "runs" / "run"
    assert status(run)["end"] is None
    assert [line["event"] for line in read_lines(run / "journal.jsonl")] == ["opened"]
    fluxttice.Run("run", data_dir=data, resume=True).close()
