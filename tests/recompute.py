"""Works out a certificate's coverage and information figures again, from its weights alone, and says what differs.

    python3 tests/recompute.py assets/builtin

Needs NumPy. Nothing of the program is used: the network, the random numbers, the counting and the estimators are written
again from docs/reference/model.md, docs/dev/architecture.md and docs/reference/metrics.md. Counts and digests must be equal, other figures to
10^-9 of their size. Of rare operations their number is checked, of reconstruction and latent codes nothing.
"""

import hashlib
import json
import math
import pathlib
import struct
import sys

import numpy as np

M = 3**9
BLOCKS = 16
LATENT = 16
PRIOR, DRAW = {"a": 5, "b": 6}, {"a": 7, "b": 8}
TOLERANCE = 1e-9


def read_weights(path):
    """Tensors by name, in 64 bits."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        numbers = np.frombuffer(data[8 + size + begin : 8 + size + end], "<f4")
        tensors[name] = numbers.astype(np.float64).reshape(entry["shape"])
    return tensors


def philox(counter, key):
    """Philox4x32-10 of arrays of counters."""
    c = [np.asarray(part, np.uint64) for part in counter]
    k0, k1 = key
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [
            (p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0),
            p1 & low,
            (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1),
            p0 & low,
        ]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


def uniforms(seed, purpose, rows, columns):
    """Uniform numbers in [0, 1): one row for each of the rows."""
    found = np.empty((len(rows), columns + columns % 2))
    zero = np.zeros(len(rows), np.uint64)
    for pair in range(found.shape[1] // 2):
        second = np.full(len(rows), purpose << 16 | pair, np.uint64)
        a, b, c, d = philox([rows, second, zero, zero], (seed & 0xFFFFFFFF, seed >> 32))
        for column, (high, low) in enumerate([(a, b), (c, d)]):
            bits = (high << np.uint64(32) | low) >> np.uint64(11)
            found[:, 2 * pair + column] = bits.astype(np.float64) / 2.0**53
    return found[:, :columns]


def normals(seed, purpose, rows):
    """Box and Muller's transform of pairs of uniform numbers."""
    pairs = uniforms(seed, purpose, rows, LATENT)
    radius = np.sqrt(-2 * np.log(1 - pairs[:, 0::2]))
    found = np.empty_like(pairs)
    found[:, 0::2] = radius * np.cos(2 * np.pi * pairs[:, 1::2])
    found[:, 1::2] = radius * np.sin(2 * np.pi * pairs[:, 1::2])
    return found


def decode(tensors, which, codes):
    """Logits of codes, nine entries of three values each."""

    def layer(name, x):
        return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    def relu(x):
        return np.maximum(x, 0)

    if which == "a":
        h = relu(layer("decoder_A.decoder.0", codes))
        h = relu(layer("decoder_A.decoder.2", h))
        logits = layer("decoder_A.decoder.4", h)
    else:
        h = relu(layer("decoder_B.fc_in", codes))
        for number in (1, 2):
            block = f"decoder_B.residual{number}.block"
            h = h + layer(f"{block}.2", relu(layer(f"{block}.0", h)))
            if number == 1:
                h = relu(h)
        logits = layer("decoder_B.fc_out", h)
    return logits.reshape(-1, 9, 3)


def products(probabilities):
    """Products of one value from each entry, the first entry's value changing fastest."""
    found = np.ones((len(probabilities), 1))
    for entry in range(probabilities.shape[1]):
        found = (probabilities[:, entry, :, None] * found[:, None, :]).reshape(len(found), -1)
    return found


