"""The examples do what they say, where what they need is installed."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import fluxttice
from conftest import environment, read_lines

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples" / "python"
PROGRAM = os.environ.get("FLUXTTICE_PROGRAM") or shutil.which("fluxttice-explorer")


def example(name: str, *arguments: str, data: pathlib.Path) -> str:
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    variables = {**environment(), "FLUXTTICE_DATA_DIR": str(data)}
    ran = subprocess.run(command, env=variables, cwd=data, text=True, capture_output=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_vae_in_pytorch_is_a_run(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("torch")
    example("pytorch_vae.py", "--epochs", "10", data=tmp_path)
    run = tmp_path / "runs" / "pytorch-vae"
    newest = read_lines(run / "metrics.jsonl")[-1]
    assert newest["epoch"] == 9 and 0 < newest["coverage/argmax"] <= newest["coverage/ceiling"] * 1.02
    assert (run / "codes" / "epoch-0009.npy").exists() and (run / "samples" / "epoch-0009.npy").exists()


@pytest.mark.skipif(PROGRAM is None, reason="fluxttice-explorer is not installed")
def test_a_run_is_mirrored(tmp_path: pathlib.Path) -> None:
    with fluxttice.Run("mine", data_dir=str(tmp_path)) as run:
        run.epoch(0, loss=3.0)
        run.epoch(1, val={"loss": 2.0})
    told = example("mirror.py", "mine", "--program", str(PROGRAM), data=tmp_path)
    lines = [json.loads(line) for line in told.splitlines()]
    assert lines == [
        {"run": "mine", "epoch": 0, "loss": 3.0},
        {"run": "mine", "epoch": 1, "val/loss": 2.0},
    ]
    subprocess.run([str(PROGRAM), "train", "--epochs", "2", "--out", str(tmp_path / "ours"), "--quiet",
                    "--device=cpu", "--set=train_split=0.02", "--set=val_split=0.01",
                    "--set=test_split=0.97", "--set=eval_num_samples=2000"], check=True)
    told = example("mirror.py", str(tmp_path / "ours"), "--program", str(PROGRAM), data=tmp_path)
    lines = [json.loads(line) for line in told.splitlines()]
    assert len(lines) == 2 and lines[1]["coverage/a/argmax/samples"] == 2_000


@pytest.mark.skipif(PROGRAM is None, reason="fluxttice-explorer is not installed")
def test_settings_are_searched(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("optuna")
    told = example("optuna_search.py", "--trials", "1", "--epochs", "5", "--program", str(PROGRAM), data=tmp_path)
    assert "best I(z; x)" in told
