"""What a run writes, and how it begins and ends."""

from __future__ import annotations

import math
import os
import pathlib
import re
import subprocess
import sys

import pytest

import fluxttice
from conftest import PAUSE, ask, environment, outcomes, read_json, read_lines, status, until
from fluxttice import _publisher, _store

FIGURE_ERROR = "expected a number"


def test_a_run_from_its_beginning_to_its_end(data):
    config = {"seed": 7, "nested": {"rate": 0.1}, "path": pathlib.PurePosixPath("/x")}
    with fluxttice.Run("run", data_dir=data, config=config, last_epoch=3, device="cpu") as run:
        assert run.path == pathlib.Path(data) / "runs" / "run"
        assert status(run.path)["state"] == "preparing"
        assert list(run.requests()) == []
        for epoch in range(3):
            run.progress(1, 2, loss=0.5)
            run.epoch(epoch, loss=1.5, **{"val/loss": 2})
        until("a status is written", lambda: status(run.path)["epoch"] == 3)
        assert status(run.path)["state"] == "training"
    assert read_json(run.path / "config.yaml") == {**config, "path": "/x"}
    assert read_lines(run.path / "metrics.jsonl") == [
        {"event": "epoch", "epoch": epoch, "loss": 1.5, "val/loss": 2} for epoch in range(3)
    ]
    opened, closed = read_lines(run.path / "journal.jsonl")
    assert (opened["event"], opened["epoch"], opened["seed"]) == ("opened", 0, 7)
    assert (closed["event"], closed["epoch"], closed["reason"]) == ("closed", 3, "finished")
    told = status(run.path)
    assert (told["state"], told["end"]["reason"], told["last_epoch"]) == ("finished", "finished", 3)
    assert (told["loss"], told["device"], told["locked"]) == (0.5, "cpu", sys.platform != "win32")
    run.close()
    assert len(read_lines(run.path / "journal.jsonl")) == 2, "closed once"


def test_the_end_says_why(data):
    def ended(name, error):
        run = fluxttice.Run(name, data_dir=data)
        with pytest.raises(type(error)), run:
            raise error
        told = status(run.path)
        journal = read_lines(run.path / "journal.jsonl")
        assert journal[-1]["reason"] == told["end"]["reason"]
        return told["state"], told["end"]["reason"], told["end"]["message"]

    message = "ValueError: no \\n\\x1b luck"
    assert ended("failed", ValueError("no \n\x1b luck")) == ("failed", "failed", message)
    assert ended("stopped", KeyboardInterrupt())[:2] == ("finished", "stopped")
    assert ended("left", SystemExit(0))[:2] == ("finished", "finished")
    assert ended("quit", SystemExit(3))[:2] == ("failed", "failed")
    assert len(ended("long", ValueError("x" * 10_000))[2]) == 500


def test_a_name_is_made_of_date_and_time(data):
    runs = [fluxttice.Run(data_dir=data) for _ in range(3)]
    names = [run.path.name for run in runs]
    assert len(set(names)) == 3
    assert all(re.fullmatch(r"\d{8}-\d{6}(-\d)?", name) for name in names)
    for run in runs:
        run.close()


