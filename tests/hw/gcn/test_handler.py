"""RTL of pyralis.hw.gcn.handler (pytest side)."""

from pyralis.hw.axi.dma import DmaConfig
from pyralis.hw.gcn.handler import MemoryHandler
from pyralis.hw.gcn.handlerconfig import HandlerConfig
from pyralis.sim.bench.build import run_cocotb

SMALL = HandlerConfig(
    dma=DmaConfig(address_bits=32, data_bits=64, burst_beats=8, bursts=24),
    buffer_bursts=4,
    batch_bursts=4,
    bank_bit=8,
    bank_bits=2,
)


def test_clients_share_a_memory():
    run_cocotb(MemoryHandler(SMALL), "cocotb_handler")
