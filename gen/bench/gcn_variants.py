"""Mechanisms that the RTL or the compiler of the graph core has a switch for, and their other setting."""

from dataclasses import dataclass, replace

from pyralis.gen.bench.gcn_run import DEFAULT_SWITCHES
from pyralis.gen.gcn.order import Order
from pyralis.gen.gcn.settings import Settings
from pyralis.sim.gcn.coordination import Switches

__all__ = ["VARIANTS", "Variant"]

DEFAULT_SETTINGS = Settings()


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A mechanism that is not as it is by default.

    Attributes
    ----------
    name, title : str
        Of the mechanism.
    on, off : str
        What the default is called, and what this is.
    settings : Settings
        Of the compiler.
    switches : Switches
        Of the Memory Handler.
    orders : tuple of Order, optional
        Of the layers.
    enables : bool
        The default is off, and this variant turns the mechanism on.
    """

    name: str
    title: str
    on: str
    off: str
    settings: Settings = DEFAULT_SETTINGS
    switches: Switches = DEFAULT_SWITCHES
    orders: tuple[Order, ...] | None = None
    enables: bool = False


VARIANTS = (
    Variant(
        name="pipeline",
        title="inter-engine pipeline",
        on="chained",
        off="through the row store",
        settings=Settings(chain=False),
    ),
    Variant(
        name="dispatch",
        title="dispatch to SIMD cores",
        on="dynamic",
        off="by number of the row",
        settings=Settings(by_row=True),
    ),
    Variant(
        name="hubs",
        title="hub rows in every core",
        on="copies",
        off="banks only",
        settings=Settings(hubs=False),
    ),
    Variant(
        name="launch",
        title="launch of the systolic modules",
        on="independent",
        off="cooperative",
        settings=Settings(cooperative=True),
    ),
    Variant(
        name="order",
        title="order of the second layer",
        on="A(XW)",
        off="(AX)W",
        orders=("A(XW)", "(AX)W"),
    ),
    Variant(
        name="coordination",
        title="memory coordination",
        on="by need",
        off="as they come",
        switches=replace(DEFAULT_SWITCHES, by_priority=False),
    ),
    Variant(
        name="priority",
        title="memory coordination as HyGCN's",
        on="weights, features, edges",
        off="edges, features, weights, in batches",
        switches=Switches(remap=False),
    ),
    Variant(
        name="batches",
        title="batches of the Memory Handler",
        on="in batches",
        off="by priority only",
        switches=replace(DEFAULT_SWITCHES, by_batch=True),
        enables=True,
    ),
    Variant(
        name="remap",
        title="bank remap",
        on="low bits choose the bank",
        off="addresses as they are",
        switches=replace(DEFAULT_SWITCHES, remap=True),
        enables=True,
    ),
)
