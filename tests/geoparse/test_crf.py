"""The sums and the best labelling against all labellings written out."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import identity

from map_app.geoparse.crf import SCALED_EVERY, Layout, best_labelling, label_probabilities, sum_labellings
from map_app.geoparse.fit import fit

LABELS = 3


def random_sequences(lengths, seed):
    random = np.random.default_rng(seed)
    lengths = np.array(lengths)
    scores = 2 * random.normal(size=(int(lengths.sum()), LABELS))
    return scores, random.normal(size=(LABELS, LABELS)), lengths


def written_out(scores, transitions, lengths):
    """Log of the sum, marginals, expected pairs and best labels, from every labelling of every sequence."""
    log_partition, marginals, best = 0.0, np.zeros_like(scores), []
    pairs = np.zeros_like(transitions)
    start = 0
    for length in lengths:
        labellings = list(itertools.product(range(LABELS), repeat=int(length)))
        totals = np.array(
            [
                sum(scores[start + i, label] for i, label in enumerate(labels))
                + sum(transitions[a, b] for a, b in itertools.pairwise(labels))
                for labels in labellings
            ]
        )
        own = np.log(np.exp(totals).sum())
        log_partition += own
        for labels, chance in zip(labellings, np.exp(totals - own), strict=True):
            for i, label in enumerate(labels):
                marginals[start + i, label] += chance
            for a, b in itertools.pairwise(labels):
                pairs[a, b] += chance
        best += labellings[int(totals.argmax())]
        start += length
    return log_partition, marginals, pairs, best


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.integers(0, 1000))
def test_sums_and_best_labels_are_those_of_all_labellings_written_out(lengths, seed):
    scores, transitions, lengths = random_sequences(lengths, seed)
    log_partition, marginals, pairs, best = written_out(scores, transitions, lengths)
    layout = Layout(lengths)
    sums = sum_labellings(scores, transitions, layout, pairs=True)
    assert sums.log_partition == pytest.approx(log_partition)
    np.testing.assert_allclose(sums.marginals, marginals, atol=1e-9)
    np.testing.assert_allclose(sums.pairs, pairs, atol=1e-9)
    np.testing.assert_allclose(label_probabilities(scores, transitions, layout), marginals, atol=1e-9)
    assert best_labelling(scores, transitions, layout).tolist() == best


def test_scores_far_apart_neither_overflow_nor_vanish():
    scores = np.array([[900.0, -900.0, 0.0], [-900.0, 900.0, 0.0]])
    transitions, layout = np.zeros((LABELS, LABELS)), Layout(np.array([2]))
    for marginals in (
        sum_labellings(scores, transitions, layout).marginals,
        label_probabilities(scores, transitions, layout),
    ):
        np.testing.assert_allclose(marginals, [[1, 0, 0], [0, 1, 0]], atol=1e-9)


def test_long_sequences_whose_labels_hardly_follow_each_other_do_not_vanish():
    """Each step takes off e^40, as much as no trained model does, and the sequences are of all lengths."""
    lengths = np.arange(1, 20 * SCALED_EVERY)
    scores, _, _ = random_sequences(lengths, seed=3)
    transitions = np.full((LABELS, LABELS), -40.0)
    transitions[0, 1] = 0.0
    expected = sum_labellings(scores, transitions, Layout(lengths)).marginals
    np.testing.assert_allclose(label_probabilities(scores, transitions, Layout(lengths)), expected, atol=1e-9)


def test_fitted_weights_give_the_labels_that_they_were_fitted_to():
    lengths = np.array([3, 2, 1])
    labels = np.array([0, 1, 2, 0, 1, 0])
    weights, transitions = fit(identity(6, format="csr"), labels, lengths, LABELS, c2=0.01, max_iterations=100)
    assert best_labelling(weights, transitions, Layout(lengths)).tolist() == labels.tolist()


def test_fitted_weights_are_where_the_loss_has_no_slope():
    """At the minimum of likelihood and penalty, what is expected less what is seen equals minus twice c2 times w."""
    lengths = np.array([4, 3])
    labels = np.array([0, 1, 1, 2, 0, 0, 1])
    c2 = 0.3
    weights, transitions = fit(identity(7, format="csr"), labels, lengths, LABELS, c2=c2, max_iterations=500)
    marginals = sum_labellings(weights, transitions, Layout(lengths)).marginals
    np.testing.assert_allclose(np.eye(LABELS)[labels] - marginals, 2 * c2 * weights, atol=2e-3)
