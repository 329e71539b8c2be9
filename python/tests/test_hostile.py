"""A folder of requests into which anybody writes anything: nothing breaks, nothing leaks."""

from __future__ import annotations

import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import warnings

import pytest

import fluxttice
from conftest import PAUSE, RESUME, answered, answers, ask, body, environment, outcomes, put
from conftest import read_lines, set_to, status, until
from fluxttice import _inbox, _publisher
from fluxttice._folder import Folder, new_id
from fluxttice._inbox import Inbox

posix_only = pytest.mark.skipif(os.name != "posix", reason="links, pipes and owners of POSIX")
NAMES = [
    "junk",
    "\x1b[31mred",
    "ünïcode",
    "a b\tc\nd",
    "-rf",
    "..x",
    "$(touch x)",
    "x" * 255,
    "'\"",
    "%n",
]


def fresh(folder: pathlib.Path) -> Inbox:
    (folder / "requests").mkdir(parents=True)
    return Inbox("S", False, set())


def odd_bodies(id: str) -> list[str]:
    """Texts that are no requests, under the name of one."""
    good = body(id, "S", PAUSE)

    def but(**other):
        return json.dumps({**good, **other})

    return [
        "",
        "{",
        "null",
        "[]",
        '"text"',
        "\ufeff" + json.dumps(good),
        "[" * 60_000,
        '{"a":' * 10_000,
        json.dumps(good)[:-1],
        json.dumps(good) + "}",
        but(protocol=2),
        but(protocol=True),
        but(protocol=1.0),
        but(protocol=10**400),
        but(id=new_id()),
        but(id=None),
        but(session=7),
        but(session=None),
        but(time=3),
        but(wait_s=-1),
        but(wait_s="60"),
        but(wait_s=True),
        json.dumps({**good, "wait_s": float("nan")}),
        json.dumps({**good, "wait_s": 10**400}),
        but(wait_s=1).replace("1}", "1e999}").replace('"wait_s": 1', '"wait_s": 1e999'),
        f'{{"protocol": {"1" * 50_000}}}',
        but(author="anna"),
        but(author={"user": 7}),
        but(command=None),
        but(command="pause"),
        but(command=[]),
        but(command={}),
        but(command={"request": "sing"}),
        but(command={"request": ["pause"]}),
        but(command={"request": {"pause": 1}}),
        but(command={"request": "set", "key": "x"}),
        but(command={"request": "set", "key": "x", "value": 7}),
        but(command={"request": "set", "key": None, "value": "7"}),
        but(command={"request": "snapshot", "name": 7}),
        but(command={"request": "keep", "epochs": -1}),
        but(command={"request": "keep", "epochs": 1.5}),
        but(command={"request": "keep", "epochs": 2**32}),
        but(command={"request": "keep"}),
        but(command={"request": "disrupt"}),
        but(command={"request": "disrupt", "disruption": []}),
        but(command={"request": "disrupt", "disruption": {"kind": "beta-b"}}),
        but(
            command={"request": "disrupt", "disruption": {"kind": [], "amplitude": 1, "epochs": 1}}
        ),
        but(
            command={"request": "disrupt", "disruption": {"kind": "x", "amplitude": 1, "epochs": 1}}
        ),
        but(
            command={
                "request": "disrupt",
                "disruption": {"kind": "beta-b", "amplitude": 10**400, "epochs": 1},
            }
        ),
        but(
            command={
                "request": "disrupt",
                "disruption": {"kind": "beta-b", "amplitude": 1, "epochs": 1, "shape": "x"},
            }
        ),
    ]


