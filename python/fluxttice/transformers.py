"""A callback of Hugging Face Transformers that lets others watch and steer its trainer."""

from __future__ import annotations

import math
from typing import Any, Optional

from transformers import TrainerCallback

from fluxttice import Request, Run


class FluxtticeCallback(TrainerCallback):  # type: ignore[misc]
    """Tells a run of steps and epochs, and carries out what is asked of it.

    A snapshot, where the run takes such requests, is a checkpoint after the step at hand. Further
    requests are answered by an `answer` of a class of yours."""

    def __init__(self, run: Run) -> None:
        """Prepares to tell this run. It stays open until you close it."""
        self.run = run
        self._epoch = self._first_step = 0
        self._figures: dict[str, Any] = {}
        self._finished: Optional[int] = None

    def answer(self, request: Request, control: Any) -> None:
        """Answers a request; the run itself answers those that are left."""
        if request.kind == "snapshot":
            control.should_save = True
            request.apply("a checkpoint is saved after this step")

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Takes note of where an epoch begins."""
        self._tell()
        self._epoch, self._first_step = int(state.epoch or 0), state.global_step

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Tells of a step, and answers requests."""
        steps = math.ceil(state.max_steps / max(1, state.num_train_epochs))
        self.run.progress(state.global_step - self._first_step, steps)
        for request in self.run.requests():
            self.answer(request, control)
        self._stop(control)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Tells of an epoch, or waits for the figures that are still to be logged."""
        if not self.run.stopping:
            self._finished = self._epoch
        if not (control.should_log or control.should_evaluate):
            self._tell()
        self._stop(control)

    def on_log(
        self,
        args: Any,
        state: Any,
        control: Any,
        logs: Optional[dict[str, Any]] = None,
        **kwargs: Any,
    ) -> None:
        """Takes note of figures."""
        numbers = {name: it for name, it in (logs or {}).items() if isinstance(it, (int, float))}
        self._figures.update(numbers)
        if not control.should_evaluate:
            self._tell()
        self._stop(control)

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Tells of an epoch whose evaluation was waited for."""
        self._tell()
        self._stop(control)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Tells of the last epoch."""
        self._tell()

    def _tell(self) -> None:
        """Tells of the epoch that is finished, if it was not told of."""
        if self._finished is not None:
            figures = {name: it for name, it in self._figures.items() if name != "epoch"}
            self.run.epoch(self._finished, **figures)
            self._finished, self._figures = None, {}

    def _stop(self, control: Any) -> None:
        control.should_training_stop = control.should_training_stop or self.run.stopping
