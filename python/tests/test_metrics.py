"""Metrics as columns, of runs of any trainer."""

from __future__ import annotations

import math
import pathlib

import numpy as np
import pytest

import fluxttice


def test_metrics_are_columns_by_their_names(tmp_path: pathlib.Path) -> None:
    with fluxttice.Run("mine", data_dir=str(tmp_path)) as run:
        run.epoch(0, loss=3.0)
        run.epoch(1, loss=math.nan, val={"loss": 2.5})
        run.epoch(2, **{"loss": 1.0, "val/loss": 2.0})
    for named in ("mine", run.path):
        metrics = fluxttice.Run.read(named, data_dir=tmp_path)
        assert metrics.path.name == "mine" and list(metrics.columns)[0] == "epoch"
        assert metrics.columns["epoch"].tolist() == [0.0, 1.0, 2.0]
        assert np.array_equal(metrics.columns["loss"], [3.0, np.nan, 1.0], equal_nan=True)
        assert np.array_equal(metrics.columns["val/loss"], [np.nan, 2.5, 2.0], equal_nan=True)
    with pytest.raises(ValueError, match="no-such-run"):
        fluxttice.Run.read("no-such-run", data_dir=tmp_path)


def test_everything_that_is_offered_is_there() -> None:
    assert all(getattr(fluxttice, name) is not None for name in fluxttice.__all__)
    assert set(fluxttice.__all__) <= set(dir(fluxttice))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fluxttice.nothing  # noqa: B018
