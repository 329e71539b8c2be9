"""`kill -9` at any moment, amid requests of three processes: each is answered once."""

from __future__ import annotations

import collections
import os
import random
import signal
import subprocess
import sys

import pytest

from conftest import environment, outcomes, read_lines, until

ROUNDS = int(os.environ.get("FLUXTTICE_KILLS", "30"))
LONGEST_S = 0.6

TRAINER = """
import os, pathlib, sys
import fluxttice
folder = pathlib.Path(sys.argv[1])
metrics = folder / "metrics.jsonl"
done = metrics.read_bytes().count(b"\\n") if metrics.exists() else 0
effects = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
controls = [fluxttice.Control("x", 0.5)]
kinds = ["pause", "resume", "stop-after-epoch", "set", "snapshot"]
with fluxttice.Run(str(folder), controls=controls, requests=kinds, resume=True) as run:
    for epoch in range(done, 10**9):
        for request in run.requests():
            os.write(effects, (request.id + "\\n").encode())
            if request.kind in ("set", "snapshot"):
                request.apply()
        run.progress(1, 1)
        run.epoch(epoch, loss=1.0)
        if run.stopping:
            break
"""

ASKER = """
import json, pathlib, random, sys, time
from conftest import body
from fluxttice._folder import new_id
folder, sent, dice = pathlib.Path(sys.argv[1]), open(sys.argv[2], "a"), random.Random(sys.argv[3])
while not (folder.parent / "enough").exists():
    time.sleep(dice.random() * 0.05)
    kind = dice.choice(["pause", "resume", "resume", "resume", "set", "set", "snapshot", "keep"])
    more = {"set": {"key": dice.choice(["x", "y"]), "value": "0.25"}, "keep": {"epochs": 1}}
    id = new_id()
    try:
        session = json.loads((folder / "status.json").read_text())["session"]
        scratch = folder / "requests" / (id + ".tmp")
        request = body(id, session, {"request": kind, **more.get(kind, {})})
        scratch.write_text(json.dumps(request))
        scratch.rename(folder / "requests" / (id + ".json"))
    except FileNotFoundError:
        continue
    sent.write(id + "\\n")
    sent.flush()
"""


def started(program: str, *arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, env=environment())


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_kills_amid_requests_lose_and_repeat_nothing(tmp_path):
    folder, effects = tmp_path / "run", tmp_path / "effects"
    dice = random.Random(7)
    askers = [started(ASKER, folder, tmp_path / f"sent{n}", n) for n in range(3)]
    trainer = None
    try:
        for _ in range(ROUNDS):
            trainer = started(TRAINER, folder, effects)
            try:
                # The moment is what is tried here; nothing waits for anything.
                trainer.wait(dice.random() * LONGEST_S)
                pytest.fail("it ended by itself")
            except subprocess.TimeoutExpired:
                trainer.send_signal(signal.SIGKILL)
                trainer.wait()
        (tmp_path / "enough").touch()
        for asker in askers:
            assert asker.wait(60) == 0
        trainer = started(TRAINER, folder, effects)
        requests = folder / "requests"

        def all_answered():
            assert trainer.poll() is None
            return requests.exists() and not list(requests.iterdir())

        until("all is answered", all_answered)
    finally:
        for process in [*askers, trainer]:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
    sent = [id for n in range(3) for id in (tmp_path / f"sent{n}").read_text().split()]
    told = outcomes(folder)
    counts = collections.Counter(line["by"]["request"]["id"] for line in told)
    begun = collections.Counter(effects.read_text().split())
    late = sum("too late" in line["message"] for line in told)
    epochs = [line["epoch"] for line in read_lines(folder / "metrics.jsonl")]
    print(f"{len(sent)} requests, {len(told)} answers, {late} too late, {len(epochs)} epochs")
    assert sent and len(told) > late > 0 and epochs
    assert set(counts.values()) == {1} and set(sent) <= set(counts)
    assert max(begun.values()) == 1, "nothing is begun twice"
    assert epochs == list(range(len(epochs)))
    leftovers = [path for path in folder.iterdir() if path.name.endswith(".tmp")]
    assert len(leftovers) <= 1, "at most what the last kill left"
