"""Every file that is written fits the schemas of the protocol."""

from __future__ import annotations

import json

import pytest

import fluxttice
from conftest import (
    SCHEMAS,
    PAUSE,
    RESUME,
    answered,
    ask,
    body,
    outcomes,
    read_json,
    set_to,
    status,
)
from conftest import until
from fluxttice._folder import new_id

jsonschema = pytest.importorskip("jsonschema")


def fits(value, name):
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(value)


CONTROLS = [
    fluxttice.Control("rate", 1e-3, low=0.0, high=1.0, unit="1/step", meaning="step size"),
    fluxttice.Control("width", 64, low=1, safe_point="epoch"),
    fluxttice.Control("augment", True),
    fluxttice.Control("mode", "fast", choices=["fast", "slow"]),
    fluxttice.Control("note", "any text: '\"", default="x"),
]
PUSH = {"request": "disrupt", "disruption": {"kind": "beta-b", "amplitude": 0.1, "epochs": 2}}


@pytest.mark.parametrize("full", [False, True])
def test_every_file_fits_its_schema(data, full):
    arguments = {}
    if full:
        pushes = [fluxttice.Disruption("beta-b", 0.2, (0.0, 1.0), meaning="more")]
        arguments = {"controls": CONTROLS, "disruptions": pushes, "last_epoch": 3, "device": "cpu"}
    run = fluxttice.Run(None, data_dir=data, **arguments)
    fits(status(run.path), "status")
    fits(read_json(run.path / "controls.json"), "controls")
    commands = [RESUME, set_to("rate", "0.5"), set_to("rate", "7"), PUSH, {"request": "snapshot"}]
    for command in [
        *commands,
        {"request": "snapshot", "name": "a"},
        {"request": "keep", "epochs": 1},
    ]:
        fits(body(new_id(), status(run.path)["session"], command), "request")
        answered(run, ask(run.path, command), lambda request: request.apply())
        run.progress(1, 2, loss=0.5)
        run.epoch(0)
        fits(read_json(run.path / "controls.json"), "controls")
        fits(status(run.path), "status")
    (run.path / "watchers" / "me").write_text("")
    until("it is shown", lambda: status(run.path)["batches"] == 2)
    fits(status(run.path), "status")
    told = outcomes(run.path)
    assert len(told) == 7
    for line in told:
        fits(line, "answer")
    assert any(line["applied"] for line in told) == full
    with pytest.raises(ZeroDivisionError), run:
        1 / 0
    fits(status(run.path), "status")
    assert status(run.path)["state"] == "failed"


def test_a_status_of_trouble_fits_its_schema(begin):
    run = begin()
    (run.path / "metrics.jsonl").unlink()
    (run.path / "metrics.jsonl").mkdir()
    with pytest.warns(RuntimeWarning, match="the disk refuses"):
        run.epoch(0)
    until("it is said", lambda: status(run.path)["unsaved"])
    fits(status(run.path), "status")
    (run.path / "metrics.jsonl").rmdir()
    until("all is saved", lambda: status(run.path)["unsaved"] is None)
    answered(run, ask(run.path, PAUSE), lambda request: fits(status(run.path), "status"))


def test_the_status_has_every_field_that_others_know(begin):
    schema = json.loads((SCHEMAS / "status.schema.json").read_text())
    run = begin(last_epoch=1)
    missing = set(schema["properties"]) - set(status(run.path))
    assert missing == {"device_reason", "live"}
