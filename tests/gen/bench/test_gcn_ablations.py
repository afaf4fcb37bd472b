"""Mechanisms switched off: rows from models, and every variant through the RTL of a tiny core."""

import itertools
from dataclasses import replace

import pytest

from pyralis.gen.bench.gcn import compiled_for
from pyralis.gen.bench.gcn_ablations import MAPS, SWITCHED, handler_rows, model_rows, rtl_rows
from pyralis.gen.bench.gcn_models import models
from pyralis.gen.bench.gcn_run import DEFAULT_SWITCHES, measure
from pyralis.gen.bench.gcn_variants import DEFAULT_SETTINGS, VARIANTS
from pyralis.gen.bench.gcn_workloads import Workload, part_of, prepare
from pyralis.gen.gcn.schedule import Settings
from pyralis.gen.gcn.synthetic import synthetic
from pyralis.hw.gcn.config import PRESETS


@pytest.fixture(scope="module")
def prepared():
    profile = replace(part_of("pubmed", 100), features=40, non_zeros=197 * 8, max_non_zeros=20, max_degree=60)
    return prepare(
        Workload(name="pubmed1-h8", title="small", graph=lambda _data: synthetic(profile), hidden=8)
    )


def test_every_variant_changes_one_thing():
    for each in VARIANTS:
        changed = [each.settings != DEFAULT_SETTINGS, each.switches != DEFAULT_SWITCHES, bool(each.orders)]
        assert sum(changed) == 1, each.name
    assert len({each.name for each in VARIANTS}) == len(VARIANTS)


def test_rows_from_models(prepared):
    rows = list(model_rows(models(prepared), "pubmed"))
    assert {row["evidence"] for row in rows} == {"model"}
    assert {row["name"] for row in rows} == {"elimination", "dispatch", "hubs", "order"}
    for row in rows:
        assert row["gain"] == pytest.approx(row["without"] / row["with"])
    shrunk = [row for row in rows if row["name"] == "elimination" and row["published"]]
    assert len(shrunk) == 1, "HyGCN's is slide and shrink, in the order of the files"
    assert shrunk[0]["published"] == pytest.approx(1 / 0.90)


@pytest.mark.slow
def test_the_handler_alone():
    rows = list(handler_rows())
    assert [(row["map"], row["switches"]) for row in rows] == list(itertools.product(MAPS, SWITCHED))
    cycles = {(row["map"], row["switches"]): row["cycles"] for row in rows}
    four, one = MAPS
    assert cycles[four, "by priority, in batches"] < 0.95 * cycles[four, "as they come"]
    assert all(row["bytes_per_cycle"] <= 64 * 4 / 6 for row in rows if row["map"] == one), "tCCD_L"


@pytest.mark.slow
def test_every_variant_on_a_tiny_core(prepared):
    tiny = PRESETS["tiny"]
    kept = compiled_for(prepared, tiny, Settings(keep_input=True))
    base = measure(prepared, compiled_for(prepared, tiny), kept=kept)
    figures = base.summary()
    assert figures["bit_exact"] and figures["on_chip"]["bytes_by_client"]["features"] == 0
    assert figures["on_chip"]["cycles"] <= figures["warm"]["cycles"]
    assert figures["on_chip"]["bytes_over_compulsory"] == pytest.approx(1, abs=0.05)
    rows = {row["name"]: row for row in rtl_rows(prepared, "tiny", tiny, base)}
    assert list(rows) == [each.name for each in VARIANTS]
    for row in rows.values():
        assert row["with"]["bit_exact"] and row["without"]["bit_exact"], row["name"]
    assert rows["pipeline"]["gain"]["warm"] > 1
    launch = rows["launch"]
    assert launch["with"]["weight_reads"] == tiny.columns * launch["without"]["weight_reads"]
    # the default's own figures stand on the side that the default is on
    cold, warm = base.cycles
    assert (rows["hubs"]["with"]["cold"], rows["hubs"]["with"]["warm"]) == (cold, warm)
    assert (rows["remap"]["without"]["cold"], rows["remap"]["without"]["warm"]) == (cold, warm)
    assert rows["remap"]["with"]["parallelism"] != rows["remap"]["without"]["parallelism"]
