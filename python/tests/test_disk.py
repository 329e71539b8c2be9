"""A disk that refuses, a folder that is removed, moved, or replaced: nothing is lost."""

from __future__ import annotations

import errno
import math
import os
import pathlib
import shutil
import subprocess
import warnings

import pytest

import fluxttice
from conftest import answered, answers, ask, outcomes, read_json, read_lines, set_to, status, until
from fluxttice._folder import Folder
from fluxttice._lines import Lines

pytestmark = pytest.mark.filterwarnings("ignore:.*the disk refuses:RuntimeWarning")
posix_only = pytest.mark.skipif(os.name != "posix", reason="elsewhere open files cannot be removed")


class Refusing:
    """A disk that takes only a part of what is written to some files of a run, and then refuses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path) -> None:
        self.names: list[str] = []
        self.code = errno.ENOSPC
        self._folder, self._write, self._fsync = folder, os.write, os.fsync
        monkeypatch.setattr(os, "write", self.write)
        monkeypatch.setattr(os, "fsync", self.fsync)

    def _refuses(self, fd: int) -> bool:
        files = [self._folder / name for name in self.names]
        found = os.fstat(fd)
        return any(file.exists() and os.path.samestat(file.stat(), found) for file in files)

    def write(self, fd: int, data: bytes) -> int:
        if not self._refuses(fd):
            return self._write(fd, data)
        if len(data) > 10:
            return self._write(fd, data[: len(data) // 2])
        raise OSError(self.code, os.strerror(self.code))

    def fsync(self, fd: int) -> None:
        if self.code == errno.EIO and self._refuses(fd):
            raise OSError(self.code, os.strerror(self.code))
        self._fsync(fd)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES])
def test_training_goes_on_while_the_disk_refuses_and_all_is_saved_later(begin, monkeypatch, code):
    run = begin(controls=[fluxttice.Control("x", 0.5)])
    disk = Refusing(monkeypatch, run.path)
    disk.code = code
    run.epoch(0, loss=1.0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        disk.names = ["metrics.jsonl", "journal.jsonl"]
        for epoch in range(1, 5):
            run.epoch(epoch, loss=1.0)
        unsaved = until("it is said", lambda: status(run.path)["unsaved"])
        assert unsaved["since"] == 1 and os.strerror(code) in unsaved["problem"]
        id = ask(run.path, set_to("x", "0.25"))
        taken = until("it comes", lambda: [request.apply() or 1 for request in run.requests()])
        assert taken == [1] and run.controls["x"].value == 0.25, "it is done"
        later = ask(run.path, set_to("x", "0.75"))
        until("it comes", lambda: [request.apply() or 1 for request in run.requests()])
        beat = status(run.path)["beat"]
        until("it was tried again", lambda: status(run.path)["beat"] > beat)
        files = [run.path / "requests" / f"{one}.json" for one in (id, later)]
        assert all(file.exists() for file in files), "a file stays until its answer is saved"
        assert b'"outcome"' not in whole_lines(run.path / "journal.jsonl")
        disk.names = []
        until("all is saved", lambda: status(run.path)["unsaved"] is None)
        until("the files are gone", lambda: not any(file.exists() for file in files))
        disk.names = ["metrics.jsonl"]
        run.epoch(5)
        until("it is said again", lambda: (status(run.path)["unsaved"] or {}).get("since") == 5)
        disk.names = []
    assert len(told) == 1 and "training goes on" in str(told[0].message), "it is told once"
    run.close()
    epochs = [line["epoch"] for line in read_lines(run.path / "metrics.jsonl")]
    assert epochs == list(range(6))
    assert [line["by"]["request"]["id"] for line in outcomes(run.path)] == [id, later]
    assert not list(run.path.glob(".*.tmp"))


def whole_lines(path: pathlib.Path) -> bytes:
    data = path.read_bytes()
    return data[: data.rfind(b"\n") + 1]


def test_an_answer_that_is_not_durable_is_not_written_twice(begin, monkeypatch):
    run = begin()
    disk = Refusing(monkeypatch, run.path)
    disk._write, disk.code, write = os.write, errno.EIO, disk._write
    monkeypatch.setattr(os, "write", write)
    disk.names = ["journal.jsonl"]
    id = ask(run.path, {"request": "stop-after-epoch"})
    until("it comes", lambda: [1 for request in run.requests()])
    until("it is said", lambda: status(run.path)["unsaved"])
    assert (run.path / "requests" / f"{id}.json").exists()
    disk.names = []
    until("its file is gone", lambda: not (run.path / "requests" / f"{id}.json").exists())
    assert len(answers(run.path, id)) == 1


def test_what_the_disk_refuses_to_the_end_is_said(data, monkeypatch):
    run = fluxttice.Run("run", data_dir=data)
    disk = Refusing(monkeypatch, run.path)
    disk.names = ["metrics.jsonl"]
    with pytest.warns(RuntimeWarning, match="2 lines are lost"):
        run.epoch(0)
        run.epoch(1)
        run.close()
    assert status(run.path)["unsaved"]["since"] == 0
    disk.names = []
    with fluxttice.Run("run", data_dir=data, resume=True):
        assert status(run.path)["epoch"] == 0
    assert read_lines(run.path / "metrics.jsonl") == []


def test_a_run_that_cannot_begin_says_so(data, monkeypatch):
    real = os.open

    def refuse(path, flags, *rest, **more):
        if str(path).endswith("journal.jsonl"):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OSError, match="Read-only"):
        fluxttice.Run("run", data_dir=data)
    monkeypatch.undo()
    with fluxttice.Run("run", data_dir=data, resume=True):
        pass


def test_arrays_that_the_disk_refuses_are_told_of(begin, monkeypatch):
    numpy = pytest.importorskip("numpy")
    run = begin()
    run.epoch(0)
    (run.path / "samples").write_text("in the way")
    with pytest.warns(RuntimeWarning, match="samples/epoch-0000.npy is not saved"):
        run.samples(numpy.array([1]))


def test_a_file_that_is_refused_leaves_nothing_behind(tmp_path, monkeypatch):
    folder = Folder(str(tmp_path))
    folder.replace("status.json", b"before")
    monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "")))
    with pytest.raises(OSError):
        folder.replace("status.json", b"after")
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"]
    assert (tmp_path / "status.json").read_bytes() == b"before"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root mounts")
def test_a_disk_that_is_really_full(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        run = fluxttice.Run("run", data_dir=str(disk))
        filler = disk / "filler"
        with pytest.raises(OSError), filler.open("wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass
        count = 400
        for epoch in range(count):
            run.epoch(epoch, note=1.0, other=2.0)
        assert run._store.unsaved() is not None
        filler.unlink()
        until("all is saved", lambda: run._store.unsaved() is None)
        run.close()
        epochs = [line["epoch"] for line in read_lines(run.path / "metrics.jsonl")]
        assert epochs == list(range(count))
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@posix_only
@pytest.mark.parametrize("how", ["removed", "moved", "emptied", "unlocked"])
def test_a_folder_that_is_taken_away_is_made_again(begin, tmp_path, how):
    run = begin(config={"a": 1}, controls=[fluxttice.Control("x", 0.5)])
    run.epoch(0, loss=1.0)
    id = ask(run.path, set_to("x", "0.25"))
    answered(run, id, lambda request: request.apply())
    if how == "removed":
        shutil.rmtree(run.path)
    elif how == "moved":
        run.path.rename(tmp_path / "elsewhere")
    elif how == "emptied":
        for path in run.path.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    else:
        (run.path / ".lock").unlink()
    run.epoch(1, loss=1.0)
    run.epoch(2, loss=1.0)
    until("it can be asked again", lambda: (run.path / "requests").is_dir())
    until("it says what it is", lambda: (run.path / "status.json").exists())
    until("it is locked", run._store._is_in_place)
    until("its journal is there", (run.path / "journal.jsonl").exists)
    until("all is saved", lambda: status(run.path)["unsaved"] is None)
    answered(run, ask(run.path, {"request": "stop-after-epoch"}))
    run.epoch(3, loss=1.0)
    assert run.stopping
    with pytest.raises(BlockingIOError):
        fluxttice.Run(str(run.path), resume=True)
    run.close()
    epochs = [line["epoch"] for line in read_lines(run.path / "metrics.jsonl")]
    assert epochs == [0, 1, 2, 3]
    events = [line["event"] for line in read_lines(run.path / "journal.jsonl")]
    assert events == ["opened", "outcome", "outcome", "closed"]
    assert read_json(run.path / "config.yaml") == {"a": 1}
    assert read_json(run.path / "controls.json")["controls"][0]["value"] == "0.25"


@posix_only
def test_another_run_in_the_place_of_this_one_is_left_alone(begin, tmp_path):
    run = begin()
    run.epoch(0)
    # Not made again between these steps.
    run._publisher._due["keep"] = math.inf
    beat = status(run.path)["beat"]
    until("it is not at it", lambda: status(run.path)["beat"] > beat)
    run.path.rename(tmp_path / "elsewhere")
    run.path.mkdir()
    (run.path / "config.yaml").write_text("theirs")
    run._publisher._due["keep"] = 0.0
    run.epoch(1)
    elsewhere = tmp_path / "elsewhere"
    unsaved = until("it is said", lambda: status(elsewhere)["unsaved"])
    assert "found another one in its place" in unsaved["problem"]
    assert [path.name for path in run.path.iterdir()] == ["config.yaml"]
    epochs = [line["epoch"] for line in read_lines(elsewhere / "metrics.jsonl")]
    assert epochs == [0, 1], "what is moved is still written to"
    (run.path / "config.yaml").unlink()
    run.path.rmdir()
    until("it is there again", lambda: (run.path / "status.json").exists())
    until("all is saved", lambda: status(run.path)["unsaved"] is None)
    assert [line["epoch"] for line in read_lines(run.path / "metrics.jsonl")] == [0, 1]


@posix_only
def test_a_file_of_lines_that_is_replaced_is_gone_on_with(begin, tmp_path):
    run = begin()
    metrics, outside = run.path / "metrics.jsonl", tmp_path / "outside"
    run.epoch(0)
    metrics.unlink()
    run.epoch(1)
    assert [line["epoch"] for line in read_lines(metrics)] == [0, 1]
    edited = run.path / "edited"
    edited.write_text('{"epoch":7}\n{"epo')
    edited.rename(metrics)
    run.epoch(2)
    assert [line["epoch"] for line in read_lines(metrics)] == [7, 2]
    outside.write_text("precious")
    metrics.rename(run.path / "before")
    metrics.symlink_to(outside)
    run.epoch(3)
    assert outside.read_text() == "precious"
    assert "found a link" in until("it is said", lambda: status(run.path)["unsaved"])["problem"]
    metrics.unlink()
    until("all is saved", lambda: status(run.path)["unsaved"] is None)
    assert [line["epoch"] for line in read_lines(metrics)] == [7, 2, 3]


@posix_only
def test_nothing_is_written_through_a_link_or_into_a_pipe(data, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("precious")
    names = (".lock", "config.yaml", "metrics.jsonl", "journal.jsonl")
    for name in names:
        for make in (lambda path: path.symlink_to(outside), os.mkfifo):
            with fluxttice.Run(data_dir=data) as run:
                pass
            (run.path / name).unlink()
            make(run.path / name)
            with pytest.raises(OSError, match="expected a plain file"):
                fluxttice.Run(str(run.path), resume=True)
    for name in ("status.json", "controls.json"):
        run = fluxttice.Run(f"run{name}", data_dir=data)
        (run.path / name).unlink()
        (run.path / name).symlink_to(outside)
        until("the link itself is replaced", lambda: not (run.path / name).is_symlink())
        run.close()
    assert outside.read_text() == "precious"


@posix_only
def test_a_folder_in_the_place_of_the_status_is_set_aside(begin):
    run = begin()
    (run.path / "status.json").unlink()
    (run.path / "status.json" / "deep").mkdir(parents=True)
    until("it is a file again", (run.path / "status.json").is_file)
    assert len(list(run.path.glob("status.json.*/deep"))) == 1


@posix_only
def test_a_copy_of_hard_links_does_not_write_into_the_run_it_was_made_of(data):
    with fluxttice.Run("run", data_dir=data) as run:
        run.epoch(0)
    files = [run.path / name for name in ("metrics.jsonl", "journal.jsonl", "config.yaml")]
    before = [file.read_bytes() for file in files]
    copy = run.path.parent / "copy"
    copy.mkdir()
    for file in files:
        os.link(file, copy / file.name)
    (copy / "config.yaml").unlink()
    shutil.copy(run.path / "config.yaml", copy)
    with fluxttice.Run("copy", data_dir=data, resume=True) as again:
        again.epoch(1)
    assert [file.read_bytes() for file in files] == before
    assert [line["epoch"] for line in read_lines(copy / "metrics.jsonl")] == [0, 1]


@pytest.mark.parametrize(
    ("there", "left"),
    [
        (b"", b""),
        (b"one\n", b"one\n"),
        (b"one\ntw", b"one\n"),
        (b"half", b""),
        (b'{"n":1}\n{"n":2}', b'{"n":1}\n{"n":2}\n'),
        (b'{"n":1}\n[2]', b'{"n":1}\n'),
        (b"one\n" + b"x" * 150_000, b"one\n"),
        (b"x" * 150_000, b""),
        (b"one\n\0\0\0\0", b"one\n"),
        (b"one\n" + b"[" * 100_000, b"one\n"),
        (b"one\n\xff", b"one\n"),
    ],
)
def test_a_line_never_follows_half_a_line(tmp_path, there, left):
    (tmp_path / "lines").write_bytes(there)
    lines = Lines(Folder(str(tmp_path)), "lines")
    assert lines.append({"n": 3}, 0)
    assert (tmp_path / "lines").read_bytes() == left + b'{"n":3}\n'
    assert lines.records()[-1] == {"n": 3}
    assert lines.close() == 0
