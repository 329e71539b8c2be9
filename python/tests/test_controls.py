"""Controls: their types, their ranges, and values as YAML has them."""

from __future__ import annotations

import pytest

from fluxttice import Control, Disruption
from fluxttice._controls import written


@pytest.mark.parametrize(
    ("control", "kind", "limits", "good", "bad"),
    [
        (
            Control("x", 0.5, low=0, high=1),
            "number",
            "0 to 1",
            {"0.25": 0.25, " 1e-3 ": 1e-3, ".5": 0.5, "1.": 1.0, "1": 1.0, "+0.5E-1": 0.05},
            ["2", "-0.1", "nan", ".inf", "inf", "1_0", "true", "", "'0.5'", "0x1", "1e999", "1 2"],
        ),
        (
            Control("x", 3, low=1),
            "whole number",
            "at least 1",
            {"7": 7, "+3": 3, str(10**17): 10**17},
            ["0", "1.5", "1e3", "true", "9" * 5000, "-", "٣"],
        ),
        (
            Control("x", True),
            "flag",
            "true or false",
            {"true": True, "False": False, " TRUE": True},
            ["1", "yes", "", "'true'"],
        ),
        (
            Control("x", "fast", choices=["fast", "very slow"]),
            "choice",
            "fast or very slow",
            {
                "fast": "fast",
                "'fast'": "fast",
                '"very slow"': "very slow",
                "very slow": "very slow",
            },
            ["slow", "", "'fast"],
        ),
        (
            Control("x", "any"),
            "text",
            "one line of text",
            {
                "plain words": "plain words",
                "'it''s'": "it's",
                '"a \\"b\\" \\u00e9"': 'a "b" é',
                "''": "",
            },
            ['"open', "'open", "'a'b'", "'", '"a\\nb"', "a\nb", "\x1b[31m", "\ud800", '"\\x41"'],
        ),
        (Control("x", 1.5), "number", "any", {"-7": -7.0}, ["x"]),
        (Control("x", 1.5, high=2.0), "number", "at most 2.0", {"-7": -7.0}, ["2.5"]),
    ],
)
def test_a_value_is_read_by_the_type_of_the_first_one(control, kind, limits, good, bad):
    assert control.described()["type"] == kind and control.described()["range"] == limits
    for text, value in good.items():
        read = control.parse(text)
        assert (read, type(read)) == (value, type(value))
        assert control.parse(written(read)) == value, "what is written is read back"
    for text in bad:
        with pytest.raises(ValueError, match="x: expected .*found"):
            control.parse(text)
    assert len(str(pytest.raises(ValueError, control.parse, '"' * 60_000).value)) < 300


def test_words_that_mean_something_else_are_quoted():
    for text, yaml in (
        ("fast", "fast"),
        ("true", '"true"'),
        ("No", '"No"'),
        ("1e3", '"1e3"'),
        ("two words", '"two words"'),
        ("", '""'),
    ):
        assert written(text) == yaml
    assert (written(True), written(0.1), written(3)) == ("true", "0.1", "3")


def test_parts_that_do_not_fit_are_named():
    numpy = pytest.importorskip("numpy")
    control = Control("rate", numpy.float32(0.5), low=0.0, default=0.25, unit="1/s")
    told = control.described()
    assert (told["value"], told["default"], told["unit"]) == ("0.5", "0.25", "1/s")
    control.value = numpy.float64(0.75)
    assert control.described()["value"] == "0.75"
    for arguments, error, problem in (
        ({"value": 2.0, "high": 1.0}, ValueError, "rate.*at most 1.0, found 2.0"),
        ({"value": 0.5, "default": 7.0, "high": 1.0}, ValueError, "found 7.0"),
        ({"value": float("nan")}, ValueError, "found nan"),
        ({"value": None}, TypeError, "found NoneType"),
        ({"value": [1]}, TypeError, "found list"),
        ({"value": 1, "choices": ["a"]}, TypeError, "text among its choices"),
        ({"value": "b", "choices": ["a"]}, ValueError, "expected a, found 'b'"),
        ({"value": "two\nlines"}, ValueError, "one line of text"),
        ({"value": 1, "safe_point": "night"}, ValueError, "batch or epoch"),
    ):
        with pytest.raises(error, match=problem):
            Control("rate", **arguments)
    with pytest.raises(TypeError, match="a name"):
        Control("", 1)


def test_a_disruption_is_one_that_readers_know():
    told = Disruption("beta-b", 0.2, (0, 1), meaning="more").described()
    assert told["limits"] == [0, 1] and told["shapes"] == ["step"] and told["meaning"] == "more"
    for arguments, problem in (
        ({"kind": "sing"}, "expected one of beta-b.*found 'sing'"),
        ({"amplitude": 2.0}, "within ±1"),
        ({"epochs": 0}, "found 0"),
        ({"shapes": ("square",)}, "expected shapes among"),
        ({"shapes": ()}, "expected shapes among"),
    ):
        usual = {"kind": "beta-b", "amplitude": 0.2, "limits": (0, 1)}
        with pytest.raises(ValueError, match=problem):
            Disruption(**{**usual, **arguments})
