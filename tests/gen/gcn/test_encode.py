"""Features in integers: without an error where there is a way, else with the error of rounding."""

import itertools

import numpy as np
import pytest
from scipy.sparse import csr_array, issparse

from pyralis.gen.gcn.encode import encode, encode_levels
from pyralis.gen.gcn.features import row_normalised


def back(encoded) -> np.ndarray:
    rows = encoded.rows.toarray() if issparse(encoded.rows) else encoded.rows
    factor = 1.0 if encoded.row_factor is None else encoded.row_factor[:, None]
    return encoded.unit * factor * rows


def words(seed=0) -> np.ndarray:
    rows = (np.random.default_rng(seed).random((30, 40)) < 0.2).astype(np.float32)
    rows[3] = 0
    return rows


@pytest.mark.parametrize("container", [np.asarray, csr_array])
def test_bags_of_words_are_binary(container):
    encoded = encode(container(words()), per_row=True)
    assert (encoded.values, encoded.unit, encoded.row_factor, encoded.exact) == ("binary", 1.0, None, True)
    assert np.array_equal(back(encoded), words())
    normal = row_normalised(container(words()))
    encoded = encode(normal, per_row=True)
    assert (encoded.values, encoded.exact) == ("binary", True)
    assert encoded.rows.dtype == np.int8
    assert encoded.row_factor.max() == 1.0 and encoded.row_factor[3] == 0.0
    assert np.abs(back(encoded) - row_normalised(words())).max() < 1e-7


def test_one_factor_for_all_where_rows_are_added_first():
    encoded = encode(row_normalised(words()), per_row=False)
    assert (encoded.values, encoded.row_factor, encoded.exact) == ("int8", None, False)
    assert np.abs(back(encoded) - row_normalised(words())).max() <= encoded.unit / 2 * 1.001
    encoded = encode(words() * 0.25, per_row=False)
    assert (encoded.values, encoded.unit, encoded.exact) == ("binary", 0.25, True)


@pytest.mark.parametrize("per_row", [False, True])
def test_small_integers_are_exact(per_row):
    counts = np.random.default_rng(2).integers(-17, 100, (20, 5)).astype(np.float32)
    counts[:, 0], counts[4] = 5, 0
    encoded = encode(counts, per_row=per_row)
    assert (encoded.values, encoded.exact) == ("int8", True)
    assert np.allclose(back(encoded), counts, atol=1e-5)


def test_counts_divided_by_their_sum_are_exact():
    counts = np.random.default_rng(3).integers(0, 4, (20, 9)).astype(np.float32)
    counts[:, 0] = 1
    encoded = encode(row_normalised(counts), per_row=True)
    assert encoded.exact and np.array_equal(encoded.rows, counts)


@pytest.mark.parametrize("per_row", [False, True])
def test_reals_are_rounded(per_row):
    values = np.random.default_rng(4).normal(size=(20, 9)) * np.logspace(0, 2, 20)[:, None]
    encoded = encode(values, per_row=per_row)
    assert not encoded.exact
    unit = np.abs(values).max(axis=1 if per_row else None, keepdims=True) / 127
    assert (np.abs(back(encoded) - values) <= unit / 2 * 1.001).all()
    assert np.abs(encoded.rows).max() == 127


def test_features_that_are_all_zero():
    encoded = encode(np.zeros((3, 2), np.float32), per_row=True)
    assert (encoded.unit, encoded.row_factor, encoded.rows.any()) == (1.0, None, np.False_)


def of_levels(encoded, shape: tuple[int, int]) -> np.ndarray:
    """What binary rows of levels stand for."""
    rows = encoded.rows.toarray().reshape(shape[0], -1, shape[1])
    factor = 1.0 if encoded.row_factor is None else encoded.row_factor[:, None]
    return encoded.unit * factor * np.einsum("nlf,l->nf", rows, encoded.levels)


@pytest.mark.parametrize("container", [np.asarray, csr_array])
def test_few_values_are_levels_without_an_error(container):
    counts = np.random.default_rng(5).choice([0, 0, 1, 2, -3], (20, 9)).astype(np.float32)
    encoded = encode_levels(container(counts), 4)
    assert (encoded.values, encoded.exact, encoded.row_factor) == ("binary", True, None)
    assert encoded.levels.tolist() == [-3, 1, 2]
    assert encoded.rows.shape == (20, 27) and encoded.rows.nnz == np.count_nonzero(counts)
    assert np.array_equal(of_levels(encoded, counts.shape), counts)


def test_reals_take_the_nearest_of_a_few_levels():
    rng = np.random.default_rng(6)
    values = rng.gamma(2.0, 0.02, (200, 50)) * (rng.random((200, 50)) < 0.3) * np.logspace(0, 2, 200)[:, None]
    values[7] = 0
    errors = []
    for count in (2, 4, 8, 16):
        encoded = encode_levels(csr_array(values), count)
        assert not encoded.exact and len(encoded.levels) == count
        assert set(np.unique(encoded.rows.data)) == {1}
        back_again = of_levels(encoded, values.shape)
        assert np.array_equal(back_again != 0, values != 0)
        # in units of the mean of a row no other level is nearer
        mean = values.sum(axis=1) / np.maximum((values != 0).sum(axis=1), 1)
        scaled = (values / np.maximum(mean, 1e-9)[:, None])[values != 0]
        distance = np.abs(scaled[:, None] - encoded.levels)
        assert np.allclose((back_again / np.maximum(mean, 1e-9)[:, None])[values != 0],
                           encoded.levels[distance.argmin(axis=1)])  # fmt: skip
        errors.append(np.square(distance.min(axis=1)).mean() / np.square(scaled).mean())
    # a bit more of a level is a quarter of the squared error or so
    assert all(0.15 < b / a < 0.45 for a, b in itertools.pairwise(errors))
    assert errors[1] < 0.06


def test_levels_of_nothing():
    encoded = encode_levels(np.zeros((3, 2), np.float32), 4)
    assert (encoded.unit, encoded.rows.shape, len(encoded.levels)) == (1.0, (3, 2), 0)
