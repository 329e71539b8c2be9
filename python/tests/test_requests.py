"""Requests: given to the training program, carried out, refused, and answered once."""

from __future__ import annotations

import json
import os
import threading

import pytest

import fluxttice
from conftest import PAUSE, RESUME, answered, answers, ask, body, outcomes, put, read_json
from conftest import set_to, status, until
from fluxttice import Control, Disruption
from fluxttice._folder import new_id

RATE = "learning_rate"
STOP_NOW = {"request": "stop-now"}
STOP_AFTER = {"request": "stop-after-epoch"}


def rate(**more):
    return Control(RATE, 1e-3, low=0.0, high=1.0, meaning="step size of the optimizer", **more)


def push(**more):
    return {"request": "disrupt", "disruption": {"kind": "beta-b", "amplitude": 0.2, **more}}


def test_a_value_is_set_and_controls_say_so(begin):
    run = begin(controls=[rate()])
    taken = []

    def handle(request):
        taken.append(request)
        request.apply()
        controls = read_json(run.path / "controls.json")
        assert controls["controls"][0]["value"] == "0.5"

    run.epoch(0)
    run.progress(4, 9)
    id = ask(run.path, {**set_to(RATE, "0.5"), "why": "try", "odd": 1})
    answer = answered(run, id, handle)
    (request,) = taken
    assert (request.id, request.kind, request.key, request.value) == (id, "set", RATE, 0.5)
    assert request.author == {"user": "anna", "host": "login1", "program": "a test 1"}
    assert request.answered and run.controls[RATE].value == 0.5
    by = answer.pop("by")["request"]
    assert (by["id"], by["claim"]) == (id, request.author)
    if hasattr(os, "geteuid"):
        assert by["uid"] == os.geteuid()
    del answer["time"]
    assert answer == {
        "event": "outcome",
        "id": 0,
        "request": "set",
        "key": RATE,
        "value": "0.5",
        "was": "0.001",
        "why": "try",
        "epoch": 1,
        "batch": 4,
        "applied": True,
        "message": "learning_rate = 0.5",
    }


def test_what_cannot_be_done_is_refused_before_the_program_sees_it(begin):
    run = begin(
        controls=[rate()],
        disruptions=[
            Disruption("beta-b", 0.2, (0.0, 1.0), most_epochs=9, shapes=("step", "decay"))
        ],
        requests=["pause", "resume", "set", "disrupt", "snapshot"],
    )
    for command, problem in (
        (set_to(RATE, "1.5"), "expected a number, 0.0 to 1.0, found '1.5'"),
        (set_to(RATE, "nan"), "expected a number, 0.0 to 1.0, found 'nan'"),
        (set_to("momentum", "1"), "expected one of learning_rate, found 'momentum'"),
        (RESUME, "not paused"),
        (STOP_NOW, "expected one of pause, resume, set, disrupt, snapshot, found stop-now"),
        ({"request": "keep", "epochs": 1}, "found keep"),
        ({"request": "hand-over"}, "found hand-over"),
        ({"request": "open", "run": "other"}, "found open"),
        ({"request": "branch", "epochs": 1, "name": None}, "found branch"),
        ({"request": "snapshot", "name": "../../escape"}, "letters, digits"),
        (push(epochs=10), "expected 1 to 9 epochs, found 10"),
        (push(epochs=0), "expected 1 to 9 epochs, found 0"),
        (push(epochs=1, amplitude=-1.5), "expected an amplitude within ±1.0, found -1.5"),
        (push(epochs=1, shape="cosine"), "expected the shape step or decay, found cosine"),
        (push(epochs=1, cooldown=10), "cool-down of 9"),
        (push(epochs=1, kind="latent-noise"), "expected one of beta-b, found 'latent-noise'"),
    ):
        answer = answered(run, ask(run.path, command), lambda request: pytest.fail(request.kind))
        assert problem in answer["message"] and not answer["applied"], answer["message"]
    answer = answered(run, ask(run.path, PAUSE, session="another"))
    assert answer["message"] == "too late: it was asked of another session"


