"""The space of all operations, and honest counts in it."""

from __future__ import annotations

import numpy as np
import pytest

import fluxttice
from fluxttice import operations


def test_the_table_is_that_of_the_definition() -> None:
    table = operations.table
    assert table.shape == (19_683, 9) and table.dtype == np.int8 and len(operations) == 19_683
    indices = ((table.astype(int) + 1) * 3 ** np.arange(9)).sum(axis=1)
    assert np.array_equal(indices, np.arange(19_683))
    assert np.array_equal(operations.indices(table), np.arange(19_683))
    with pytest.raises(ValueError):
        table[0, 0] = 1


def test_laws_are_those_of_the_tables() -> None:
    square = operations.table.reshape(-1, 3, 3)
    commutative = np.all(square == square.transpose(0, 2, 1), axis=(1, 2))
    assert np.array_equal(operations.laws["commutative"], commutative)
    assert commutative.sum() == 729 and len(operations.laws) == len(list(operations.laws)) > 20
    found = operations.find("commutative & !associative")
    expected = np.flatnonzero(commutative & ~operations.laws["associative"])
    assert np.array_equal(found, expected)
    assert operations.names["min"] == operations.indices("min")[0] == 15_633
    with pytest.raises(KeyError, match="commutative"):
        operations.laws["communitative"]
    with pytest.raises(ValueError, match="communitative"):
        operations.find("communitative")


def test_samples_are_counted_with_their_ceiling() -> None:
    samples = np.random.default_rng(1).integers(0, 19_683, 40_000)
    found = fluxttice.count(samples)
    assert (found.samples, found.unique) == (40_000, len(np.unique(samples)))
    assert np.array_equal(np.flatnonzero(found.covered), np.unique(samples))
    assert abs(found.ceiling - 19_683 * (1 - (1 - 1 / 19_683) ** 40_000)) < 1e-6
    counts = np.bincount(samples, minlength=19_683)
    expected = ((counts - 40_000 / 19_683) ** 2).sum() / (40_000 / 19_683)
    assert abs(found.chi_squared - expected) < 1e-6 * expected
    for same in (
        operations.table[samples],
        samples.astype(np.uint16),
        samples.astype(np.float64),
        samples[:, None],
        samples[::-1],
    ):
        assert fluxttice.count(same).digest == found.digest
    assert "distinct operations among 40,000 samples" in str(found)
    with pytest.raises(ValueError, match="at least one"):
        fluxttice.count([])


def test_a_decoder_of_ones_own_is_measured_as_ours() -> None:
    model = fluxttice.load()
    own = fluxttice.measure(lambda codes: model.logits(codes), samples=3_000, seed=4, batch=700)
    report = model.coverage_report(3_000, seed=4)
    of_a = {f["name"]: f for f in report if f["vae"].lower() == "a"}
    assert own.argmax.unique == of_a["argmax coverage"]["value"]
    assert own.argmax.digest == of_a["argmax coverage"]["digest"]
    assert own.categorical.digest == of_a["categorical coverage"]["digest"]
    assert abs(own.decode_entropy - of_a["decode entropy"]["value"]) < 1e-9
    # A decoder that knows nothing.
    none = fluxttice.measure(lambda codes: np.zeros((len(codes), 27)), dimensions=2, samples=500)
    assert none.argmax.unique == 1 and abs(none.decode_entropy - 9 * np.log(3)) < 1e-9


@pytest.mark.parametrize(
    "decoder, kind, text",
    [
        (lambda codes: np.zeros((1, 27)), ValueError, r"\[500, 27\] or \[500, 9, 3\]"),
        (lambda codes: np.full((len(codes), 27), np.nan), ValueError, "row 0: expected finite"),
        (lambda codes: None, TypeError, "array of logits"),
        (lambda codes: 1 / 0, ZeroDivisionError, "division by zero"),
    ],
)
def test_a_decoder_that_fits_not_is_told(
    decoder: object, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=text):
        fluxttice.measure(decoder, samples=500)  # type: ignore[arg-type]


def test_masks_other_orders_and_short_floats_are_not_misread() -> None:
    samples = np.array([1, 2, 3])
    for same in (samples.astype(">i4"), samples.astype(np.float16), samples.astype(np.longdouble)):
        assert fluxttice.count(same).digest == fluxttice.count(samples).digest
    masked = np.ma.masked_array([1, 2, 3], [0, 1, 0])
    model = fluxttice.load()
    for call in (
        lambda: fluxttice.count(masked),
        lambda: model.encode(masked),
        lambda: model.decode(np.ma.masked_array(np.zeros((3, 16)))),
        lambda: fluxttice.measure(lambda codes: np.ma.masked_all((len(codes), 27)), samples=9),
    ):
        with pytest.raises(TypeError, match="without a mask"):
            call()
    far = np.where(np.arange(27) % 2, 1e308, -1e308)
    with pytest.raises(ValueError, match="too far apart"):
        fluxttice.measure(lambda codes: np.tile(far, (len(codes), 1)), samples=9)
