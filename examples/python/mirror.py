"""Mirrors a run, live, to where a group looks: TensorBoard or Weights & Biases, whichever is installed; else it prints.

    python examples/python/mirror.py RUN --to tensorboard

It follows `fluxttice-explorer watch RUN --json`, so that any run can be mirrored, of this program or another, from any
machine that sees its folder, without a line in the trainer."""

import argparse
import json
import subprocess
import sys
from typing import Any, Callable, Iterator


def numbers(values: dict[str, Any], name: str = "") -> Iterator[tuple[str, float]]:
    """Gives every number of an epoch by its name, those within objects as `outer/inner`."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from numbers(value, f"{name}{key}/")
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and key != "epoch":
            yield name + key, float(value)


def tensorboard(run: str) -> Callable[[int, dict[str, float]], None]:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(comment=f"-{run}")

    def write(epoch: int, figures: dict[str, float]) -> None:
        for name, value in figures.items():
            writer.add_scalar(name, value, epoch)
        writer.flush()

    return write


def wandb(run: str) -> Callable[[int, dict[str, float]], None]:
    import wandb

    wandb.init(project="fluxttice", name=run)
    return lambda epoch, figures: wandb.log(figures, step=epoch)


def printed(run: str) -> Callable[[int, dict[str, float]], None]:
    return lambda epoch, figures: print(json.dumps({"run": run, "epoch": epoch, **figures}), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--to", choices=["tensorboard", "wandb", "print"], default="print")
    parser.add_argument("--program", default="fluxttice-explorer")
    arguments = parser.parse_args()
    open_there = {"tensorboard": tensorboard, "wandb": wandb, "print": printed}[arguments.to]
    write = open_there(arguments.run)
    command = [arguments.program, "watch", arguments.run, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch:
        assert watch.stdout is not None
        for line in watch.stdout:
            told = json.loads(line)
            if told.get("event") == "epoch":
                # Of a run of another program the figures are under `values`.
                figures = told.get("values", told)
                write(told["epoch"], dict(numbers(figures)))
    return watch.returncode


if __name__ == "__main__":
    sys.exit(main())
