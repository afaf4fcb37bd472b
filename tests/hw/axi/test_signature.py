"""pyralis.hw.axi.signature: names and widths that other tools infer the interfaces from."""

import re

import pytest
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pyralis.gen.emit.verilog import emit
from pyralis.hw.axi.signature import Axi4, AxiLite, AxiRead, AxiStream, AxiWrite

# Table A2-2 ff. of the specification: every signal of a channel, with ours left out (lock, qos, region,
# user).
READ = "arid araddr arlen arsize arburst arcache arprot arvalid arready rid rdata rresp rlast rvalid rready"
WRITE = (
    "awid awaddr awlen awsize awburst awcache awprot awvalid awready "
    "wdata wstrb wlast wvalid wready bid bresp bvalid bready"
)
LITE = (
    "awaddr awprot awvalid awready wdata wstrb wvalid wready bresp bvalid bready "
    "araddr arprot arvalid arready rdata rresp rvalid rready"
)


class Through(wiring.Component):
    """Joins a subordinate port to a manager port."""

    def __init__(self, signature) -> None:
        super().__init__({"s_axi_in": In(signature), "m_axi_out": Out(signature)})

    def elaborate(self, platform) -> Module:
        m = Module()
        connect(m, flipped(self.s_axi_in), flipped(self.m_axi_out))
        return m


@pytest.mark.parametrize(
    ("signature", "names"),
    [
        (AxiRead(address_bits=40, data_bits=128), READ),
        (AxiWrite(address_bits=40, data_bits=128), WRITE),
        (Axi4(address_bits=40, data_bits=128), f"{READ} {WRITE}"),
        (AxiLite(address_bits=12), LITE),
    ],
)
def test_verilog_names_and_directions(signature, names):
    text = emit(Through(signature), "through")
    ports = {
        name: direction
        for direction, name in re.findall(r"^  (input|output) (?:\[.*?\] )?(\w+);", text, re.MULTILINE)
    }
    from_subordinate = ("awready", "wready", "arready", "rid", "rdata", "rresp", "rlast", "rvalid")
    from_subordinate += ("bid", "bresp", "bvalid")
    expected = {}
    for name in names.split():
        manager, subordinate = ("input", "output") if name in from_subordinate else ("output", "input")
        expected[f"m_axi_out_{name}"], expected[f"s_axi_in_{name}"] = manager, subordinate
    assert ports == expected


def test_widths_follow_the_parameters():
    bus = AxiWrite(address_bits=36, data_bits=256, id_bits=4).create()
    assert [len(bus.awaddr), len(bus.wdata), len(bus.wstrb), len(bus.awid), len(bus.bid)] == [
        36,
        256,
        32,
        4,
        4,
    ]
    assert bus.awsize.init == 5 and len(bus.awlen) == 8
    assert "arid" not in AxiRead(address_bits=36, data_bits=64, id_bits=0).members


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: AxiRead(address_bits=0, data_bits=64), "address_bits must be in 1..64, not 0"),
        (
            lambda: AxiWrite(address_bits=40, data_bits=96),
            "data_bits must be a power of two in 8..1024, not 96",
        ),
        (lambda: Axi4(address_bits=40, data_bits=64, id_bits=-1), "id_bits must be at least 0, not -1"),
        (lambda: AxiLite(address_bits=65), "address_bits must be in 2..64, not 65"),
    ],
)
def test_a_wrong_width_is_told_what_is_wrong(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_stream_members_and_widths():
    members = AxiStream(data_bits=24, user_bits=4).members
    assert {name: member.shape for name, member in members.items()} == {
        "tdata": 24,
        "tuser": 4,
        "tlast": 1,
        "tvalid": 1,
        "tready": 1,
    }
    assert "tuser" not in AxiStream(data_bits=8).members
    with pytest.raises(ValueError, match="data_bits must be a multiple of 8, at least 8, not 12"):
        AxiStream(data_bits=12)
    with pytest.raises(ValueError, match="user_bits must be at least 0, not -1"):
        AxiStream(data_bits=8, user_bits=-1)
