"""Neighbours by looking at every distance: a second implementation, in another language.

usage: brute_force.py CODES METRIC WHICH K < QUERIES
CODES holds the lines of `encode --json` for all operations by both VAEs; QUERIES one index a line.
Prints for each query a line of K pairs `index distance`, nearest first, ties by index.
"""

import json
import math
import sys

MINUS, ENTRIES = 1, 9


def read(path):
    codes = {"a": [None] * 19683, "b": [None] * 19683}
    with open(path) as lines:
        for line in lines:
            row = json.loads(line)
            deviation = [math.exp(0.5 * x) for x in row["log_variance"]]
            codes[row["which"]][row["operation"]] = (row["mu"], deviation)
    return codes


def scaled(cloud):
    """The cloud at a root-mean-square norm of 1."""
    rms = math.sqrt(sum(x * x for mu, _ in cloud for x in mu) / len(cloud))
    return [([x / rms for x in mu], [x / rms for x in deviation]) for mu, deviation in cloud]


def joined(codes):
    pairs = zip(scaled(codes["a"]), scaled(codes["b"]))
    return [(a[0] + b[0], a[1] + b[1]) for a, b in pairs]


def entries(index):
    """Entry p is the p-th digit to the base three, less one."""
    return [index // 3**p % 3 - MINUS for p in range(ENTRIES)]


def euclidean(p, q):
    return math.dist(p[0], q[0])


def cosine(p, q):
    dot = sum(map(lambda x, y: x * y, p[0], q[0]))
    return 1.0 - dot / (math.hypot(*p[0]) * math.hypot(*q[0]))


def wasserstein(p, q):
    return math.dist(p[0] + p[1], q[0] + q[1])


def jeffreys(p, q):
    """KL(p, q) + KL(q, p), each as textbooks have it."""
    total = 0.0
    for x, y, s, t in zip(p[0], q[0], p[1], q[1]):
        v, w, d = s * s, t * t, (x - y) ** 2
        total += 0.5 * ((v + d) / w - 1.0) + 0.5 * ((w + d) / v - 1.0)
    return total


def main():
    path, metric, which, k = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    if metric == "hamming":
        cloud = [entries(index) for index in range(19683)]
        distance = lambda p, q: sum(x != y for x, y in zip(p, q))
    else:
        codes = read(path)
        cloud = joined(codes) if which == "both" else codes[which]
        distance = {
            "euclidean": euclidean,
            "cosine": cosine,
            "wasserstein": wasserstein,
            "jeffreys": jeffreys,
        }[metric]
    for query in map(int, sys.stdin):
        centre = cloud[query]
        found = sorted((distance(centre, cloud[i]), i) for i in range(19683) if i != query)
        print(" ".join(f"{index} {far!r}" for far, index in found[:k]))


main()
