"""Metrics of a run as columns."""

from __future__ import annotations

import os
import pathlib
from typing import NamedTuple, Optional, Union

import numpy as np
import numpy.typing as npt

from fluxttice import _native


class Metrics(NamedTuple):
    """Metrics of a run: `pandas.DataFrame(metrics.columns)` and `polars.DataFrame(metrics.columns)`
    make tables of them."""

    path: pathlib.Path
    """Folder of the run."""
    columns: dict[str, npt.NDArray[np.float64]]
    """Each metric by its name, `epoch` first, with one number for each epoch: NaN where an epoch does not
    have it."""


def read_metrics(
    named: Union[str, os.PathLike[str]], data_dir: Optional[Union[str, os.PathLike[str]]] = None
) -> Metrics:
    """Reads the metrics of a run, of this program or another; see `Run.read`."""
    if isinstance(named, os.PathLike):
        named = os.path.abspath(named)
    folder, columns = _native.metrics(named, None if data_dir is None else os.fspath(data_dir))
    return Metrics(pathlib.Path(folder), dict(columns))