def test_texts_that_are_no_requests_are_moved_aside(tmp_path):
    inbox = fresh(tmp_path)
    count = len(odd_bodies(""))
    for number in range(count):
        id = new_id()
        put(tmp_path, id, odd_bodies(id)[number])
    run, moved = Folder(str(tmp_path)), 0
    for _ in range(count // 64 + 2):
        look = inbox.look(run, 0.0)
        assert look.arrived == []
        moved += look.moved
    assert moved == count and not list((tmp_path / "requests").iterdir())
    bytes_that_are_no_text = tmp_path / "requests" / f"{new_id()}.json"
    bytes_that_are_no_text.write_bytes(json.dumps(body("", "S", PAUSE)).encode("utf-16"))
    assert inbox.look(run, 0.0).moved == 1


def test_mutations_of_a_request_are_taken_or_moved_aside_and_raise_nothing(tmp_path):
    inbox, dice, run = fresh(tmp_path), random.Random(7), Folder(str(tmp_path))
    words = [b"\0", b"\n", b'"', b"{", b"}", b"[[[[", b"null", b"-1", b"1e999", b"\xff", b"\\ud800"]
    count = int(os.environ.get("FLUXTTICE_FUZZ", "400"))
    for _ in range(count):
        id = new_id()
        data = bytearray(json.dumps(body(id, "S", set_to("x", "0.5"), wait_s=9)).encode())
        for _ in range(dice.randrange(1, 6)):
            at = dice.randrange(len(data) + 1)
            end = at + dice.randrange(20)
            change = dice.choice(["flip", "insert", "remove", "repeat", "cut"])
            if change == "flip" and at < len(data):
                data[at] ^= 1 << dice.randrange(8)
            elif change == "insert":
                data[at:at] = dice.choice(words)
            elif change == "remove":
                del data[at:end]
            elif change == "repeat":
                data[at:at] = data[at:end] * dice.randrange(40)
            elif change == "cut" and dice.randrange(4) == 0:
                del data[at:]
        (tmp_path / "requests" / f"{id}.json").write_bytes(data)
        look = inbox.look(run, 0.0)
        assert len(look.arrived) + look.moved == 1 or not look.arrived
        for arrival in look.arrived:
            json.dumps(arrival)
            inbox.answered(run, arrival.id)
    until("all is gone", lambda: not inbox.look(run, 0.0).moved)
    assert not list((tmp_path / "requests").iterdir())


@posix_only
def test_ten_thousand_odd_things_hide_no_request_and_nothing_outside_is_touched(
    begin, tmp_path, monkeypatch
):
    monkeypatch.setattr(_publisher, "_LOOK_AFTER_JUNK_S", 0.0)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("years")
    (outside / "deep").mkdir()
    run = begin(controls=[fluxttice.Control("x", 0.5)])
    folder = run.path / "requests"

    def id_name():
        return folder / f"{new_id()}.json"

    for number in range(10_000):
        name = NAMES[number % len(NAMES)]
        path = folder / f"{number}{name}"[:255]
        if len(os.fsencode(path.name)) <= 255:
            path.write_text("x")
    (folder / os.fsdecode(b"\xff\xfe")).write_text("x")
    id_name().symlink_to(outside / "precious")
    id_name().symlink_to(outside)
    id_name().symlink_to("nowhere")
    id_name().symlink_to("/dev/zero")
    os.link(outside / "precious", id_name())
    os.mkfifo(id_name())
    os.mkfifo(folder / "fifo")
    (id_name() / "deep" / "er").mkdir(parents=True)
    # The kernel limits the length of an address.
    descriptor, listening = os.open(folder, os.O_RDONLY), socket.socket(socket.AF_UNIX)
    if sys.platform == "linux":
        listening.bind(f"/proc/self/fd/{descriptor}/{new_id()}.json")
    with id_name().open("wb") as sparse:
        sparse.truncate(1 << 30)
    put(run.path, new_id(), "[" * 60_000)
    locked = id_name()
    locked.write_text("x")
    locked.chmod(0)
    if os.geteuid() == 0:
        id = new_id()
        foreign = put(run.path, id, json.dumps(body(id, status(run.path)["session"], PAUSE)))
        os.chown(foreign, 12345, 12345)
    true = ask(run.path, {"request": "set", "key": "x", "value": "0.25"})
    before = [(path, path.lstat().st_mtime_ns, path.lstat().st_size) for path in outside.rglob("*")]
    answer = answered(run, true, lambda request: request.apply())
    assert answer["applied"] and run.controls["x"].value == 0.25

    def is_empty():
        for request in run.requests():
            pytest.fail(request.kind)
        return not list(folder.iterdir())

    until("all is moved", is_empty)
    # A second name of the precious file is gone, and nothing else.
    after = [(path, path.lstat().st_mtime_ns, path.lstat().st_size) for path in outside.rglob("*")]
    assert after == before and (outside / "precious").read_text() == "years"
    until("the newest are kept", lambda: len(list((run.path / "refused").iterdir())) == 100)
    for path in (run.path / "refused").iterdir():
        assert path.name.isascii() and path.name.isprintable() and "/" not in path.name
    assert len(outcomes(run.path)) == 1
    run.epoch(0)
    moved = [
        line for line in read_lines(run.path / "journal.jsonl") if line["event"] == "moved_aside"
    ]
    assert len(moved) == 1, "at most one line a minute"
    assert moved[0]["count"] >= 1 and moved[0]["first"].isprintable()
    os.close(descriptor)
    listening.close()


@posix_only
def test_what_is_no_plain_file_with_one_name_is_not_read(tmp_path):
    inbox, outside = fresh(tmp_path), tmp_path / "outside"
    request = json.dumps(body(new_id(), "S", PAUSE))
    outside.write_text(request)
    folder = tmp_path / "requests"
    for make, problem in (
        (lambda path: path.symlink_to(outside), "found a link"),
        (os.mkfifo, "found a pipe"),
        (lambda path: path.mkdir(), "found a folder"),
        (lambda path: os.link(outside, path), "found one with 2 names"),
        (lambda path: path.write_bytes(b" " * 65_537), "expected 65536 bytes at most, found 65537"),
    ):
        make(folder / f"{new_id()}.json")
        look = inbox.look(Folder(str(tmp_path)), 0.0)
        assert problem in look.first and look.moved == 1, look.first
    id = new_id()
    text = json.dumps(body(id, "S", PAUSE))
    put(tmp_path, id, text + " " * (65_536 - len(text)))
    assert len(inbox.look(Folder(str(tmp_path)), 0.0).arrived) == 1, "the largest one"


@posix_only
@pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() != 0, reason="only root gives files away"
)
def test_requests_of_others_are_taken_only_where_that_is_said(tmp_path):
    for allow_group, owner, taken in ((False, 12345, 0), (True, 12345, 1), (False, 0, 1)):
        run = tmp_path / f"{allow_group}{owner}"
        fresh(run)
        id = new_id()
        os.chown(put(run, id, json.dumps(body(id, "S", PAUSE))), owner, owner)
        look = Inbox("S", allow_group, set()).look(Folder(str(run)), 0.0)
        assert (len(look.arrived), look.moved) == (taken, 1 - taken)
        if taken:
            assert look.arrived[0].requester["uid"] == owner
        else:
            assert "another user (12345 )" in look.first and "allow_group" in look.first