def test_a_name_may_be_a_path_and_no_hidden_one(tmp_path, data, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with fluxttice.Run("./there/run") as run:
        assert run.path == tmp_path / "there" / "run"
    for name in ("", ".hidden", ".."):
        with pytest.raises(ValueError, match="no dot"):
            fluxttice.Run(name, data_dir=data)


def test_the_folder_of_all_runs_is_that_of_the_explorer(monkeypatch, tmp_path):
    from fluxttice._process import runs_folder

    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.delenv("FLUXTTICE_DATA_DIR", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert runs_folder(None) == "/home/anna/.local/share/fluxttice-explorer/runs"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert runs_folder(None) == "/home/anna/.local/share/fluxttice-explorer/runs"
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert runs_folder(None) == "/data/fluxttice-explorer/runs"
    monkeypatch.setattr(sys, "platform", "darwin")
    usual = "/home/anna/Library/Application Support/fluxttice-explorer/runs"
    assert runs_folder(None) == usual
    monkeypatch.setenv("FLUXTTICE_DATA_DIR", "/other")
    assert runs_folder(None) == "/other/runs"
    assert runs_folder("/given") == "/given/runs"


def test_a_folder_with_something_in_it_is_left_alone(data):
    folder = pathlib.Path(data) / "runs" / "run"
    folder.mkdir(parents=True)
    (folder / "thesis.tex").write_text("years")
    for resume, problem in ((False, "resume=True"), (True, "without config.yaml")):
        with pytest.raises(FileExistsError, match=problem):
            fluxttice.Run("run", data_dir=data, resume=resume)
    assert [entry.name for entry in folder.iterdir()] == ["thesis.tex"]
    (folder / "config.yaml").write_text("seed: 1")
    (folder / "run.json").write_text("{}")
    with pytest.raises(FileExistsError, match="run.json"):
        fluxttice.Run("run", data_dir=data, resume=True)


def test_a_run_goes_on_behind_its_last_whole_line(data):
    with fluxttice.Run("run", data_dir=data, config={"a": 1}) as run:
        for epoch in range(3):
            run.epoch(epoch, loss=1)
    first = status(run.path)["session"]
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"event":"epoch","epo')
    with (run.path / "journal.jsonl").open("r+") as file:
        whole = file.read()
        file.seek(0)
        file.truncate()
        file.write(whole.rstrip("\n"))
    with fluxttice.Run("run", data_dir=data, config={"a": 2}, resume=True) as run:
        assert status(run.path)["epoch"] == 3
        assert status(run.path)["session"] != first
        run.epoch(1, loss=2)
        until("it is at work on the next", lambda: status(run.path)["epoch"] == 2)
    epochs = [line["epoch"] for line in read_lines(run.path / "metrics.jsonl")]
    assert epochs == [0, 1, 2, 1]
    events = [(line["event"], line["epoch"]) for line in read_lines(run.path / "journal.jsonl")]
    assert events == [("opened", 0), ("closed", 3), ("opened", 3), ("closed", 2)]
    assert read_json(run.path / "config.yaml") == {"a": 1}, "the configuration stays"
    with fluxttice.Run("new", data_dir=data, resume=True):
        pass


def test_a_run_is_trained_by_one_process(data, begin):
    begin()
    with pytest.raises(BlockingIOError, match="another process"):
        fluxttice.Run("run", data_dir=data, resume=True)
    program = "import fluxttice, sys; fluxttice.Run('run', data_dir=sys.argv[1], resume=True)"
    ran = subprocess.run(
        [sys.executable, "-c", program, data], env=environment(), capture_output=True, text=True
    )
    assert ran.returncode == 1 and "BlockingIOError" in ran.stderr


def test_whoever_only_looks_at_the_lock_is_in_nobodys_way(data, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    fluxttice.Run("run", data_dir=data).close()
    looking = (pathlib.Path(data) / "runs" / "run" / ".lock").open()
    fcntl.flock(looking, fcntl.LOCK_SH)
    # The lock is released after the first attempt to take it.
    monkeypatch.setattr(_store.time, "sleep", lambda _: looking.close())
    run = fluxttice.Run("run", data_dir=data, resume=True)
    monkeypatch.undo()
    assert looking.closed
    run.close()


def test_figures_are_numbers(begin):
    run = begin()
    numpy = pytest.importorskip("numpy")

    class Tensor:
        shape = ()

        def item(self):
            return 0.25

    run.epoch(
        0,
        whole=3,
        huge=10**400,
        nan=math.nan,
        inf=numpy.float32("inf"),
        single=numpy.float32(0.5),
        array=numpy.array(7),
        tensor=Tensor(),
        val={"loss": numpy.int64(2), "deep": {"er": 1.5}},
    )
    (line,) = read_lines(run.path / "metrics.jsonl")
    assert line == {
        "event": "epoch",
        "epoch": 0,
        "whole": 3,
        "huge": None,
        "nan": None,
        "inf": None,
        "single": 0.5,
        "array": 7,
        "tensor": 0.25,
        "val": {"loss": 2, "deep": {"er": 1.5}},
    }
    for wrong in ("1", None, True, [1.0], 1j, numpy.ones(2), numpy.bool_(True), object()):
        with pytest.raises(TypeError, match=f"a.b: {FIGURE_ERROR}.*found {type(wrong).__name__}"):
            run.epoch(1, a={"b": wrong})
    with pytest.raises(TypeError, match="texts as names"):
        run.epoch(1, a={1: 1.0})
    with pytest.raises(ValueError, match="other names"):
        run.epoch(1, event=1.0)
    with pytest.raises(ValueError, match="other names"):
        run.epoch(1, **{"epoch": 1.0})
    endless = {}
    endless["again"] = endless
    with pytest.raises(ValueError, match="at most"):
        run.epoch(1, **endless)
    for wrong in (-1, 2**32):
        with pytest.raises(ValueError, match="expected 0 to"):
            run.epoch(wrong)
        with pytest.raises(ValueError, match="expected 0 to"):
            run.progress(wrong, 1)
    with pytest.raises(TypeError):
        run.epoch(1.0)
    assert len(read_lines(run.path / "metrics.jsonl")) == 1, "nothing of a refused line is there"


def test_names_that_are_no_text_are_written_as_text(begin):
    run = begin()
    run.epoch(0, **{"\ud800": 1.0, "\u2028": 2.0})
    assert [*read_lines(run.path / "metrics.jsonl")[0]][2:] == ["?", "\u2028"]


def test_a_status_tells_what_is_new(begin, monkeypatch):
    monkeypatch.setattr(_publisher, "HEARTBEAT_S", 1e9)
    run = begin()
    run.epoch(0)
    until("the epoch is shown", lambda: status(run.path)["epoch"] == 1)
    assert status(run.path)["epochs_per_minute"] is None
    (run.path / "watchers" / "me").write_text("")
    run.progress(3, 9, loss=math.nan)
    until("progress is shown to who watches", lambda: status(run.path)["batch"] == 3)
    told = status(run.path)
    assert (told["batches"], told["loss"], told["stage"]) == (9, None, "training")
    run.epoch(1)
    until("there is a rate", lambda: (status(run.path)["epochs_per_minute"] or 0) > 0)


def test_a_status_is_written_without_news(begin):
    run = begin()
    beat = status(run.path)["beat"]
    until("it beats", lambda: status(run.path)["beat"] > beat + 2)


def test_watchers_that_are_silent_are_forgotten(begin):
    run = begin()
    silent, folder = run.path / "watchers" / "silent", run.path / "watchers" / "folder"
    silent.write_text("")
    folder.mkdir()
    for path in (silent, folder):
        os.utime(path, (1, 1))
    until("it is swept", lambda: not silent.exists())
    assert folder.exists()


def test_a_control_that_is_removed_is_put_again(begin):
    run = begin()
    (run.path / "controls.json").unlink()
    until("it is there again", (run.path / "controls.json").exists)
    (run.path / "controls.json").write_text("{}")
    until("it is whole again", lambda: read_json(run.path / "controls.json") != {})


def test_a_stale_scratch_file_goes_when_the_run_is_taken_up(data):
    fluxttice.Run("run", data_dir=data).close()
    folder = pathlib.Path(data) / "runs" / "run"
    for name in (".status.json.0123456789abcdef.tmp", ".mine.tmp"):
        (folder / name).write_text("{")
    fluxttice.Run("run", data_dir=data, resume=True).close()
    left = [path.name for path in folder.glob(".*.tmp")]
    assert left == [".mine.tmp"]


def test_a_closed_run_does_nothing_more(data):
    run = fluxttice.Run("run", data_dir=data, controls=[fluxttice.Control("a", 1)])
    ask(run.path, PAUSE)
    gen = run.requests()
    request = until("a request comes", lambda: next(gen, None) or next(run.requests(), None))
    run.close()
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    if not request.answered:
        request.apply()
    run.epoch(0, loss=1.0)
    run.add_control(fluxttice.Control("b", 1))
    assert list(run.requests()) == []
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


def test_requests_that_come_too_late_are_refused_at_the_end(data):
    run = fluxttice.Run("run", data_dir=data)
    ids = [ask(run.path, PAUSE) for _ in range(3)]
    until("they are taken", lambda: run._publisher.arrived.qsize() == 3)
    run.close()
    told = outcomes(run.path)
    assert [line["by"]["request"]["id"] for line in told] == ids
    assert {line["message"] for line in told} == {"training has ended"}
    assert not list((run.path / "requests").iterdir())
