"""Ternary VAEs over all 19,683 two-input operations over -1, 0 and +1: load a model, encode, decode,
sample, and measure any generator honestly; and `Run`, by which a trainer of any kind is watched and
steered in the explorer.

`Run` and what belongs to it need neither NumPy nor the compiled part; everything else is imported
when it is first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from fluxttice._controls import Control, Disruption
from fluxttice._request import Request
from fluxttice._run import Run

if TYPE_CHECKING:
    from fluxttice._certificates import Verdict, certify, verify
    from fluxttice._count import Coverage, Measured, count, measure
    from fluxttice._metrics import Metrics
    from fluxttice._model import Decoded, Model, Neighbors, load
    from fluxttice._native import __version__
    from fluxttice._operations import operations

__all__ = [
    "Control",
    "Coverage",
    "Decoded",
    "Disruption",
    "Measured",
    "Metrics",
    "Model",
    "Neighbors",
    "Request",
    "Run",
    "Verdict",
    "__version__",
    "certify",
    "count",
    "load",
    "measure",
    "operations",
    "verify",
]

_COMPILED = {
    "_certificates": ("Verdict", "certify", "verify"),
    "_count": ("Coverage", "Measured", "count", "measure"),
    "_metrics": ("Metrics",),
    "_model": ("Decoded", "Model", "Neighbors", "load"),
    "_native": ("__version__",),
    "_operations": ("operations",),
}


def __getattr__(name: str) -> object:
    for module, names in _COMPILED.items():
        if name in names:
            found: object = getattr(importlib.import_module(f"fluxttice.{module}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module 'fluxttice' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
