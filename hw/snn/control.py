"""Starts, repeats, watches and stops the spiking core."""

from pyralis.hw.common.control import JobControl
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import ErrorCode

__all__ = ["FAULTS", "Control"]

FAULTS = {
    "map_address": ErrorCode.MAP_ADDRESS,
    "program_bus": ErrorCode.PROGRAM_BUS,
    "data_bus": ErrorCode.DATA_BUS,
    "weight_bus": ErrorCode.WEIGHT_BUS,
    "write_bus": ErrorCode.WRITE_BUS,
}
"""Fault pulses that the datapath raises, and what the driver reads."""


class Control(JobControl):
    """:class:`~pyralis.hw.common.control.JobControl` with the faults of the spiking core.

    ``rewind``: resident weights are read again from the first one.
    """

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__(config.address_bits, ErrorCode, FAULTS)
