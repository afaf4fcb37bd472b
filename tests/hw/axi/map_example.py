"""A register map with one of everything, for the tests of the bank and of what is written from it."""

import enum

from pyralis.hw.axi.registers import Field, Register, RegisterMap


class Fault(enum.Enum):
    NONE = 0
    BUS = 2
    TIMEOUT = 9


EXAMPLE = RegisterMap(
    name="example",
    address_bits=8,
    doc="One of everything.",
    registers=(
        Register("identity", 0x00, access="const", reset=0x50594C31, doc="The letters 1LYP."),
        Register(
            "control",
            0x04,
            doc="Starts and stops.",
            fields=(
                Field("start", 0, access="pulse", doc="Begin."),
                Field("kind", 4, width=3, reset=5, doc="What to begin."),
                Field("key", 8, width=8, access="wo", reset=7, doc="Secret."),
                Field("burst", 24, width=8, access="pulse"),
            ),
        ),
        Register(
            "status",
            0x08,
            access="ro",
            fields=(
                Field("busy", 0, doc="Something runs."),
                Field("events", 1, width=10, access="w1c", doc="What has happened."),
                Field("fault", 16, width=8, values=Fault, doc="Why it stopped."),
                Field("version", 28, width=4, access="const", reset=3),
            ),
        ),
        Register("scratch", 0x0C, reset=0xDEADBEEF),
        Register("cycles", 0x10, access="ro", width=64, doc="Cycles since the start."),
        Register("base", 0x18, width=64, reset=0x1_0000_0002, doc="A long address."),
        Register(
            "mixed",
            0x28,
            width=64,
            fields=(Field("flags", 20, width=24, access="w1c"), Field("top", 60, width=4)),
        ),
    ),
)
