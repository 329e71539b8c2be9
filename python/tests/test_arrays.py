"""Codes and samples: arrays of NumPy, saved after an epoch."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

import fluxttice
from conftest import environment

numpy = pytest.importorskip("numpy")


def test_arrays_are_saved_under_the_newest_epoch(begin):
    run = begin()
    with pytest.raises(RuntimeError, match="run.epoch"):
        run.codes(numpy.zeros((2, 3)))
    run.epoch(10)
    codes = numpy.arange(6, dtype="float64").reshape(2, 3)
    run.codes(codes, operations=numpy.array([7, 19682]))
    saved = numpy.load(run.path / "codes" / "epoch-0010.npy")
    assert saved.dtype == "<f8" and (saved == codes).all()
    operations = numpy.load(run.path / "codes" / "operations.npy")
    assert operations.dtype == "<i4" and operations.tolist() == [7, 19682]
    run.epoch(11)
    run.codes(codes.astype("float16")[:, ::-1], operations=[7, 19682])
    saved = numpy.load(run.path / "codes" / "epoch-0011.npy")
    assert saved.dtype == "<f4" and (saved == codes[:, ::-1]).all()
    with pytest.raises(ValueError, match="the same operations"):
        run.codes(codes, operations=[7, 8])
    run.samples(numpy.array([[-1, 0, 1]]))
    saved = numpy.load(run.path / "samples" / "epoch-0011.npy")
    assert saved.dtype == "i1" and saved.tolist() == [[-1, 0, 1]]
    run.samples([0, 19682])
    saved = numpy.load(run.path / "samples" / "epoch-0011.npy")
    assert saved.dtype == "<i4" and saved.tolist() == [0, 19682]


def test_a_tensor_is_taken(begin):
    class Tensor:
        """Stands for a tensor that is trained on a device."""

        def detach(self):
            return self

        def cpu(self):
            return numpy.ones((2, 2), dtype="float32")

    run = begin()
    run.epoch(0)
    run.codes(Tensor(), operations=numpy.array([1, 2]))
    assert numpy.load(run.path / "codes" / "epoch-0000.npy").sum() == 4


@pytest.mark.parametrize(
    ("array", "error", "problem"),
    [
        (numpy.zeros((2, 2), dtype=int), TypeError, "expected floats, found int"),
        (numpy.zeros(2), ValueError, r"expected \[operations, dimensions\], found shape \(2,\)"),
        (numpy.zeros((0, 2)), ValueError, r"found shape \(0, 2\)"),
        (numpy.array([[numpy.nan]]), ValueError, "found NaN or infinity"),
        (numpy.array([["a"]]), TypeError, "expected floats, found <U1"),
        (numpy.array([[1j]]), TypeError, "expected floats, found complex"),
        (numpy.array([[None]]), TypeError, "expected floats, found object"),
    ],
)
def test_wrong_codes_are_named(begin, array, error, problem):
    run = begin()
    run.epoch(0)
    with pytest.raises(error, match=problem):
        run.codes(array)
    assert not (run.path / "codes").exists()


@pytest.mark.parametrize(
    ("array", "error", "problem"),
    [
        (numpy.zeros((2, 9)), TypeError, "samples: expected whole numbers, found float64"),
        (numpy.array([[2]]), ValueError, "expected -1 to 1, found 2 to 2"),
        (numpy.array([-1, 5]), ValueError, "expected 0 to 19682, found -1 to 5"),
        (numpy.array([19683]), ValueError, "expected 0 to 19682, found 19683 to 19683"),
        (numpy.array([2**64 - 1], dtype="uint64"), ValueError, "expected 0 to 19682"),
        (
            numpy.zeros((1, 1, 1), dtype=int),
            ValueError,
            r"expected the shape \[N\] or \[N, entries\]",
        ),
        (numpy.zeros((0, 9), dtype=int), ValueError, r"found \(0, 9\)"),
        (numpy.array([True]), TypeError, "found bool"),
    ],
)
def test_wrong_samples_are_named(begin, array, error, problem):
    run = begin()
    run.epoch(0)
    with pytest.raises(error, match=problem):
        run.samples(array)
    assert not (run.path / "samples").exists()


def test_operations_are_as_many_as_rows(begin):
    run = begin()
    run.epoch(0)
    with pytest.raises(ValueError, match=r"operations: expected the shape \[2\].*found \(3,\)"):
        run.codes(numpy.zeros((2, 2)), operations=[1, 2, 3])


def test_numpy_is_not_needed_without_arrays():
    # The modules alone, whatever the package imports beside them.
    program = (
        "import sys, types; package = types.ModuleType('fluxttice'); "
        "package.__path__ = [sys.argv[1]]; sys.modules['fluxttice'] = package; "
        "import fluxttice._run; sys.exit('numpy' in sys.modules)"
    )
    folder = pathlib.Path(fluxttice.__file__).parent
    ran = subprocess.run([sys.executable, "-c", program, str(folder)], env=environment())
    assert ran.returncode == 0
