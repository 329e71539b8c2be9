"""Certificates: figures of a model that anyone can measure again."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple, Optional, Union

from fluxttice import _native
from fluxttice._model import Model, seed_of

_Path = Union[str, "os.PathLike[str]"]


class Verdict(NamedTuple):
    """Result of verifying a certificate."""

    ok: bool
    """True if everything holds that was to be checked."""
    headline: str
    """The verdict in one line, with the first of its reasons."""
    checks: list[dict[str, Any]]
    """Everything that was checked: `name`, `ok`, `expected`, `found`."""
    details: dict[str, Any]
    """The whole verdict, as `fluxttice-explorer verify --json` prints it."""


def certify(
    model: Model, out: _Path, seed: int = 0, key: Optional[_Path] = None
) -> list[dict[str, Any]]:
    """Measures a model and writes its certificate as a new folder, whole or not at all; signs it with
    a secret key of `fluxttice-explorer keygen`. Returns its figures, as `coverage_report` does.

    Raises `ValueError` where the model does not pass every check (such as untrained weights, or a file
    without the story of its training), `OSError` where the disk refuses."""
    native = model._native
    path = None if key is None else os.fspath(key)
    figures: list[dict[str, Any]] = json.loads(
        _native.certify(native, os.fspath(out), seed_of(seed), path)
    )
    return figures


def verify(folder: _Path, sums_only: bool = False, key: Optional[_Path] = None) -> Verdict:
    """Verifies a certificate by measuring everything again; with `sums_only` only its files are added
    up. With `key`, a public key, its signature must be good. What does not hold is in the verdict; an
    exception is raised only where the folder cannot be read."""
    path = None if key is None else os.fspath(key)
    details = json.loads(_native.verify(os.fspath(folder), sums_only, path))
    return Verdict(details["ok"], details["headline"], details["checks"], details)
