"""A callback of PyTorch Lightning that lets others watch and steer its trainer."""

from __future__ import annotations

import math
from typing import Any

from fluxttice import Control, Request, Run

try:
    from lightning.pytorch.callbacks import Callback
except ImportError:
    from pytorch_lightning.callbacks import Callback

LEARNING_RATE = "learning_rate"


class FluxtticeCallback(Callback):  # type: ignore[misc]
    """Tells a run of batches and epochs, and carries out what is asked of it.

    Where the trainer has one optimizer, its learning rate is a control. A scheduler of the learning
    rate changes it again. Further requests are answered by an `answer` of a class of yours."""

    def __init__(self, run: Run) -> None:
        """Prepares to tell this run. It stays open until you close it."""
        super().__init__()
        self.run = run

    def answer(self, request: Request, trainer: Any) -> None:
        """Answers a request; the run itself answers those that are left."""
        if request.kind == "set" and request.key == LEARNING_RATE:
            for group in trainer.optimizers[0].param_groups:
                group["lr"] = request.value
            request.apply()

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Offers the learning rate, if it is not offered yet."""
        if len(trainer.optimizers) == 1 and LEARNING_RATE not in self.run.controls:
            rate = float(trainer.optimizers[0].param_groups[0]["lr"])
            meaning = "step size of the optimizer"
            self.run.add_control(Control(LEARNING_RATE, rate, low=0.0, meaning=meaning))

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Tells of a batch, and answers requests."""
        batches = trainer.num_training_batches
        self.run.progress(batch_idx + 1, int(batches) if math.isfinite(batches) else 0)
        for request in self.run.requests():
            self.answer(request, trainer)
        self._stop(trainer)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Tells of an epoch with everything that was logged in it."""
        if not trainer.should_stop or not self.run.stopping:
            self.run.epoch(trainer.current_epoch, **trainer.callback_metrics)
        self._stop(trainer)

    def _stop(self, trainer: Any) -> None:
        trainer.should_stop = trainer.should_stop or self.run.stopping
