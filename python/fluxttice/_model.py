"""A trained Ternary VAE: encode, decode, sample, neighbours, and its honest figures."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple, Optional, Union

import numpy as np
import numpy.typing as npt

from fluxttice import _native
from fluxttice._operations import Indices, Operation, indices, unmasked

DIMENSIONS = 16
"""Numbers in a code of one VAE."""
_BUILT_IN = ("builtin", "built-in")
_MOST_SAMPLES = 10_000_000
_MOST_SEED = 2**53
Floats = npt.NDArray[np.float64]


class Decoded(NamedTuple):
    """Operations that n codes decode to, with their probabilities."""

    operations: Indices
    """Most likely operation of each code, `[n]`."""
    probability: Floats
    """Its probability given the code, `[n]`."""
    entropy: Floats
    """H(x | z) in nats, `[n]`: 0 where the code means one operation, 9.8875 where it means nothing."""
    probabilities: Floats
    """Probability of -1, 0 and +1 for each entry, `[n, 9, 3]`."""


class Neighbors(NamedTuple):
    """The operations whose codes lie nearest to a place, the nearest first."""

    operations: Indices
    distances: Floats
    hamming: npt.NDArray[np.int64]
    """Entries that differ from the place's operation, or from the one that it decodes to."""
    hamming_ranks: npt.NDArray[np.int64]
    """Rank among all operations by that, from 1."""


class Model:
    """A checkpoint, as `load` returns it. All figures are computed in 64 bits on the CPU.

    The methods let other threads of Python run meanwhile, and end at once on Ctrl-C."""

    def __init__(self, native: _native.Model) -> None:
        self._native = native

    def __repr__(self) -> str:
        return f"<fluxttice.Model of {self.origin}>"

    @property
    def origin(self) -> str:
        """Origin of the weights, for people."""
        return self._native.origin

    @property
    def notes(self) -> list[str]:
        """Notes on the file, and those parts of it that could not be checked."""
        return self._native.notes

    def encode(self, operations: Any = None, which: str = "a") -> tuple[Floats, Floats]:
        """Encodes operations with VAE-A (`which="a"`) or VAE-B (`"b"`); all of them without any.

        Returns the means and the logarithms of the variances of their codes, each `[n, 16]`. See
        `operations.indices` for what is taken as operations, and for the errors."""
        asked = np.arange(19_683) if operations is None else indices(operations)
        return self._native.encode(asked, which)

    def decode(self, codes: npt.ArrayLike, which: str = "a") -> Decoded:
        """Decodes codes `[n, 16]` with one VAE alone, without cross-injection. Raises `ValueError` for
        another shape and for numbers that are not finite in single precision."""
        return Decoded(*self._native.decode(_floats(codes, "codes"), which))

    def logits(self, codes: npt.ArrayLike, which: str = "a") -> Floats:
        """Returns the logits `[n, 9, 3]` of codes `[n, 16]`; see `decode`."""
        return self._native.logits(_floats(codes, "codes"), which)

    def sample(self, n: int, which: str = "a", draw: str = "categorical", seed: int = 0) -> Indices:
        """Generates n operations from the prior: one categorical draw for each entry, or with
        `draw="argmax"` its most likely value. Those of a seed are the ones that coverage counts."""
        if draw not in ("categorical", "argmax"):
            raise ValueError(f'draw: expected "categorical" or "argmax", found {draw!r}')
        n = whole(n, "n", 0, _MOST_SAMPLES)
        return self._native.sample(n, which, draw == "argmax", seed_of(seed))

    def neighbors(
        self,
        place: Operation,
        k: int = 10,
        metric: str = "euclidean",
        which: str = "a",
        radius: float = float("inf"),
        among: Optional[str] = None,
    ) -> Neighbors:
        """Returns the k operations nearest to an operation (index, trits or name) or to a point between
        them, such as `"min + max - product"`, without the operation itself.

        `metric` is `euclidean`, `cosine`, `wasserstein`, `jeffreys`, `hamming` or `3-adic`; `which` is
        `a`, `b` or `both`; `among` restricts them to the operations that an expression finds."""
        k = whole(k, "k", 1, 19_683)
        text = place if isinstance(place, str) else str(whole(place, "place", 0, 19_682))
        if np.isnan(radius):
            raise ValueError("radius: expected a number, found nan")
        found = self._native.neighbors(text, k, metric, which, float(radius), among)
        return Neighbors(*found)

    def coverage_report(
        self, samples: Union[int, list[int]] = 50_000, seed: int = 0, probability_codes: int = 0
    ) -> list[dict[str, Any]]:
        """Measures everything of both VAEs: coverage with its ceiling, decode entropy, evenness,
        reconstruction, codes; with `probability_codes` also what needs p(x), such as I(z; x).

        Returns one dict for each figure, with `name`, `vae`, `of`, `value`, `samples`, `seed`,
        `ceiling`, `standard_error` and `digest`; what a figure does not have is `None`."""
        sizes = [samples] if isinstance(samples, (int, np.integer)) else list(samples)
        sizes = [whole(size, "samples", 1, _MOST_SAMPLES) for size in sizes]
        codes = whole(probability_codes, "probability_codes", 0, _MOST_SAMPLES)
        figures: list[dict[str, Any]] = json.loads(self._native.figures(sizes, seed_of(seed), codes))
        return figures

    def probabilities(self, which: str = "a", codes: int = 100_000, seed: int = 0) -> Floats:
        """Estimates the probability of each operation under one VAE, `[19683]`: the mean of p(x | z)
        over codes from the prior. It adds up to 1."""
        codes = whole(codes, "codes", 1, _MOST_SAMPLES)
        return self._native.probabilities(which, codes, seed_of(seed))


def load(
    named: Union[str, os.PathLike[str]] = "builtin",
    data_dir: Optional[Union[str, os.PathLike[str]]] = None,
) -> Model:
    """Loads a model: `"builtin"`; a run by its name (`"RUN"`, `"RUN@best"`, `"RUN@0050"`) or folder; a
    snapshot; a weights file (`.safetensors`, or `.pt` of PyTorch, without PyTorch).

    Raises `ValueError` where there is none or it is damaged, `OSError` where it cannot be read."""
    if not isinstance(named, (str, os.PathLike)):
        raise TypeError(f"expected a name or a path, found {named!r}")
    if isinstance(named, os.PathLike) or os.path.isfile(named):
        named = os.path.abspath(named)
    folder = None if data_dir is None else os.fspath(data_dir)
    return Model(_native.load(None if named in _BUILT_IN else named, folder))


def whole(value: Any, name: str, least: int, most: int) -> int:
    """Returns a whole number within limits; raises `TypeError` or `ValueError` that name them."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name}: expected a whole number, found {value!r}")
    if not least <= value <= most:
        raise ValueError(f"{name}: expected {least} to {most}, found {value}")
    return int(value)


def seed_of(value: Any) -> int:
    """Returns a seed."""
    return whole(value, "seed", 0, _MOST_SEED)


def _floats(array: npt.ArrayLike, name: str) -> Floats:
    """Returns an array of two dimensions in 64 bits."""
    found = np.asarray(unmasked(array, name))
    if found.dtype.kind not in "iuf":
        raise TypeError(f"{name}: expected an array of numbers, found {found.dtype}")
    if found.ndim != 2:
        raise ValueError(f"{name}: expected the shape [n, {DIMENSIONS}], found {found.shape}")
    return np.ascontiguousarray(found, np.float64)
