"""The callbacks for other libraries, each with a small stand-in for its library."""

from __future__ import annotations

import importlib
import sys
import types

import pytest

import fluxttice
from conftest import answers, ask, read_json, read_lines, set_to, status, until


def stand_in(monkeypatch, path, name):
    """Puts a module with one empty class in the place of a library, and imports what uses it."""
    parts = path.split(".")
    for end in range(1, len(parts) + 1):
        module = types.ModuleType(".".join(parts[:end]))
        module.__path__ = []
        monkeypatch.setitem(sys.modules, module.__name__, module)
    setattr(module, name, type(name, (), {}))
    own = "fluxttice.transformers" if parts[0] == "transformers" else "fluxttice.lightning"
    monkeypatch.delitem(sys.modules, own, raising=False)
    return importlib.import_module(own)


class Optimizer:
    def __init__(self):
        self.param_groups = [{"lr": 0.1}, {"lr": 0.2}]


class Trainer:
    """Stands for the trainer of PyTorch Lightning: two batches an epoch."""

    def __init__(self, callback):
        self.optimizers = [Optimizer()]
        self.num_training_batches = 2
        self.should_stop = False
        self.current_epoch = 0
        self.callback_metrics = {}
        self.callback = callback

    def fit(self, epochs, at_batch):
        self.callback.on_train_start(self, None)
        while self.current_epoch < epochs and not self.should_stop:
            for batch in range(2):
                at_batch(self, batch)
                self.callback.on_train_batch_end(self, None, None, None, batch)
                if self.should_stop:
                    break
            self.callback_metrics = {"val/loss": 1.5}
            self.callback.on_train_epoch_end(self, None)
            self.current_epoch += 1


@pytest.mark.parametrize("path", ["lightning.pytorch.callbacks", "pytorch_lightning.callbacks"])
def test_lightning_is_told_of_and_steered(begin, monkeypatch, path):
    monkeypatch.setitem(sys.modules, "lightning", None)
    module = stand_in(monkeypatch, path, "Callback")
    run = begin()
    ids = []

    def send(trainer, batch):
        if (trainer.current_epoch, batch) == (1, 0):
            ids.append(ask(run.path, set_to("learning_rate", "0.5")))
            ids.append(ask(run.path, set_to("learning_rate", "-1")))
        elif (trainer.current_epoch, batch) == (2, 0):
            ids.append(ask(run.path, {"request": "stop-after-epoch"}))
        else:
            return
        until("it is taken", lambda: run._publisher.arrived.qsize() == len(ids) - len(told()))

    def told():
        return [id for id in ids if answers(run.path, id)]

    trainer = Trainer(module.FluxtticeCallback(run))
    trainer.fit(9, send)
    assert [group["lr"] for group in trainer.optimizers[0].param_groups] == [0.5, 0.5]
    assert [answers(run.path, id)[0]["applied"] for id in ids] == [True, False, True]
    assert "at least 0.0" in answers(run.path, ids[1])[0]["message"]
    (control,) = read_json(run.path / "controls.json")["controls"]
    assert (control["name"], control["default"], control["value"]) == (
        "learning_rate",
        "0.1",
        "0.5",
    )
    assert read_lines(run.path / "metrics.jsonl") == [
        {"event": "epoch", "epoch": epoch, "val/loss": 1.5} for epoch in range(3)
    ]
    assert trainer.should_stop


def test_lightning_stops_amid_an_epoch_and_keeps_a_control_that_is_there(begin, monkeypatch):
    module = stand_in(monkeypatch, "lightning.pytorch.callbacks", "Callback")
    run = begin(controls=[fluxttice.Control("learning_rate", 0.7)])

    def send(trainer, batch):
        if trainer.current_epoch == 1:
            ask(run.path, {"request": "stop-now"})
            until("it is taken", lambda: run._publisher.arrived.qsize() == 1)

    trainer = Trainer(module.FluxtticeCallback(run))
    trainer.num_training_batches = float("inf")
    trainer.fit(9, send)
    assert run.controls["learning_rate"].value == 0.7
    assert [line["epoch"] for line in read_lines(run.path / "metrics.jsonl")] == [0]


class Control:
    should_save = should_log = should_evaluate = should_training_stop = False


class State:
    global_step, max_steps, num_train_epochs, epoch = 0, 10, 5, None


class HuggingFace:
    """Stands for the trainer of Hugging Face: two steps an epoch, logs and evaluation after it."""

    def __init__(self, callback, logs, evaluates):
        self.callback, self.control, self.state = callback, Control(), State()
        self.logs, self.evaluates = logs, evaluates

    def call(self, event, **more):
        getattr(self.callback, event)(None, self.state, self.control, **more)

    def train(self, at_step):
        for epoch in range(5):
            self.state.epoch = float(epoch)
            self.call("on_epoch_begin")
            for step in range(2):
                at_step(self, epoch, step)
                self.state.global_step += 1
                self.call("on_step_end")
                if self.control.should_training_stop:
                    break
            self.state.epoch = epoch + 1.0
            self.control.should_log, self.control.should_evaluate = self.logs, self.evaluates
            self.call("on_epoch_end")
            if self.logs:
                self.control.should_log = False
                self.call("on_log", logs={"loss": 0.5, "epoch": 1.0, "note": "text"})
            if self.evaluates:
                self.call("on_log", logs={"eval_loss": 0.25})
                self.control.should_evaluate = False
                self.call("on_evaluate")
            if self.control.should_training_stop:
                break
        self.call("on_train_end")


@pytest.mark.parametrize("logs", [False, True])
@pytest.mark.parametrize("evaluates", [False, True])
def test_transformers_is_told_of_and_stopped_after_an_epoch(begin, monkeypatch, logs, evaluates):
    module = stand_in(monkeypatch, "transformers", "TrainerCallback")
    run = begin(requests=["snapshot", "stop-after-epoch"])
    snapshot = []

    def send(trainer, epoch, step):
        if (epoch, step) == (1, 0):
            snapshot.append(ask(run.path, {"request": "snapshot"}))
            ask(run.path, {"request": "stop-after-epoch"})
            until("they are taken", lambda: run._publisher.arrived.qsize() == 2)

    trainer = HuggingFace(module.FluxtticeCallback(run), logs, evaluates)
    trainer.train(send)
    figures = {**({"loss": 0.5} if logs else {}), **({"eval_loss": 0.25} if evaluates else {})}
    assert read_lines(run.path / "metrics.jsonl") == [
        {"event": "epoch", "epoch": epoch, **figures} for epoch in range(2)
    ]
    assert trainer.state.global_step == 4, "no step of the next epoch is made"
    assert trainer.control.should_save and answers(run.path, snapshot[0])[0]["applied"]
    until("progress is shown", lambda: status(run.path)["batches"] == 2)


def test_transformers_stops_at_once_and_tells_of_no_half_epoch(begin, monkeypatch):
    module = stand_in(monkeypatch, "transformers", "TrainerCallback")
    run = begin()

    def send(trainer, epoch, step):
        if epoch == 1:
            ask(run.path, {"request": "stop-now"})
            until("it is taken", lambda: run._publisher.arrived.qsize() == 1)

    trainer = HuggingFace(module.FluxtticeCallback(run), True, True)
    trainer.train(send)
    assert trainer.state.global_step == 3
    assert [line["epoch"] for line in read_lines(run.path / "metrics.jsonl")] == [0]
