"""Models: what they say is what the command line says, and what is wrong with an argument is told."""

from __future__ import annotations

import json
import pathlib
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import fluxttice

BUILT_IN = pathlib.Path(__file__).parents[2] / "assets" / "builtin" / "weights.safetensors"


@pytest.fixture(scope="module")
def model() -> fluxttice.Model:
    return fluxttice.load()


def test_codes_are_decoded_to_the_operations_that_they_are_of(model: fluxttice.Model) -> None:
    mu, log_variance = model.encode()
    assert mu.shape == log_variance.shape == (19_683, 16) and mu.dtype == np.float64
    decoded = model.decode(mu)
    right = decoded.operations == np.arange(19_683)
    assert right.mean() > 0.98
    assert decoded.probabilities.shape == (19_683, 9, 3)
    assert np.allclose(decoded.probabilities.sum(axis=2), 1.0)
    assert decoded.entropy.max() <= 9.8876 and decoded.probability.min() > 0.0
    # The logits say the same.
    logits = model.logits(mu[:7])
    shares = np.exp(logits - logits.max(axis=2, keepdims=True))
    shares /= shares.sum(axis=2, keepdims=True)
    assert np.allclose(shares, decoded.probabilities[:7], atol=1e-12)


def test_operations_are_taken_as_indices_entries_or_texts(model: fluxttice.Model) -> None:
    asked = np.array([0, 15_633, 19_682])
    mu, _ = model.encode(asked, "b")
    entries = fluxttice.operations.entries(asked)
    texts = ["---------", "min", "19682"]
    for same in (entries, entries.astype(np.float32), entries.tolist(), asked.astype(">i4"), texts):
        assert np.array_equal(model.encode(same, "b")[0], mu)
    column_major = np.asfortranarray(entries)
    assert np.array_equal(model.encode(column_major, "b")[0], mu)
    assert model.encode([], "a")[0].shape == (0, 16)


def test_a_file_a_path_and_the_built_in_model_are_one(model: fluxttice.Model) -> None:
    for named in (BUILT_IN, str(BUILT_IN), "built-in"):
        assert np.array_equal(fluxttice.load(named).encode([7])[0], model.encode([7])[0])
    untrained = fluxttice.load("untrained:3")
    assert not np.array_equal(untrained.encode([7])[0], model.encode([7])[0])
    assert "untrained" in repr(untrained)


def test_samples_are_those_that_coverage_counts(model: fluxttice.Model) -> None:
    for draw in ("argmax", "categorical"):
        found = fluxttice.count(model.sample(2_000, "b", draw, seed=5))
        report = model.coverage_report(2_000, seed=5)
        name = f"{draw} coverage"
        figure = next(f for f in report if f["name"] == name and f["vae"].lower() == "b")
        assert figure["value"] == found.unique and figure["digest"] == found.digest
        assert figure["samples"] == 2_000 and figure["seed"] == 5
        assert abs(figure["ceiling"] - found.ceiling) < 1e-9


def test_probabilities_add_up_to_one(model: fluxttice.Model) -> None:
    found = model.probabilities("a", codes=2_000, seed=1)
    assert found.shape == (19_683,) and abs(found.sum() - 1.0) < 1e-9


def test_neighbors_are_ranked_and_restricted(model: fluxttice.Model) -> None:
    near = model.neighbors("min", k=5)
    assert len(near.operations) == 5 and np.all(np.diff(near.distances) >= 0)
    assert np.array_equal(model.neighbors(15_633, k=5).operations, near.operations)
    among = model.neighbors("min", k=5, among="commutative & associative").operations
    laws = fluxttice.operations.laws
    assert np.all(laws["commutative"][among] & laws["associative"][among])
    adic = model.neighbors(0, k=2, metric="3-adic")
    assert adic.distances.tolist() == [3.0**-8] * 2 and adic.operations.tolist() == [6_561, 13_122]
    assert len(model.neighbors("min + max - product", which="both").operations) == 10


