"""Values that can be changed while a run is trained, and disruptions that can be asked for."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Optional, Sequence, Union

from fluxttice._figures import item

Scalar = Union[bool, int, float, str]

# Names that every reader of a journal knows.
DISRUPTIONS = (
    "beta-b",
    "temperature-a",
    "permeability",
    "learning-rate",
    "latent-noise",
    "decoder-rewarm",
)
SHAPES = ("step", "decay", "cosine")
_TYPES = {bool: "flag", int: "whole number", float: "number", str: "text"}
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[-+]?\d{1,18}", re.ASCII)
_WORD = re.compile(r"(?!(?i:true|false|null|yes|no|on|off|y|n)$)[A-Za-z_][A-Za-z0-9_.-]*")
_LONGEST = 80


@dataclass
class Control:
    """A value of the training program that others may change.

    The type follows from `value`: bool is a flag, int a whole number, float a number, str a text,
    or a choice where `choices` are named. `low` and `high` bound a number and belong to its range.
    `value` is the value now; the program may set it, and others see that.

    Raises `TypeError` or `ValueError` where the parts do not fit each other."""

    name: str
    value: Scalar
    low: Optional[float] = None
    high: Optional[float] = None
    choices: Optional[Sequence[str]] = None
    unit: Optional[str] = None
    meaning: Optional[str] = None
    default: Optional[Scalar] = None
    safe_point: str = "batch"
    type: str = field(init=False)

    def __post_init__(self) -> None:
        self.value = item(self.value)
        self.default = self.value if self.default is None else item(self.default)
        found = type(self.value)
        if found not in _TYPES or not self.name:
            raise TypeError(
                f"control {self.name!r}: expected a name and a bool, int, float or str, "
                f"found {found.__name__}"
            )
        self.type = "choice" if self.choices is not None else _TYPES[found]
        if self.type == "choice" and found is not str:
            raise TypeError(f"control {self.name}: expected a text among its choices")
        if self.safe_point not in ("batch", "epoch"):
            problem = f"expected batch or epoch as safe_point, found {self.safe_point!r}"
            raise ValueError(f"control {self.name}: {problem}")
        for value in (self.value, self.default):
            if not self._holds(value):
                raise ValueError(
                    f"control {self.name}: expected {self._expected()}, found {value!r}"
                )

    def parse(self, text: str) -> Scalar:
        """Reads a value as a request has it, a scalar of YAML. Raises `ValueError` where it is of
        another type or out of range."""
        value = self._read(text.strip())
        if value is None or not self._holds(value):
            problem = f"expected {self._expected()}, found {text[:_LONGEST]!r}"
            raise ValueError(f"{self.name}: {problem}")
        return value

    def described(self) -> dict[str, Any]:
        """Describes the control as `controls.json` does."""
        return {
            "name": self.name,
            "type": self.type,
            "range": self._range(),
            "unit": self.unit,
            "default": written(item(self.default)),
            "value": written(item(self.value)),
            "safe_point": self.safe_point,
            "meaning": self.meaning or self.name,
        }

    def _read(self, text: str) -> Optional[Scalar]:
        if self.type == "flag":
            return {"true": True, "false": False}.get(text.lower())
        if self.type == "whole number":
            return int(text) if _WHOLE.fullmatch(text) else None
        if self.type == "number":
            return float(text) if _NUMBER.fullmatch(text) else None
        return _unquoted(text)

    def _holds(self, value: Any) -> bool:
        if self.choices is not None:
            return value in self.choices
        if self.type == "text":
            return isinstance(value, str) and value.isprintable()
        if self.type == "flag":
            return isinstance(value, bool)
        low = float("-inf") if self.low is None else self.low
        high = float("inf") if self.high is None else self.high
        return bool(low <= value <= high and abs(value) != float("inf"))

    def _range(self) -> str:
        if self.choices is not None:
            return " or ".join(self.choices)
        if self.type in ("flag", "text"):
            return {"flag": "true or false", "text": "one line of text"}[self.type]
        if self.low is not None and self.high is not None:
            return f"{self.low} to {self.high}"
        if self.low is not None:
            return f"at least {self.low}"
        return "any" if self.high is None else f"at most {self.high}"

    def _expected(self) -> str:
        if self.type not in ("number", "whole number"):
            return self._range()
        is_free = self.low is None and self.high is None
        return f"a {self.type}" if is_free else f"a {self.type}, {self._range()}"


@dataclass
class Disruption:
    """A kind of disruption that others may ask for; what it does is up to the training program.

    `kind` is one of `DISRUPTIONS`. `amplitude` and `epochs` are the size and the duration where a
    request names none, `limits` the smallest and the largest value of what is pushed, `most_epochs`
    the longest duration, `shapes` the courses that the program knows, among `SHAPES`.

    Raises `ValueError` where the parts do not fit each other."""

    kind: str
    amplitude: float
    limits: tuple[float, float]
    epochs: int = 5
    most_epochs: int = 1000
    shapes: Sequence[str] = ("step",)
    meaning: Optional[str] = None

    def __post_init__(self) -> None:
        if self.kind not in DISRUPTIONS:
            raise ValueError(f"expected one of {', '.join(DISRUPTIONS)}, found {self.kind!r}")
        if not self.shapes or not set(self.shapes) <= set(SHAPES):
            raise ValueError(f"{self.kind}: expected shapes among {', '.join(SHAPES)}")
        usual = {"amplitude": self.amplitude, "epochs": self.epochs, "shape": self.shapes[0]}
        if problem := self.problem(usual):
            raise ValueError(problem)

    def problem(self, asked: dict[str, Any]) -> Optional[str]:
        """Returns the reason why a disruption cannot be; `None` where it can."""
        reach = self.limits[1] - self.limits[0]
        shape = asked.get("shape", "step")
        if not abs(asked["amplitude"]) <= reach:
            return f"{self.kind}: expected an amplitude within ±{reach}, found {asked['amplitude']}"
        if not 1 <= asked["epochs"] <= self.most_epochs:
            return f"{self.kind}: expected 1 to {self.most_epochs} epochs, found {asked['epochs']}"
        if asked.get("cooldown", 0) > self.most_epochs:
            return f"{self.kind}: expected a cool-down of {self.most_epochs} epochs at most"
        if shape not in self.shapes:
            return f"{self.kind}: expected the shape {' or '.join(self.shapes)}, found {shape}"
        return None

    def described(self) -> dict[str, Any]:
        """Describes the kind as `controls.json` does."""
        return {
            "kind": self.kind,
            "meaning": self.meaning or self.kind,
            "amplitude": self.amplitude,
            "limits": list(self.limits),
            "epochs": self.epochs,
            "most_epochs": self.most_epochs,
            "shapes": list(self.shapes),
        }


def written(value: Optional[Scalar]) -> str:
    """Writes a value as a scalar of YAML."""
    if isinstance(value, str):
        return value if _WORD.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _unquoted(text: str) -> Optional[str]:
    """Reads a plain or quoted text; `None` where the quotes do not fit."""
    if text[:1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return None
    if text[:1] == "'":
        inner = text[1:-1].replace("''", "")
        is_quoted = len(text) > 1 and text[-1] == "'" and "'" not in inner
        return text[1:-1].replace("''", "'") if is_quoted else None
    return text
