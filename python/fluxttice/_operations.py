"""All 19,683 two-input operations over -1, 0 and +1: entries, names, laws and expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from fluxttice import _native

Indices = npt.NDArray[np.int64]
"""Indices of operations, shape `[n]`."""

COUNT = 19_683
"""Number of operations, 3**9."""


def indices(operations: Any) -> Indices:
    """Returns the indices of operations, shape `[n]`.

    `operations` is an array (or what NumPy makes one of) of indices of the shape `[n]` or of
    entries -1, 0 and 1 of the shape `[n, 9]`; one index; or one text or a list of texts: an index,
    nine trits, nine numbers or a name.

    Raises `TypeError` for another type, and `ValueError` for another shape, an index or entry out of
    range, or a text that is no operation."""
    if isinstance(operations, str):
        return _native.parse([operations])
    if isinstance(operations, (list, tuple)) and operations and isinstance(operations[0], str):
        if wrong := [text for text in operations if not isinstance(text, str)]:
            raise TypeError(f"expected texts alone, found {wrong[0]!r} among them")
        return _native.parse(list(operations))
    array = np.asarray(unmasked(operations, "operations"))
    if array.size == 0 and array.ndim == 1:
        return np.empty(0, np.int64)
    if array.dtype.kind == "b" or array.dtype.kind not in "iuf":
        raise TypeError(f"expected an array of whole numbers, found {array.dtype}")
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        array = array.astype(np.float64)
    return _native.as_indices(np.atleast_1d(array).astype(array.dtype.newbyteorder("="), copy=False))


def unmasked(array: Any, name: str) -> Any:
    """Returns the array; raises `TypeError` for one with a mask, which would be ignored."""
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{name}: expected an array without a mask, found a masked one")
    return array


class _Laws(Mapping[str, "npt.NDArray[np.bool_]"]):
    """True for each operation that obeys a law, shape `[19683]`, by the law's word."""

    meanings: Mapping[str, str] = dict(_native.laws())
    """Statement of each law, by its word."""

    def __getitem__(self, word: str) -> npt.NDArray[np.bool_]:
        if word not in self.meanings:
            raise KeyError(f"{word!r}; expected one of {', '.join(self.meanings)}")
        return _native.law(word)

    def __iter__(self) -> Iterator[str]:
        return iter(self.meanings)

    def __len__(self) -> int:
        return len(self.meanings)


class Operations:
    """The space of all operations, as `fluxttice.operations`.

    ```python
    operations.table                             # int8, [19683, 9]
    operations.indices("min")                    # array([15633])
    operations.entries([15633])                  # int8, [1, 9]
    operations.laws["commutative"].sum()         # 729
    operations.find("commutative & !associative")
    ```"""

    laws = _Laws()
    """True for each operation that obeys a law, by its word."""

    names: Mapping[str, int] = _native.named()
    """Index of each operation that has a name."""

    def __init__(self) -> None:
        table = _native.table()
        table.flags.writeable = False
        self.table: npt.NDArray[np.int8] = table
        """Entries of all operations, int8 of the shape `[19683, 9]`, in the order of the indices: entry p
        of operation i is digit p of i in base 3, the lowest first, minus 1. It cannot be written to."""

    def __len__(self) -> int:
        return COUNT

    indices = staticmethod(indices)

    def entries(self, operations: Any) -> npt.NDArray[np.int8]:
        """Returns the entries of operations, int8 of the shape `[n, 9]`; see `indices`."""
        return self.table[indices(operations)]

    def find(self, expression: str) -> Indices:
        """Returns the indices of the operations that an expression finds, such as `"sheffer |
        hamming(min) <= 1"`; `fluxttice-explorer ops words` lists the words. Raises `ValueError` with
        the place of an error in it."""
        return _native.find(expression)


Operation = Union[int, str]
operations = Operations()