@posix_only
@pytest.mark.parametrize("name", ["requests", "refused", "watchers"])
def test_a_folder_that_is_a_link_is_not_entered(data, tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    fluxttice.Run("run", data_dir=data).close()
    folder = pathlib.Path(data) / "runs" / "run" / name
    if folder.exists():
        folder.rmdir()
    folder.symlink_to(outside)
    old = outside / "old"
    old.write_text("x")
    os.utime(old, (1, 1))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with fluxttice.Run("run", data_dir=data, resume=True) as run:
            if name == "refused":
                (run.path / "requests" / "junk").write_text("x")
            beat = status(run.path)["beat"]
            until("it has looked for a while", lambda: status(run.path)["beat"] > beat + 1)
            run.epoch(0)
    assert [path.name for path in outside.iterdir()] == ["old"]
    assert sum("requests are not taken" in str(warning.message) for warning in told) == (
        1 if name == "requests" else 0
    )


@posix_only
@pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() != 0, reason="only root gives files away"
)
def test_a_folder_of_another_user_is_not_entered(begin):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        run = begin()
        os.chown(run.path / "requests", 12345, -1)
        until("it is told", lambda: told)
        assert "found user 12345's" in str(told[0].message)
        os.chown(run.path / "requests", os.geteuid(), -1)
        answered(run, ask(run.path, RESUME))


def test_what_is_begun_is_left_alone_and_swept_when_it_is_old(tmp_path):
    inbox, folder = fresh(tmp_path), tmp_path / "requests"
    (folder / "file.tmp").write_text("{")
    (folder / "folder.tmp" / "deep").mkdir(parents=True)
    now = (folder / "file.tmp").stat().st_mtime
    run = Folder(str(tmp_path))
    assert inbox.look(run, now).moved == 0 and len(list(folder.iterdir())) == 2
    assert inbox.look(run, now + 120).moved == 1 and not list(folder.iterdir())