def survey(tensors, which, seed, samples, codes):
    """Operations drawn and entropies of the first codes, and sums over the blocks of codes."""
    starts = [codes * number // BLOCKS for number in range(BLOCKS + 1)]
    cuts = sorted({*starts, *range(0, max(samples), 50_000), max(samples)})
    blocks = [dict(codes=0, p=np.zeros(M), entropy=0.0, likeliest=0.0) for _ in range(BLOCKS)]
    drawn = {"argmax": [], "categorical": []}
    entropies = []
    powers = 3 ** np.arange(9)
    for begin, end in zip(cuts, cuts[1:]):
        rows = np.arange(begin, end, dtype=np.uint64)
        logits = decode(tensors, which, normals(seed, PRIOR[which], rows))
        shifted = logits - logits.max(2, keepdims=True)
        weights = np.exp(shifted)
        total = weights.sum(2)
        entropy = (np.log(total) - (weights * shifted).sum(2) / total).sum(1)
        if begin < max(samples):
            drawn["argmax"].append(logits.argmax(2) @ powers)
            target = uniforms(seed, DRAW[which], rows, 9) * total
            first, second = weights[:, :, 0], weights[:, :, 0] + weights[:, :, 1]
            values = np.where(target < first, 0, np.where(target < second, 1, 2))
            drawn["categorical"].append(values @ powers)
            entropies.append(entropy)
        if begin < codes:
            block = blocks[np.searchsorted(starts, begin, "right") - 1]
            probabilities = weights / total[:, :, None]
            low, high = products(probabilities[:, :5]), products(probabilities[:, 5:])
            block["codes"] += len(rows)
            block["p"] += (high.T @ low).ravel()
            block["entropy"] += entropy.sum()
            block["likeliest"] += (1 / total).prod(1).sum()
    drawn = {draw: np.concatenate(found) for draw, found in drawn.items()}
    return drawn, np.concatenate(entropies), blocks


def digest(operations):
    covered = np.zeros(8 * ((M + 7) // 8), np.uint8)
    covered[operations] = 1
    return "sha256:" + hashlib.sha256(np.packbits(covered, bitorder="little").tobytes()).hexdigest()


def jackknife(whole, one, two):
    """The corrected figure and its standard error; nothing where there are too few codes."""
    b = len(one)
    first = b * whole - (b - 1) * one.mean()
    second = (b * b * whole - 2 * (b - 1) ** 2 * one.mean() + (b - 2) ** 2 * two.mean()) / 2
    if not np.isfinite(second):
        return None
    pairs = [(i, j) for i in range(b) for j in range(i + 1, b)]
    shared = np.array(
        [b * whole - (b - 1) * (one[i] + one[j]) + (b - 2) * t for (i, j), t in zip(pairs, two)]
    )
    shared = ((shared - shared.mean()) ** 2).sum() / (b - 1) ** 2
    variance = shared + max((b - 1) / b * ((one - one.mean()) ** 2).sum() - 2 * shared, 0)
    rounding = 1e3 * np.finfo(float).eps * (1 + abs(whole))
    d1, d2 = abs(first - whole), abs(second - first)
    if d2 > d1 / 4 and d2 > math.sqrt(variance) and d2 > rounding:
        if d1 + d2 > 1e-3 * abs(whole):
            return None
        value, left = whole, d1 + d2
    else:
        value, left = second, d2 * min((d2 / max(d1, rounding) / 0.08) ** 2, 1)
    return value, math.sqrt(variance + left**2 + rounding**2)


def draws_for(p, share):
    """Draws that are expected to cover a share of all operations, by Newton's method."""
    rates, draws = np.log1p(-p), np.zeros(len(p))
    for _ in range(40):
        missed = np.exp(draws[:, None] * rates)
        step = (np.log(missed.sum(1)) - math.log((1 - share) * M)) * missed.sum(1)
        draws = np.maximum(draws - step / (rates * missed).sum(1), 0)
    return draws


def of_probabilities(blocks, sizes):
    """Every figure of p(x): corrected value and error, or nothing, and the raw one."""
    pairs = [(i, j) for i in range(BLOCKS) for j in range(i + 1, BLOCKS)]
    groups = [()] + [(i,) for i in range(BLOCKS)] + pairs

    def mean(field, group):
        kept = [block for number, block in enumerate(blocks) if number not in group]
        return sum(block[field] for block in kept) / sum(block["codes"] for block in kept)

    p = np.stack([mean("p", group) for group in groups])
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log(M * p), 0)
        entropy = math.log(M) - terms.sum(1)
        kl = -np.log(M * p).mean(1)
    conditional = np.array([mean("entropy", group) for group in groups])
    figures = {
        ("mutual information", None): entropy - conditional,
        ("likeliest operation", None): np.array([mean("likeliest", group) for group in groups]),
        ("operation entropy", None): entropy,
        ("chi-squared divergence", None): ((M * p - 1) ** 2).mean(1),
        ("KL from uniform", None): kl,
        ("sum of probabilities", None): p.sum(1),
        ("samples for 99.9 %", None): draws_for(p, 0.999),
    }
    for size in sizes:
        figures["expected coverage", f"at N = {size}"] = -np.expm1(size * np.log1p(-p)).sum(1)
    codes = sum(block["codes"] for block in blocks)
    errors = sum((block["p"] / block["codes"] - p[0]) ** 2 for block in blocks)
    noisy = M * (errors / (BLOCKS * (BLOCKS - 1))).sum() > 0.21
    found = {}
    for key, values in figures.items():
        corrected = jackknife(values[0], values[1 : BLOCKS + 1], values[BLOCKS + 1 :])
        if corrected and noisy and abs(corrected[0] - values[0]) > 1e-9:
            corrected = None
        found[key] = (corrected, values[0])

    def derived(name, of, function, slope):
        corrected, raw = found[of, None]
        value = corrected and (function(corrected[0]), abs(slope(corrected[0])) * corrected[1])
        found[name, None] = (value, function(raw))

    derived("effective operations", "operation entropy", math.exp, math.exp)
    derived("mean log-likelihood", "KL from uniform", lambda x: -math.log(M) - x, lambda _: 1)
    derived("perplexity", "KL from uniform", *2 * [lambda x: M * math.exp(x)])
    return found, rare(p[0], codes)


def rare(p, codes):
    """Operations that are known to be rare, and would be found again."""
    term, below, hits = codes * math.log1p(-1 / M), 0.0, 0
    while (below := below + math.exp(term)) <= 0.05 / M / math.e:
        term += math.log((codes - hits) / (hits + 1) / (M - 1))
        hits += 1
    bound = hits - 1
    return int((codes * p + 1.645 * np.sqrt(2 * codes * p + 1) <= bound).sum())


def main(folder):
    predicate = json.loads((folder / "certificate.json").read_bytes())["predicate"]
    measurement = predicate["measurement"]
    if measurement.get("estimators") != "corrected":
        sys.exit("expected a certificate with `measurement.estimators: corrected`")
    tensors = read_weights(folder / "weights.safetensors")
    seed, samples, codes = (measurement[key] for key in ("seed", "samples", "probability_codes"))
    stated = {
        (figure["vae"], figure["name"], figure["of"], figure["samples"]): figure
        for figure in predicate["figures"]
    }
    checked, wrong = set(), []

    def check(key, field, found, exact=False):
        checked.add(key)
        expected = stated[key][field]
        same = found == expected
        if not exact and found is not None and expected is not None:
            # A figure near 0 and an error round as what they are differences of.
            size = max(abs(expected), abs(stated[key].get("raw") or 0), abs(stated[key]["value"] or 0))
            same = abs(found - expected) <= TOLERANCE * size
        if not same:
            wrong.append(f"{key} {field}: stated {expected}, found {found}")

    sets = {}
    for which in ("a", "b"):
        drawn, entropies, blocks = survey(tensors, which, seed, samples, codes)
        for size in samples:
            check((which, "decode entropy", None, size), "value", entropies[:size].mean())
            for draw, operations in drawn.items():
                counts = np.bincount(operations[:size], minlength=M)
                sets[which, draw, size] = set(np.flatnonzero(counts))
                key = (which, f"{draw} coverage", None, size)
                check(key, "value", int((counts > 0).sum()), exact=True)
                check(key, "digest", digest(np.flatnonzero(counts)), exact=True)
                chi = (counts.astype(float) ** 2).sum() * M / size - size
                check((which, f"{draw} chi-squared", None, size), "value", chi)
                deviation = (chi - M + 1) / math.sqrt(2 * (M - 1))
                check((which, f"{draw} chi-squared deviation", None, size), "value", deviation)
        sizes = [
            int(of.removeprefix("at N = "))
            for vae, name, of, _ in stated
            if (vae, name) == (which, "expected coverage")
        ]
        figures, rarities = of_probabilities(blocks, sizes)
        for (name, of), (corrected, raw) in figures.items():
            key = (which, name, of, codes)
            check(key, "raw", raw if math.isfinite(raw) else None)
            check(key, "value", corrected and corrected[0])
            check(key, "standard_error", corrected and corrected[1])
        check((which, "rare operations", None, codes), "value", rarities, exact=True)
    for draw in ("argmax", "categorical"):
        for size in samples:
            a, b = sets["a", draw, size], sets["b", draw, size]
            for name, value in [
                ("union", len(a | b)),
                ("intersection", len(a & b)),
                ("only A", len(a - b)),
                ("only B", len(b - a)),
                ("Jaccard distance", 1 - len(a & b) / len(a | b)),
            ]:
                check(("both", f"{draw} {name}", None, size), "value", value)
    print(f"{len(checked)} figures worked out again, {len(wrong)} differ")
    for line in wrong:
        print(line)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
