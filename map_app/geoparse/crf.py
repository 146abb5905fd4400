"""A linear-chain conditional random field: the sums over all labellings, and the best labelling.

The score of a labelling is the sum of one score for each word and its label and one for each pair of neighbouring
labels (Lafferty, McCallum and Pereira, 2001). Many short sequences are worked on at once, one step of all of them
after the other, so that numpy does the work.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]

#: After so many steps what would become too small to tell from 0 is scaled: each takes off as much as the most and the
#: least likely transitions are apart, some e^12 in a trained model, and there is room for e^700.
SCALED_EVERY = 8


class Layout:
    """Sequences that lie one behind the other in flat arrays, read step by step, the longest first."""

    def __init__(self, lengths: Integers) -> None:
        """`lengths` are those of the sequences in order, each at least 1."""
        longest_first = (-lengths).argsort(kind="stable")
        #: How many sequences have a word at each step.
        counts = len(lengths) - np.bincount(lengths).cumsum()[:-1]
        rank = np.empty_like(longest_first)
        rank[longest_first] = np.arange(len(lengths))
        starts = (lengths.cumsum() - lengths).repeat(lengths)
        step = np.arange(len(starts)) - starts
        #: Positions in the flat arrays, those of one step after the other, the longest sequences first in each.
        self.order = np.lexsort((rank.repeat(lengths), step))
        #: The same, read from the ends of the sequences.
        self.mirrored = (2 * starts + lengths.repeat(lengths) - 1)[self.order] - self.order
        ends = counts.cumsum().tolist()
        #: What of `order` is each step's.
        self.steps = [slice(end - count, end) for end, count in zip(ends, counts.tolist(), strict=True)]


@dataclass(frozen=True, slots=True)
class Sums:
    """What follows from the sum over all labellings."""

    #: Natural log of the sum, over all sequences.
    log_partition: float
    #: Probability of each label at each word.
    marginals: Floats
    #: Expected number of times that each pair of labels stands side by side.
    pairs: Floats


def sum_labellings(scores: Floats, transitions: Floats, layout: Layout, *, pairs: bool = False) -> Sums:
    """The forward-backward algorithm; `scores` has a row for each word, `transitions` goes from row to column.

    The expected pairs, which only training needs, are all zero unless asked for.
    """
    ordered = scores[layout.order]
    top = ordered.max(axis=1, keepdims=True)
    factors = np.exp(ordered - top)
    links = np.exp(transitions)
    forward, backward = np.empty_like(factors), np.ones_like(factors)
    scale = np.empty((len(factors), 1), dtype=factors.dtype)
    before: Floats | None = None
    for step in layout.steps:
        values = factors[step] if before is None else factors[step] * (before[: step.stop - step.start] @ links)
        total = values.sum(axis=1, keepdims=True)
        before = np.divide(values, total, out=forward[step])
        scale[step] = total
    expected = np.zeros_like(links)
    scaled = factors / scale
    for step, after in zip(reversed(layout.steps[:-1]), reversed(layout.steps[1:]), strict=True):
        values = scaled[after] * backward[after]
        here = slice(step.start, step.start + len(values))  # the others have come to their end
        np.matmul(values, links.T, out=backward[here])
        if pairs:
            expected += forward[here].T @ values
    marginals = np.empty_like(forward)
    marginals[layout.order] = forward * backward
    log_partition = float(np.log(scale).sum() + top.sum())
    return Sums(log_partition, marginals, expected * links)


def label_probabilities(scores: Floats, transitions: Floats, layout: Layout) -> Floats:
    """The marginals of `sum_labellings` alone, for use: both ways at once, and in double precision, seldom scaled."""
    factors = np.exp((scores - scores.max(axis=1, keepdims=True)).astype(np.float64))
    links = np.exp((transitions - transitions.max()).astype(np.float64))
    both_links = np.stack([links, links.T])
    order = np.stack([layout.order, layout.mirrored])
    own = factors[order]
    # What comes from the words before, and in the mirrored order from those behind, without the word itself. Whatever
    # a sequence is scaled by goes out again at the end, when each word's probabilities are made to add up to 1.
    sums = np.ones_like(own)
    for number, (before, step) in enumerate(pairwise(layout.steps), start=1):
        here = slice(before.start, before.start + step.stop - step.start)  # the others have come to their end
        values = np.matmul(sums[:, here] * own[:, here], both_links, out=sums[:, step])
        if number % SCALED_EVERY == 0:
            values /= values.sum(axis=2, keepdims=True)
    factors[layout.order] *= sums[0]
    factors[layout.mirrored] *= sums[1]
    probabilities: Floats = factors / factors.sum(axis=1, keepdims=True)
    return probabilities


def best_labelling(scores: Floats, transitions: Floats, layout: Layout) -> Integers:
    """The number of the best label of each word (the Viterbi algorithm); the lowest number wins a tie."""
    ordered = scores[layout.order]
    totals, origins = [], []
    best: Floats | None = None
    for step in layout.steps:
        values = ordered[step]
        if best is not None:
            ways = best[: len(values), :, None] + transitions
            origins.append(ways.argmax(axis=1))
            values = values + ways.max(axis=1)
        totals.append(values)
        best = values
    labels = np.empty(len(scores), dtype=np.int64)
    chosen = np.empty(0, dtype=np.int64)
    for t in range(len(layout.steps) - 1, -1, -1):
        # Sequences that end here start from their best total, the longer ones from where their next label came.
        ends = totals[t][len(chosen) :].argmax(axis=1)
        if t < len(origins) and len(chosen):
            chosen = origins[t][np.arange(len(chosen)), chosen]
        chosen = np.concatenate([chosen, ends])
        labels[layout.order[layout.steps[t]]] = chosen
    return labels