def test_what_cannot_be_moved_is_looked_at_once(tmp_path, monkeypatch):
    inbox, run = fresh(tmp_path), Folder(str(tmp_path))
    (tmp_path / "refused").write_text("in the way")
    (tmp_path / "requests" / "junk").write_text("x")
    assert inbox.look(run, 0.0).moved == 0
    monkeypatch.setattr(Inbox, "_move_aside", lambda *_: pytest.fail("looked at again"))
    assert inbox.look(run, 0.0).moved == 0


def test_things_that_cannot_be_moved_hide_no_request(tmp_path):
    inbox, run = fresh(tmp_path), Folder(str(tmp_path))
    (tmp_path / "refused").write_text("in the way")
    for number in range(500):
        (tmp_path / "requests" / f"junk{number}").write_text("x")
    id = new_id()
    put(tmp_path, id, json.dumps(body(id, "S", PAUSE)))
    arrived = [arrival.id for _ in range(9) for arrival in inbox.look(run, 0.0).arrived]
    assert arrived == [id]


def test_what_is_told_of_odd_things_is_fit_for_a_terminal(tmp_path):
    inbox = fresh(tmp_path)
    id = new_id()
    put(tmp_path, id, json.dumps({**body(id, "S", PAUSE), "protocol": "\x1b[2J\ud800"}))
    first = inbox.look(Folder(str(tmp_path)), 0.0).first
    assert first == f"{id}.json: no request: protocol: expected 1, found \\x1b[2J\\ud800"


def test_a_folder_of_any_depth_in_refused_is_no_trouble(tmp_path, monkeypatch):
    monkeypatch.setattr(_inbox, "_KEPT", 1)
    inbox, run = fresh(tmp_path), Folder(str(tmp_path))
    deep = tmp_path / "requests" / "deep"
    deep.mkdir()
    descriptor = os.open(deep, os.O_RDONLY) if os.name == "posix" else None
    for _ in range(3_000 if descriptor is not None else 1):
        os.mkdir("d", dir_fd=descriptor)
        inner = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    try:
        assert inbox.look(run, 0.0).moved == 1
        (tmp_path / "requests" / "junk").write_text("x")
        assert inbox.look(run, 0.0).moved == 1
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "refused")], check=True)


def test_deep_json_is_no_trouble_for_a_program_without_a_limit_of_recursion(tmp_path):
    fresh(tmp_path)
    for opening in ("[", '{"a":'):
        text = opening * (65_000 // len(opening))
        put(tmp_path, new_id(), text)
    program = (
        "import sys, threading; sys.setrecursionlimit(10**9); threading.stack_size(1 << 18)\n"
        "from fluxttice._folder import Folder; from fluxttice._inbox import Inbox\n"
        "look = lambda: print(Inbox('S', False, set()).look(Folder(sys.argv[1]), 0.0).moved)\n"
        "thread = threading.Thread(target=look); thread.start(); thread.join()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    ran = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "2\n"), ran.stderr


def test_texts_of_others_reach_the_journal_harmless(begin):
    run = begin(controls=[fluxttice.Control("x", "a")])
    id = new_id()
    author = {"user": "\x1b[2J" + "u" * 100, "host": "\u202e", "program": None}
    command = {**set_to("x", "b"), "why": "\ud800\x00"}
    put(
        run.path,
        id,
        json.dumps({**body(id, status(run.path)["session"], command), "author": author}),
    )
    seen = []
    answered(run, id, lambda request: (seen.append(request.author), request.apply("\ud800 done")))
    assert seen == [{"user": "\\x1b[2J" + "u" * 76, "host": "\\u202e"}]
    (answer,) = answers(run.path, id)
    assert answer["message"] == "? done" and answer["why"] == "?\x00"


def test_a_defect_of_the_thread_is_told_once_and_ends_nothing(begin, monkeypatch):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        run = begin()
        monkeypatch.setattr(Inbox, "look", lambda *_: 1 / 0)
        until("it is told", lambda: told)
        beat = status(run.path)["beat"]
        until("it beats", lambda: status(run.path)["beat"] > beat)
        monkeypatch.undo()
        answered(run, ask(run.path, RESUME))
    assert len(told) == 1 and "ZeroDivisionError" in str(told[0].message)
