"""Features: dense and sparse give the same, and row sums divided after the product give the same product."""

import numpy as np
import pytest
import torch
from scipy.sparse import coo_array, csr_array
from torch_geometric.data import Data
from torch_geometric.transforms import NormalizeFeatures

from pyralis.gen.gcn.features import (
    feature_matrix,
    is_binary,
    is_sparse,
    non_zeros,
    row_normalised,
    row_scales,
)

WORDS = np.array([[1, 0, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 1]], dtype=np.float32)
FORMS = [np.array, csr_array]


@pytest.mark.parametrize("form", FORMS)
def test_rows_are_counted_and_scaled(form):
    features = feature_matrix(form(WORDS))
    assert non_zeros(features).tolist() == [3, 0, 1, 4]
    assert row_scales(features).tolist() == [1 / 3, 0, 1, 1 / 4]
    assert is_binary(features)
    assert not is_binary(feature_matrix(form(2 * WORDS)))
    assert is_sparse(features) == (form is csr_array)


@pytest.mark.parametrize("form", FORMS)
def test_normalised_rows_are_those_of_pytorch_geometric(form):
    features = feature_matrix(form(WORDS))
    made = row_normalised(features)
    expected = NormalizeFeatures()(Data(x=torch.from_numpy(WORDS.copy()))).x.numpy()
    assert np.array_equal(made.toarray() if form is csr_array else made, expected)
    assert made.dtype == np.float32
    again = features.toarray() if form is csr_array else features
    assert np.array_equal(again, WORDS)


@pytest.mark.parametrize("form", FORMS)
def test_division_can_wait_until_after_the_product(form):
    weight = np.random.default_rng(0).normal(size=(4, 3))
    features = feature_matrix(form(WORDS))
    late = row_scales(features)[:, None] * (features @ weight)
    assert np.allclose(row_normalised(features) @ weight, late, rtol=1e-6)


def test_stored_zeros_and_repeated_entries_do_not_count():
    stored = coo_array((np.array([1, 1, 0]), ([0, 0, 1], [2, 2, 0])), shape=(2, 3))
    made = feature_matrix(stored)
    assert (made.nnz, non_zeros(made).tolist(), made.toarray()[0].tolist()) == (1, [1, 0], [0, 0, 2])
    raw = csr_array((np.array([0.0, 1.0]), np.array([0, 1]), np.array([0, 2, 2])), shape=(2, 3))
    assert non_zeros(raw).tolist() == [1, 0]
