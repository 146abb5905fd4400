"""The weights of a conditional random field that make annotated words likeliest; only training needs this."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from map_app.geoparse.crf import Floats, Integers, Layout, sum_labellings

#: Past gradients that L-BFGS keeps.
MEMORY = 6
#: It stops where a step gains less than this share of the loss.
TOLERANCE = 1e-7


def fit(
    matrix: csr_matrix,
    labels: Integers,
    lengths: Integers,
    label_count: int,
    *,
    c2: float,
    max_iterations: int,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[Floats, Floats]:
    """Weights of attributes (rows) by label, and transitions, that make the labels likeliest, held small by L2.

    `matrix` has a row for each word and a column for each attribute. What is made small is the negative log-likelihood
    plus `c2` times the sum of all squared weights, by L-BFGS.
    """
    transposed = matrix.T.tocsr()
    layout = Layout(lengths)
    width = matrix.shape[1]
    observed = np.zeros((len(labels), label_count))
    observed[np.arange(len(labels)), labels] = 1.0
    starts = np.zeros(len(labels), dtype=bool)
    starts[np.concatenate([[0], np.cumsum(lengths)[:-1]])] = True
    linked = np.flatnonzero(~starts)
    observed_pairs = np.zeros((label_count, label_count))
    np.add.at(observed_pairs, (labels[linked - 1], labels[linked]), 1.0)
    done = 0

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat[: width * label_count].reshape(width, label_count)
        transitions = flat[width * label_count :].reshape(label_count, label_count)
        scores = matrix @ weights
        sums = sum_labellings(scores, transitions, layout, pairs=True)
        gold = float(scores[np.arange(len(labels)), labels].sum() + (observed_pairs * transitions).sum())
        gradient = np.concatenate(
            [(transposed @ (sums.marginals - observed)).ravel(), (sums.pairs - observed_pairs).ravel()]
        )
        return sums.log_partition - gold + c2 * float(flat @ flat), gradient + 2 * c2 * flat

    def count(_: Floats) -> None:
        nonlocal done
        done += 1
        progress(done)

    found = minimize(
        loss,
        np.zeros((width + label_count) * label_count),
        jac=True,
        method="L-BFGS-B",
        callback=count,
        options={"maxiter": max_iterations, "maxcor": MEMORY, "ftol": TOLERANCE},
    )
    flat = found.x
    return (
        flat[: width * label_count].reshape(width, label_count),
        flat[width * label_count :].reshape(label_count, label_count),
    )
