"""Honest counts: of samples that any program drew, and of what any decoder makes of the prior."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Optional

import numpy as np
import numpy.typing as npt

from fluxttice import _native
from fluxttice._model import DIMENSIONS, seed_of, whole
from fluxttice._operations import COUNT, Indices, indices, unmasked

_ENTRIES, _VALUES = 9, 3
_MOST = 100_000_000


class Coverage(NamedTuple):
    """Operations among samples."""

    samples: int
    """Number of samples, N."""
    unique: int
    """Number of distinct operations among them."""
    ceiling: float
    """Number that a uniform generator is expected to reach with N samples."""
    chi_squared: float
    """χ² of the counts of all operations against equal shares, with 19,682 degrees of freedom."""
    chi_squared_deviation: float
    """Its distance from the mean under equal shares, in standard deviations."""
    digest: str
    """SHA-256 of the set of operations, by which two counts can be compared."""
    covered: npt.NDArray[np.bool_]
    """True for each operation that is among them, `[19683]`."""

    @property
    def share(self) -> float:
        """Share of all 19,683 operations, 0 to 1."""
        return self.unique / COUNT

    def __str__(self) -> str:
        return (
            f"{self.unique:,} distinct operations among {self.samples:,} samples, "
            f"{self.share:.1%} of all; {self.ceiling / COUNT:.1%} expected of a uniform generator"
        )


class Measured(NamedTuple):
    """Coverage of a decoder, by both ways of decoding."""

    argmax: Coverage
    """Every entry its most likely value."""
    categorical: Coverage
    """One categorical draw for each entry. It says nothing about learning: untrained weights reach as
    many."""
    decode_entropy: float
    """Mean H(x | z) in nats: 0 where a code means one operation, 9.8875 where it means nothing."""


def count(samples: Any) -> Coverage:
    """Counts samples that any program drew. How they were drawn is not known, so that the result is
    one of samples that were given.

    See `operations.indices` for what is taken as operations. Raises `ValueError` without a sample."""
    unmasked(samples, "samples")
    if isinstance(samples, np.ndarray) and samples.dtype.kind in "iu" and samples.dtype.isnative:
        return Coverage(*_native.count(samples))
    return Coverage(*_native.count(indices(samples)))


def measure(
    decoder: Callable[[npt.NDArray[np.float64]], npt.ArrayLike],
    dimensions: int = DIMENSIONS,
    samples: int = 50_000,
    seed: int = 0,
    batch: int = 4_096,
) -> Measured:
    """Measures a decoder of one's own as this project measures its own.

    `decoder` takes codes from the standard normal prior, `[n, dimensions]`, and returns logits
    `[n, 27]` or `[n, 9, 3]`: of -1, 0 and +1, entry after entry. Codes and draws are functions of the
    seed alone, not of `batch`; with 16 dimensions they are those that VAE-A is measured with.

    Raises `ValueError` where the decoder returns another shape or numbers that are not finite, and
    what the decoder raises."""
    dimensions = whole(dimensions, "dimensions", 1, 4_096)
    samples = whole(samples, "samples", 1, _MOST)
    batch = whole(batch, "batch", 1, 1 << 20)
    seed = seed_of(seed)
    argmax: list[Indices] = []
    categorical: list[Indices] = []
    entropy = 0.0
    for start in range(0, samples, batch):
        rows = min(batch, samples - start)
        logits = _logits(decoder(_native.prior_codes(seed, start, rows, dimensions)), rows)
        likely, drawn, entropies = _native.drawn(logits, seed, start)
        argmax.append(likely)
        categorical.append(drawn)
        entropy += float(entropies.sum())
    return Measured(
        Coverage(*_native.count(np.concatenate(argmax))),
        Coverage(*_native.count(np.concatenate(categorical))),
        entropy / samples,
    )


def _logits(found: Optional[npt.ArrayLike], rows: int) -> npt.NDArray[np.float64]:
    array = np.asarray(unmasked(found, "decoder"))
    if array.dtype.kind not in "iuf":
        raise TypeError(f"decoder: expected an array of logits, found {array.dtype}")
    if array.shape not in ((rows, _ENTRIES * _VALUES), (rows, _ENTRIES, _VALUES)):
        expected = f"[{rows}, 27] or [{rows}, 9, 3]"
        raise ValueError(f"decoder: expected logits of the shape {expected}, found {array.shape}")
    return np.ascontiguousarray(array, np.float64).reshape(rows, _ENTRIES * _VALUES)