def test_a_request_that_waited_too_long_is_refused_by_the_file_systems_clock(tmp_path):
    from fluxttice._folder import Folder
    from fluxttice._inbox import Inbox

    (tmp_path / "requests").mkdir()
    inbox = Inbox("S", False, set())
    ids = [new_id(), new_id(), new_id()]
    waits = ({}, {"wait_s": 600}, {"wait_s": 0})
    for id, wait in zip(ids, waits):
        os.utime(put(tmp_path, id, json.dumps(body(id, "S", PAUSE, **wait))), (1000, 1000))
    look = inbox.look(Folder(str(tmp_path)), 1061.0)
    refused = [arrival.refused for arrival in look.arrived]
    late = "too late: it waited 61 s, and may wait {} s"
    assert refused == [late.format(60), None, late.format(0)]
    id = new_id()
    os.utime(put(tmp_path, id, json.dumps(body(id, "S", PAUSE, wait_s=0))), (9e9, 9e9))
    assert inbox.look(Folder(str(tmp_path)), 1061.0).arrived[0].refused is None


def test_what_is_left_unanswered_is_answered_by_default(begin):
    run = begin(controls=[rate()], requests=["set", "snapshot", "pause", "resume"])
    untouched = ask(run.path, set_to(RATE, "0.5"))
    answer = answered(run, untouched)
    assert not answer["applied"] and "did nothing about `set`" in answer["message"]
    assert run.controls[RATE].value == 1e-3
    id = ask(run.path, {"request": "snapshot", "name": "mine"})
    answer = answered(run, id, lambda request: request.apply(f"saved as {request.name}.pt"))
    assert answer["applied"] and answer["message"] == "saved as mine.pt"
    id = ask(run.path, {"request": "snapshot", "name": None})
    answer = answered(run, id, lambda request: request.refuse("no room"))
    assert not answer["applied"] and answer["message"] == "no room"


def test_a_loop_that_is_left_early_answers_what_it_took(begin):
    run = begin(controls=[rate()])
    ids = [ask(run.path, set_to(RATE, "0.5")) for _ in range(2)]
    until("both are taken", lambda: run._publisher.arrived.qsize() == 2)
    next(run.requests())
    assert [line["by"]["request"]["id"] for line in outcomes(run.path)] == ids[:1]
    with pytest.raises(ZeroDivisionError):
        for _ in run.requests():
            1 / 0
    assert [line["by"]["request"]["id"] for line in outcomes(run.path)] == ids


def test_an_answer_is_given_once(begin):
    run = begin(controls=[rate()])

    def handle(request):
        request.apply()
        for again in (request.apply, request.apply_default, lambda: request.refuse("no")):
            with pytest.raises(RuntimeError, match="expected one answer"):
                again()

    answered(run, ask(run.path, set_to(RATE, "0.5")), handle)


def test_a_paused_run_waits_and_goes_on_answering(begin):
    run = begin(controls=[rate()])
    seen, came_back = [], threading.Event()

    def train():
        for request in run.requests():
            seen.append(request.kind)
            if request.kind == "set":
                request.apply()
        came_back.set()

    pause = ask(run.path, PAUSE)
    until("it is taken", lambda: run._publisher.arrived.qsize() == 1)
    trainer = threading.Thread(target=train)
    trainer.start()
    until("it is paused", lambda: status(run.path)["state"] == "paused")
    assert answers(run.path, pause)[0]["message"] == "paused"
    for command, message in (
        (PAUSE, "already paused"),
        (set_to(RATE, "0.5"), "learning_rate = 0.5"),
    ):
        id = ask(run.path, command)
        (answer,) = until("it is answered", lambda: answers(run.path, id))
        assert answer["message"] == message
    assert not came_back.is_set()
    resume = ask(run.path, RESUME)
    trainer.join(60)
    assert came_back.is_set() and seen == ["pause", "set", "resume"]
    assert answers(run.path, resume)[0]["message"] == "going on"
    until("it trains again", lambda: status(run.path)["state"] == "training")
    assert not run.stopping


@pytest.mark.parametrize("command", [STOP_NOW, STOP_AFTER])
def test_a_stop_ends_a_pause(begin, command):
    run = begin()
    ask(run.path, PAUSE)
    until("it is taken", lambda: run._publisher.arrived.qsize() == 1)
    trainer = threading.Thread(target=lambda: list(run.requests()))
    trainer.start()
    until("it is paused", lambda: status(run.path)["state"] == "paused")
    ask(run.path, command)
    trainer.join(60)
    assert not trainer.is_alive()
    assert run.stopping == (command is STOP_NOW)
    run.close()
    until("it has ended", lambda: status(run.path)["state"] == "finished")


