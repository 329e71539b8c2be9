"""Numbers and arrays that a training program tells of."""

from __future__ import annotations

import io
import math
from typing import Any, Mapping, Optional, Union

OPERATIONS = 19_683
_DEEPEST = 16
_LARGEST = 1 << 63

Figure = Union[int, float, None, dict[str, Any]]


def item(value: Any) -> Any:
    """Returns the number in a scalar of NumPy or in a tensor without dimensions; anything else as
    it is."""
    return value.item() if getattr(value, "shape", None) == () else value


def number(value: Any, name: str) -> Optional[float]:
    """Returns a number as JSON has it: NaN and infinities are `None`. Raises `TypeError` for what
    is no number."""
    if hasattr(value, "mask"):
        raise TypeError(f"{name}: expected a number, found one that is masked")
    found = item(value)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise TypeError(f"{name}: expected a number or a dict, found {type(value).__name__}")
    if isinstance(found, int) and abs(found) < _LARGEST:
        return int(found)
    try:
        return float(found) if math.isfinite(found) else None
    except OverflowError:
        return None


def figures(values: Mapping[str, Any], within: str = "", deep: int = 0) -> dict[str, Figure]:
    """Returns numbers by their names as JSON has them; dicts may hold further ones. Raises
    `TypeError` for another type, `ValueError` where dicts are nested too deeply."""
    if deep > _DEEPEST:
        raise ValueError(f"{within}: expected {_DEEPEST} dicts in each other at most, found more")
    found: dict[str, Figure] = {}
    for name, value in values.items():
        if not isinstance(name, str):
            raise TypeError(f"{within}: expected texts as names, found {type(name).__name__}")
        path = f"{within}.{name}" if within else name
        is_dict = isinstance(value, Mapping)
        found[name] = figures(value, path, deep + 1) if is_dict else number(value, path)
    return found


def codes(array: Any, rows: Any = None) -> tuple[bytes, Optional[bytes]]:
    """Returns the bytes of a file of NumPy with codes, finite floats of the shape [operations,
    dimensions], and those of one with the operations of the rows, where these are given. Raises
    `TypeError` or `ValueError` for anything else."""
    import numpy

    found = _array(array)
    if found.dtype.kind != "f":
        raise TypeError(f"codes: expected floats, found {found.dtype}")
    if found.ndim != 2 or found.size == 0:
        raise ValueError(f"codes: expected [operations, dimensions], found shape {found.shape}")
    if not numpy.isfinite(found).all():
        raise ValueError("codes: expected finite numbers, found NaN or infinity")
    given = None if rows is None else operations(rows, "operations", len(found))
    return _file(found, "<f8" if found.dtype.itemsize > 4 else "<f4"), given


def operations(array: Any, what: str, rows: Optional[int] = None) -> bytes:
    """Returns the bytes of a file of NumPy with operations: entries -1, 0 and 1 of the shape [N,
    entries], or indices of the shape [N]. Raises `TypeError` or `ValueError` for anything else, or
    where they are not as many as `rows`."""
    found = _array(array)
    if found.dtype.kind not in "iu":
        raise TypeError(f"{what}: expected whole numbers, found {found.dtype}")
    if found.ndim not in (1, 2) or found.size == 0 or rows not in (None, len(found)):
        wanted = "N" if rows is None else rows
        shapes = f"[{wanted}] or [{wanted}, entries]"
        raise ValueError(f"{what}: expected the shape {shapes}, found {found.shape}")
    low, high = (0, OPERATIONS - 1) if found.ndim == 1 else (-1, 1)
    least, most = int(found.min()), int(found.max())
    if least < low or most > high:
        raise ValueError(f"{what}: expected {low} to {high}, found {least} to {most}")
    return _file(found, "<i4" if found.ndim == 1 else "|i1")


def _array(array: Any) -> Any:
    import numpy

    if isinstance(array, numpy.ma.MaskedArray):
        raise TypeError("expected an array without a mask, found a masked one")
    # A tensor that is trained, or that lies on a device.
    return numpy.asarray(array.detach().cpu() if hasattr(array, "detach") else array)


def _file(array: Any, kind: str) -> bytes:
    import numpy

    file = io.BytesIO()
    numpy.save(file, numpy.ascontiguousarray(array, dtype=kind), allow_pickle=False)
    return file.getvalue()
