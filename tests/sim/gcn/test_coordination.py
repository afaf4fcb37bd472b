"""Memory coordination on DDR4: what each switch of the Memory Handler is worth."""

import pytest

from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.gcn.handler import CLIENTS
from pyralis.hw.gcn.handlerconfig import HandlerConfig
from pyralis.sim.bench.ddr4 import LINE_BYTES, Ddr4Settings
from pyralis.sim.gcn.coordination import (
    MEMORY_BYTES,
    Switches,
    Transfer,
    coordinate,
    layered_traffic,
)

SHORT = HandlerConfig(
    dma=DmaConfig(data_bits=512, burst_beats=4, outstanding=16), buffer_bursts=16, batch_bursts=32
)
"""Bursts of 256 bytes."""

NONE = Switches(by_priority=False, by_batch=False, remap=False)
ORDERED = Switches(remap=False)
PLAIN = Ddr4Settings.mapped("row_bank_column")
GROUPED = Ddr4Settings.mapped("row_bank_column_group")


def test_traffic_is_reproducible_and_fits():
    jobs = layered_traffic(SHORT)
    assert jobs == layered_traffic(SHORT) != layered_traffic(SHORT, seed=2)
    assert {job.client for job in jobs} == set(CLIENTS) - {"program"}
    assert all(job.beats > 0 and job.address + 64 * job.beats <= MEMORY_BYTES for job in jobs)
    # Outputs share no byte with what is read.
    written = min(job.address for job in jobs if job.client == "outputs")
    assert all(job.address + 64 * job.beats <= written for job in jobs if job.client != "outputs")
    assert 480 << 10 <= 64 * sum(job.beats for job in jobs) <= 500 << 10


def test_jobs_beyond_the_memory_are_refused():
    with pytest.raises(ValueError, match=f"a job leaves the memory of {MEMORY_BYTES} bytes"):
        coordinate(SHORT, [Transfer("edges", MEMORY_BYTES - 64, 2)], NONE, GROUPED)


@pytest.mark.slow
def test_order_of_requests_is_worth_bandwidth():
    jobs = layered_traffic(SHORT)
    off = coordinate(SHORT, jobs, NONE, GROUPED)
    on = coordinate(SHORT, jobs, ORDERED, GROUPED)
    assert off.size == on.size == off.counts.bytes == on.counts.bytes
    assert off.counts.hit_rate < 0.85 and on.counts.hit_rate > 0.94
    assert on.counts.conflicts < off.counts.conflicts / 3
    assert on.cycles < 0.82 * off.cycles and on.bandwidth > 0.9 * LINE_BYTES


@pytest.mark.slow
def test_remap_spreads_a_stream_over_the_banks():
    """Where bank groups stand above the columns, a stream is in one group: at most 42.7 B a cycle."""
    jobs = layered_traffic(SHORT)
    off = coordinate(SHORT, jobs, ORDERED, PLAIN)
    on = coordinate(SHORT, jobs, Switches(), PLAIN)
    assert off.bandwidth < 64 * 4 / 6 < on.bandwidth
    assert on.counts.parallelism > 2 * off.counts.parallelism