@pytest.mark.parametrize(
    "call, kind, text",
    [
        (lambda m: m.encode([19_683]), ValueError, "expected an index from 0 to 19682, found 19683"),
        (lambda m: m.encode([-1]), ValueError, "found -1"),
        (lambda m: m.encode(np.zeros((2, 8), int)), ValueError, r"\[n, 9\], found \[2, 8\]"),
        (lambda m: m.encode(np.full((1, 9), 2)), ValueError, "row 0: expected entries of -1, 0 and 1"),
        (lambda m: m.encode([1.5]), ValueError, "expected whole numbers, found 1.5"),
        (lambda m: m.encode([float("nan")]), ValueError, "found NaN"),
        (lambda m: m.encode([1e300]), ValueError, "expected whole numbers"),
        (lambda m: m.encode([True]), TypeError, "found bool"),
        (lambda m: m.encode(np.array(["x"])), TypeError, "found <U1"),
        (lambda m: m.encode(np.array([None])), TypeError, "found object"),
        (lambda m: m.encode("no such name"), ValueError, "no operation"),
        (lambda m: m.encode(["min", 3]), TypeError, "texts alone"),
        (lambda m: m.encode([1], "c"), ValueError, 'which: expected "a" or "b", found "c"'),
        (lambda m: m.decode(np.zeros(16)), ValueError, r"expected the shape \[n, 16\]"),
        (lambda m: m.decode(np.zeros((2, 15))), ValueError, r"found \[2, 15\]"),
        (lambda m: m.decode([[float("inf")] * 16]), ValueError, "row 0: expected numbers that are finite"),
        (lambda m: m.decode([["a"] * 16]), TypeError, "array of numbers"),
        (lambda m: m.sample(-1), ValueError, "n: expected 0 to"),
        (lambda m: m.sample(1.5), TypeError, "n: expected a whole number"),
        (lambda m: m.sample(1, draw="x"), ValueError, "draw: expected"),
        (lambda m: m.sample(1, seed=-1), ValueError, "seed: expected"),
        (lambda m: m.neighbors("min", k=0), ValueError, "k: expected 1 to"),
        (lambda m: m.neighbors("min", metric="x"), ValueError, "expected one of euclidean"),
        (lambda m: m.neighbors("min", which="x"), ValueError, '"both"'),
        (lambda m: m.neighbors("min", among="nonsense("), ValueError, "nonsense"),
        (lambda m: m.neighbors("min + nothing"), ValueError, "nothing"),
        (lambda m: m.coverage_report(0), ValueError, "samples: expected 1"),
        (lambda m: m.probabilities("a", codes=0), ValueError, "codes: expected 1"),
        (lambda m: fluxttice.load("no-such-run"), ValueError, "no-such-run"),
        (lambda m: fluxttice.load(7), TypeError, "expected a name or a path, found 7"),
    ],
)
def test_what_is_wrong_with_an_argument_is_told(
    model: fluxttice.Model, call: object, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=text):
        call(model)  # type: ignore[operator]


def test_a_damaged_file_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "half.safetensors"
    path.write_bytes(BUILT_IN.read_bytes()[:1_000])
    with pytest.raises(ValueError, match="half.safetensors"):
        fluxttice.load(path)


def test_threads_compute_side_by_side(model: fluxttice.Model) -> None:
    expected = model.encode()[0]
    found: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: found.append(model.encode()[0])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and all(np.array_equal(one, expected) for one in found)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another kind")
def test_ctrl_c_is_obeyed() -> None:
    code = """
import fluxttice
model = fluxttice.load()
print("ready", flush=True)
try:
    model.coverage_report([10_000_000], probability_codes=10_000_000)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    import os
    os._exit(0)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
        # It may still be on its way into the measurement: a signal before that is obeyed as well.
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=60)
        assert child.returncode in (0, -signal.SIGINT, 1)
        assert out == "interrupted\n" or child.returncode != 0


def test_a_certificate_is_made_and_verified(
    model: fluxttice.Model, tmp_path: pathlib.Path
) -> None:
    with pytest.raises(ValueError, match="no certificate"):
        fluxttice.certify(fluxttice.load("untrained"), tmp_path / "none")
    assert not (tmp_path / "none").exists()
    figures = fluxttice.certify(model, tmp_path / "certificate")
    assert {"argmax coverage", "decode entropy"} <= {figure["name"] for figure in figures}
    verdict = fluxttice.verify(tmp_path / "certificate", sums_only=True)
    assert verdict.ok and len(verdict.checks) > 3
    statement = tmp_path / "certificate" / "certificate.json"
    text = json.loads(statement.read_text())
    text["predicate"]["figures"][0]["value"] = 1.0
    statement.write_text(json.dumps(text))
    verdict = fluxttice.verify(tmp_path / "certificate", sums_only=True)
    assert not verdict.ok and "invalid" in verdict.headline.lower()
    with pytest.raises(ValueError):
        fluxttice.verify(tmp_path / "nothing")
