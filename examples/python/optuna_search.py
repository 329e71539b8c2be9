"""Searches settings of the Ternary VAE with Optuna, each trial a run that the explorer can look into.

    python examples/python/optuna_search.py --trials 20 --epochs 30

What is maximised is I(z; x), the metric to trust, mean of A and B, as the run's last epochs measured it. A trial that
falls behind is stopped the way anybody stops a run: by a request."""

import argparse
import json
import subprocess

import numpy as np
import optuna

import fluxttice


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--program", default="fluxttice-explorer")
    arguments = parser.parse_args()

    def objective(trial: optuna.Trial) -> float:
        settings = {
            "beyond.certainty": trial.suggest_float("certainty", 0.0, 2.0),
            "beyond.evenness": trial.suggest_float("evenness", 0.0, 8.0),
            "stopping.information_every": 5,
        }
        name = f"search-{trial.number:03}"
        command = [arguments.program, "train", "--json", "--epochs", str(arguments.epochs)]
        command += ["--out", name, *(f"--set={key}={value}" for key, value in settings.items())]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as train:
            assert train.stdout is not None
            for line in train.stdout:
                told = json.loads(line)
                found = told.get("information") if told.get("event") == "epoch" else None
                if not found:
                    continue
                trial.report((found["a"] + found["b"]) / 2, told["epoch"])
                if trial.should_prune():
                    subprocess.run([arguments.program, "steer", f"./{name}", "stop", "--wait"])
        metrics = fluxttice.Run.read(f"./{name}").columns
        information = (metrics["information_a"] + metrics["information_b"]) / 2
        known = information[~np.isnan(information)]
        if not known.size:
            raise optuna.TrialPruned
        return float(known[-1])

    study = optuna.create_study(direction="maximize", pruner=optuna.pruners.MedianPruner())
    study.optimize(objective, n_trials=arguments.trials)
    print(f"best I(z; x) {study.best_value:.3f} nats of 9.888, with {study.best_params}")


if __name__ == "__main__":
    main()
