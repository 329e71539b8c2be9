"""A small VAE on all 19,683 operations in PyTorch, watched and steered in the explorer.

    python examples/python/pytorch_vae.py            # then, elsewhere: fluxttice-explorer attach pytorch-vae

Learning rate and β can be changed while it trains (`,`), it pauses and stops like any run, and every ten epochs it
shows its codes and its samples."""

import argparse

import torch
from torch import nn
from torch.nn import functional

import fluxttice
from fluxttice import operations


class Vae(nn.Module):
    """Nine entries in, a code of `dimensions` numbers, nine times three logits out."""

    def __init__(self, dimensions: int, width: int = 128) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(9, width), nn.ReLU(), nn.Linear(width, 2 * dimensions)
        )
        self.decoder = nn.Sequential(nn.Linear(dimensions, width), nn.ReLU(), nn.Linear(width, 27))

    def encode(self, entries: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mu, log_variance = self.encoder(entries).chunk(2, dim=1)
        return mu, log_variance

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        return self.decoder(codes).view(-1, 9, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--dimensions", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", default="pytorch-vae")
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    model = Vae(arguments.dimensions)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    table = torch.tensor(operations.table, dtype=torch.float32)
    labels = torch.tensor(operations.table, dtype=torch.long) + 1
    rate = fluxttice.Control("learning_rate", 1e-3, low=0.0, high=0.1, meaning="step size of Adam")
    beta = fluxttice.Control("beta", 0.1, low=0.0, high=10.0, meaning="weight of the KL term")

    def decode(codes):
        """Decodes codes for the measurement, which draws them itself."""
        with torch.no_grad():
            return model.decode(torch.tensor(codes, dtype=torch.float32)).double().numpy()

    with fluxttice.Run(
        arguments.name,
        config=vars(arguments),
        controls=[rate, beta],
        last_epoch=arguments.epochs,
        resume=arguments.resume,
        device="cpu",
    ) as run:
        for epoch in range(arguments.epochs):
            order = torch.randperm(len(table)).split(256)
            sums = torch.zeros(2)
            for number, rows in enumerate(order):
                for request in run.requests():
                    # Values are checked already, and `rate.value` and `beta.value` are the new ones then.
                    request.apply() if request.kind == "set" else request.apply_default()
                if run.stopping:
                    return
                for group in optimizer.param_groups:
                    group["lr"] = rate.value
                mu, log_variance = model.encode(table[rows])
                codes = mu + torch.randn_like(mu) * (0.5 * log_variance).exp()
                logits = model.decode(codes)
                cross_entropy = functional.cross_entropy(
                    logits.transpose(1, 2), labels[rows], reduction="none"
                ).sum(1).mean()
                kl = 0.5 * (mu**2 + log_variance.exp() - 1 - log_variance).sum(1).mean()
                loss = cross_entropy + beta.value * kl
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                sums += torch.stack([cross_entropy.detach(), kl.detach()])
                run.progress(number + 1, len(order))
            cross_entropy, kl = (sums / len(order)).tolist()
            figures = {"train/cross_entropy": cross_entropy, "train/kl": kl}
            figures |= {"learning_rate": rate.value, "beta": beta.value}
            if epoch % 10 == 9:
                found = fluxttice.measure(decode, arguments.dimensions, samples=20_000, seed=0)
                figures |= {
                    "coverage/argmax": found.argmax.unique,
                    "coverage/ceiling": found.argmax.ceiling,
                    "decode_entropy": found.decode_entropy,
                }
            run.epoch(epoch, **figures)
            if epoch % 10 == 9:
                with torch.no_grad():
                    run.codes(model.encode(table)[0].numpy())
                    codes = torch.randn(20_000, arguments.dimensions)
                    run.samples((model.decode(codes).argmax(2) - 1).to(torch.int8).numpy())


if __name__ == "__main__":
    main()