def test_a_stop_is_due_at_once_or_after_the_epoch(begin):
    run = begin("now")
    answer = answered(run, ask(run.path, STOP_NOW))
    assert answer["message"] == "stopping now, discarding the unfinished epoch" and run.stopping
    left = ask(run.path, PAUSE)
    until("it is taken", lambda: run._publisher.arrived.qsize() == 1)
    assert list(run.requests()) == [], "nothing is begun any more"
    run.close()
    assert answers(run.path, left)[0]["message"] == "training has ended"
    assert status(run.path)["end"]["reason"] == "stopped"
    run = begin("after")
    answered(run, ask(run.path, STOP_AFTER))
    assert not run.stopping
    answered(run, ask(run.path, PAUSE), lambda request: request.refuse("busy"))
    run.epoch(0)
    assert run.stopping


def test_a_request_that_is_taken_back_is_not_carried_out(begin):
    run = begin()
    back, kept = (ask(run.path, {"request": "stop-after-epoch"}) for _ in range(2))
    until("they are taken", lambda: run._publisher.arrived.qsize() == 2)
    (run.path / "requests" / f"{back}.json").unlink()
    answered(run, kept)
    assert answers(run.path, back) == []


def test_requests_are_answered_in_the_order_of_their_identifiers(begin):
    run = begin(controls=[rate()])
    ids = [new_id() for _ in range(40)]
    session = status(run.path)["session"]
    texts = {id: json.dumps(body(id, session, set_to(RATE, "0.5"))) for id in ids}
    # All appear at once.
    os.rename(run.path / "requests", run.path / "aside")
    os.mkdir(run.path / "fresh")
    for id in reversed(ids):
        (run.path / "fresh" / f"{id}.json").write_text(texts[id])
    try:
        os.rename(run.path / "fresh", run.path / "requests")
    except OSError:
        pytest.skip("the trainer has made the folder again in this moment")
    until("all came", lambda: run._publisher.arrived.qsize() == 40)
    list(run.requests())
    assert [line["by"]["request"]["id"] for line in outcomes(run.path)] == ids


def test_what_the_journal_has_is_not_done_again(data):
    with fluxttice.Run("run", data_dir=data, controls=[rate()]) as run:
        id = ask(run.path, set_to(RATE, "0.5"))
        answered(run, id)
        text = json.dumps(body(id, status(run.path)["session"], set_to(RATE, "0.5")))
        file = put(run.path, id, text)
        until("it is removed", lambda: not file.exists())
    (run.path / "requests" / f"{id}.json").write_text(text)
    with fluxttice.Run("run", data_dir=data, controls=[rate()], resume=True) as run:
        until("it is removed", lambda: not file.exists())
        late = ask(run.path, PAUSE, session=json.loads(text)["session"])
        assert "another session" in answered(run, late)["message"]
    assert len(answers(run.path, id)) == 1


def test_the_kinds_that_are_taken_stand_with_the_controls(data):
    stops = ["pause", "resume", "stop-now", "stop-after-epoch"]
    pushes = [Disruption("beta-b", 0.2, (0.0, 1.0))]
    for arguments, kinds in (
        ({}, stops),
        ({"controls": [rate()]}, [*stops, "set"]),
        ({"disruptions": pushes}, [*stops, "disrupt"]),
        ({"requests": ["snapshot"]}, ["snapshot"]),
    ):
        with fluxttice.Run(None, data_dir=data, **arguments) as run:
            assert read_json(run.path / "controls.json")["requests"] == kinds
            run.add_control(Control("more", True))
            if "requests" not in arguments:
                assert "set" in read_json(run.path / "controls.json")["requests"]
    with pytest.raises(ValueError, match="expected pause.*found .'sing'"):
        fluxttice.Run("no", data_dir=data, requests=["sing"])
    with pytest.raises(ValueError, match="twice"):
        fluxttice.Run("no", data_dir=data, controls=[rate(), rate()])


def test_the_program_may_change_a_value_itself(begin):
    run = begin(controls=[rate()])
    run.controls[RATE].value = 0.25
    run.add_control(Control("more", 1))
    assert read_json(run.path / "controls.json")["controls"][0]["value"] == "0.25"


def test_requests_from_many_threads_are_each_answered_once(begin):
    run = begin(controls=[rate()])
    ids = []

    def send(number):
        for _ in range(25):
            ids.append(ask(run.path, set_to(RATE, f"0.{number + 1}")))

    senders = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for sender in senders:
        sender.start()

    def all_answered():
        for request in run.requests():
            request.apply()
        run.progress(1, 1)
        return len(outcomes(run.path)) >= 100

    until("all are answered", all_answered)
    for sender in senders:
        sender.join()
    assert sorted(line["by"]["request"]["id"] for line in outcomes(run.path)) == sorted(ids)
