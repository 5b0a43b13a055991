"""One run of every protocol on sign designs of any number of users, noise added to sums: error of the estimate.

Covariates are uniform signs, so that |x| = sqrt(d) and nothing is clipped; the response is <x, theta> +- 1/2 with
theta of k entries +-1/sqrt(k). Sums of n users are drawn from their normal limit: entries of the sum of x x' off the
diagonal have variance n and no covariances. Scores of a round are means over a sample of at most ROWS users, which is
more sampling error than the round itself has.
"""

import math
import warnings
from collections.abc import Callable

import numpy as np

from sparsetheory import ldp
from sparsetheory.ldp.records import ClippedRecords

Y_BOUND = 3.0
DELTA = 1e-5
ROWS = 2**17


def truth(d: int, k: int) -> np.ndarray:
    theta = np.zeros(d)
    theta[:k] = (-1.0) ** np.arange(k) / math.sqrt(k)
    return theta


def sums(theta: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sums of x x' and x y over n users."""
    upper = np.triu(rng.standard_normal((len(theta),) * 2) * math.sqrt(n), 1)
    gram = upper + upper.T + n * np.eye(len(theta))
    return gram, gram @ theta + 0.5 * math.sqrt(n) * rng.standard_normal(len(theta))


def signs(theta: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    X = 2.0 * rng.integers(0, 2, (n, len(theta)), dtype=np.int8) - 1.0
    return X, X @ theta + np.where(rng.random(n) < 0.5, 0.5, -0.5)


def non_interactive(mechanism: str, public: bool = False, threshold: str | None = "auto") -> Callable:
    def run(theta, epsilon, n, rng):
        d = len(theta)
        delta = 0.0 if mechanism == "privunitg" else DELTA
        params = ldp.LDPParams(d, epsilon, delta, x_radius=math.sqrt(d), y_bound=Y_BOUND, mechanism=mechanism,
                               public_covariates=public)  # fmt: skip
        stats = ldp.simulate.gram_stats_from_moments(*sums(theta, n, rng), n, params, rng)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where the matrix has to be repaired the error says so
            found = ldp.estimate(stats, public_gram=np.eye(d) if public else None, on_indefinite="floor",
                                 threshold=threshold)  # fmt: skip
        return float(np.linalg.norm(found.coef - theta))

    return run


def interactive(radius: str, randomizer: str, threshold: str = "hard", schedule=None) -> Callable:
    def run(theta, epsilon, n, rng):
        d, k = len(theta), np.count_nonzero(theta)
        params = ldp.ScoreParams(d, epsilon, x_radius=math.sqrt(d), y_bound=Y_BOUND, radius=radius, keep=2 * k,
                                 randomizer=randomizer)  # fmt: skip
        server = ldp.IHTServer(params, k, schedule=schedule, threshold=threshold)
        while not server.done:
            m = round(n * server.schedule[server.round])
            X, y = signs(theta, min(m, ROWS), rng)
            scores = server.asked.blocks[0].query.values(ClippedRecords(X, y, params))
            server.absorb(ldp.simulate.score_stats_from_mean(scores.mean(axis=0) * params.clip, m, server.asked, rng))
            server.advance()
        return float(np.linalg.norm(server.coef - theta))

    return run


def predicted(name: str, d: int, k: int, epsilon: float):
    """The noise of a protocol in the closed forms."""
    about = {"x_radius": math.sqrt(d), "y_bound": Y_BOUND}
    if name in INTERACTIVE:
        radius, randomizer, threshold, share = INTERACTIVE[name]
        return ldp.score_noise(radius, d, epsilon, sparsity=k, randomizer=randomizer, threshold=threshold,
                               last_share=share, **about)  # fmt: skip
    mechanism, public = GRAM[name]
    delta = 0.0 if mechanism == "privunitg" else DELTA
    return ldp.gram_noise(mechanism, d, epsilon, delta, public_covariates=public, **about)


GRAM = {
    "published constants": ("published", False),
    "tight Gaussian": ("gaussian", False),
    "pure": ("privunitg", False),
    "pure, public covariates": ("privunitg", True),
}
INTERACTIVE = {
    "interactive, published": ("published", "duchi", "hard", 1 / 3),
    "interactive, norm clip": ("norm", "privunitg", "hard", 1 / 3),
    "interactive, norm clip, 10/20/70 %": ("norm", "privunitg", "hard", 0.7),
    "interactive, norm clip, soft": ("norm", "privunitg", "soft", 1 / 3),
}
PROTOCOLS = {name: non_interactive(*found) for name, found in GRAM.items()} | {
    name: interactive(radius, randomizer, threshold, "uneven" if share == 0.7 else None)
    for name, (radius, randomizer, threshold, share) in INTERACTIVE.items()
}
