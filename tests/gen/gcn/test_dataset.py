"""Planetoid files by name, with features as networks in the literature see them."""

import numpy as np
import pytest
from planetoidfiles import write

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.dataset import planetoid


def refusal(call) -> tuple[str, str, str]:
    with pytest.raises(UserError) as caught:
        call()
    return caught.value.what, caught.value.where, caught.value.hint


def test_an_unknown_data_set_is_answered_with_the_near_ones(tmp_path):
    for name in ("cora", "pubmed"):
        (tmp_path / f"ind.{name}.graph").touch()
    what = f"in {tmp_path}; there are cora, pubmed."
    assert refusal(lambda: planetoid(tmp_path, "Coral")) == (
        f"There is no data set 'Coral' {what}",
        "--dataset",
        "did you mean 'cora'?",
    )
    assert refusal(lambda: planetoid(tmp_path, "xyz")) == (
        f"There is no data set 'xyz' {what}",
        "--dataset",
        "--dataset cora",
    )
    (tmp_path / "ind.pubmed.graph").unlink()
    assert refusal(lambda: planetoid(tmp_path, "xyz"))[0].endswith(f"in {tmp_path}; there is cora.")


def test_rows_are_divided_by_their_sums_unless_they_are_wanted_raw(tmp_path):
    write(tmp_path, "cora")
    sums = planetoid(tmp_path).features.sum(axis=1)
    assert np.isin(sums.round(5), (0, 1)).all() and sums.any()
    raw = planetoid(tmp_path, "cora", raw=True)
    assert raw.name == "cora" and not np.isin(raw.features.sum(axis=1).round(5), (0, 1)).all()
