"""One request of another program, as the training program sees it."""

from __future__ import annotations

from typing import Any, Callable, Optional

from fluxttice._controls import Scalar
from fluxttice._inbox import Arrival


class Request:
    """One request of another program. It is answered once, by `apply`, `refuse` or
    `apply_default`; a second answer raises `RuntimeError`."""

    OWN = ("pause", "resume", "stop-now", "stop-after-epoch")
    """Kinds that the run carries out by itself."""

    def __init__(
        self,
        arrival: Arrival,
        value: Optional[Scalar],
        settle: Callable[[Request, bool, Optional[str]], None],
    ) -> None:
        """Makes the request that has arrived; `value` is that of a `set`. `settle` carries it out
        or refuses it, and writes the answer."""
        command = arrival.command
        self.arrival = arrival
        self.id: str = arrival.id
        """Identifier of the request."""
        self.kind: str = command["request"]
        """Kind of the request: `pause`, `resume`, `stop-now`, `stop-after-epoch`, `snapshot`, `keep`,
        `set` or `disrupt`."""
        self.key: Optional[str] = command.get("key")
        """Name of the control that a `set` changes."""
        self.value = value
        """New value of a `set`, of the control's type and within its range."""
        self.name: Optional[str] = command.get("name")
        """Name that a `snapshot` is to have, fit for a file; `None` leaves it to the program."""
        self.epochs: Optional[int] = command.get("epochs")
        """Finished epochs of the checkpoint that a `keep` is about."""
        self.disruption: Optional[dict[str, Any]] = command.get("disruption")
        """Disruption that a `disrupt` asks for: `kind`, `amplitude`, `epochs`, and perhaps `shape` and
        `cooldown`."""
        self.author: dict[str, str] = arrival.requester["claim"]
        """Claims of the sender: `user`, `host` and `program`, as far as he does."""
        self.answered = False
        """True once the request is answered."""
        self._settle = settle

    def apply(self, message: Optional[str] = None) -> None:
        """Says that the request was carried out, with one line for people. A pause, a resume, a
        stop and the value of a control then hold."""
        self._answer(True, message)

    def refuse(self, why: str) -> None:
        """Says that the request was not carried out, and why, in one line for people."""
        self._answer(False, why)

    def apply_default(self) -> None:
        """Lets the run pause, go on or stop by itself; refuses everything else."""
        if self.kind in self.OWN:
            self.apply()
        else:
            self.refuse(f"this training program did nothing about `{self.kind}`")

    def _answer(self, applied: bool, message: Optional[str]) -> None:
        if self.answered:
            raise RuntimeError(f"expected one answer to request {self.id}, found a second one")
        self.answered = True
        self._settle(self, applied, message)
