"""Cores and banks matched in rounds: who reads which bank of the row store in a service slot."""

from dataclasses import dataclass

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data

from pyralis.hw.gcn.config import GcnConfig

__all__ = [
    "Heads",
    "RequestLayout",
    "address_bits",
    "bank_groups",
    "bank_position",
    "bank_set",
    "hub_address_bits",
    "match",
    "queue_heads",
    "tag_fields",
    "word_of",
]


def address_bits(config: GcnConfig) -> int:
    """Bits of the address of a word of the row store."""
    return (config.rows - 1).bit_length()


def hub_address_bits(config: GcnConfig) -> int:
    """Bits of the address of a copy of a hub."""
    return max(1, (config.hubs - 1).bit_length())


def tag_fields(config: GcnConfig) -> dict[str, object]:
    """What comes back with the reply."""
    weight = {"value": 8} if config.edge_weights else {}
    return {"context": range(config.contexts), "none": 1, **weight}


def RequestLayout(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """One part of a row is wanted: the word at ``address``, or with ``hub`` the core's copy at that address.

    ``context``, ``value``: come back with the reply. ``none``: nothing is read, and the reply says so.
    """
    return data.StructLayout({"address": address_bits(config), "hub": 1, **tag_fields(config)})


def bank_groups(config: GcnConfig) -> int:
    """Groups of banks; in each the cores have another order of priority."""
    return min(4, config.all_banks)


def bank_position(config: GcnConfig, bank: int) -> int:
    """Place of *bank* in sets of banks: those of a group stand together."""
    groups = bank_groups(config)
    return bank % groups * (config.all_banks // groups) + bank // groups


def bank_set(m: Module, config: GcnConfig, address, enable, name: str) -> Signal:
    """The set of the one bank that *address* is in, or of none without *enable*."""
    bits = (config.all_banks - 1).bit_length()
    found = Signal(config.all_banks, name=name)
    for bank in range(config.all_banks):
        m.d.comb += found[bank_position(config, bank)].eq(enable & (address[:bits] == bank if bits else 1))
    return found


def word_of(config: GcnConfig, address):
    """Address inside of its bank."""
    return address[(config.all_banks - 1).bit_length() :]


@dataclass(frozen=True, eq=False)
class Heads:
    """Places of a core's queue, the oldest request first, and which of them win in this cycle."""

    places: list
    granted: Signal


def queue_heads(m: Module, config: GcnConfig, port, name: str) -> Heads:
    """Adds the queue of a core's requests from stream *port*.

    Its first ``rounds`` places take part in the matching, which drives ``granted``. Requests that have won
    leave, those behind them move up, all in the same cycle.
    """
    c = config
    depth = c.rounds + 1  # one more, so that several can move up at a time
    layout = data.StructLayout({
        "valid": 1,
        "bank": c.all_banks,
        "free": 1,
        "hub": 1,
        "number": max(1, (c.all_banks - 1).bit_length()),
        "word": max(len(word_of(c, port.p.address)), hub_address_bits(c)),
        **tag_fields(c),
    })
    places = [Signal(layout, name=f"head_{name}_{k}") for k in range(depth)]
    granted = Signal(c.rounds, name=f"granted_{name}")
    free = port.p.hub | port.p.none
    fresh = Signal(layout, name=f"fresh_{name}")
    m.d.comb += [
        port.ready.eq(~places[-1].valid),
        fresh.valid.eq(port.valid & port.ready),
        fresh.bank.eq(bank_set(m, c, port.p.address, ~free, f"fresh_bank_{name}")),
        fresh.free.eq(free),
        fresh.hub.eq(port.p.hub),
        fresh.number.eq(port.p.address),
        fresh.word.eq(Mux(port.p.hub, port.p.address, word_of(c, port.p.address))),
        *(fresh[field].eq(port.p[field]) for field in tag_fields(c)),
    ]
    # The new request behind the last one; then every place that has won is filled from behind.
    line: list = []
    for k, place in enumerate(places):
        behind_last = ~place.valid if k == 0 else ~place.valid & places[k - 1].valid
        entry = Signal(layout, name=f"line_{name}_{k}")
        m.d.comb += entry.eq(Mux(behind_last, fresh, place))
        line.append(entry)
    line.append(Const(0, layout.size))
    for r in reversed(range(c.rounds)):
        line = [*line[:r], *(Mux(granted[r], line[k + 1], line[k]) for k in range(r, depth)), line[-1]]
    m.d.sync += [place.eq(entry) for place, entry in zip(places, line, strict=False)]
    return Heads(places, granted)


def match(m: Module, config: GcnConfig, heads: list[Heads], claimed, name: str) -> list[Signal]:
    """Adds all rounds of one side and part, for the cores whose queues are *heads*.

    In round 0 of the slot that begins in this cycle the banks *claimed* are taken already. Returns what each
    core has won, registered after the last round.
    """
    c = config
    groups = bank_groups(c)
    span = c.all_banks // groups
    count = len(heads)
    taken = claimed
    won: list = [None] * count
    for r in range(c.rounds):
        asks = []
        for i, head in enumerate(heads):
            ask = Signal(name=f"ask_{name}_{r}_{i}")
            valid = head.places[r].valid
            m.d.comb += ask.eq(valid if won[i] is None else valid & ~won[i].valid)
            asks.append(ask)
        # In each group of banks the cores come in another order.
        hits: list[list] = [[] for _ in heads]
        left_over = []
        for g in range(groups):
            gone = taken[g * span :][:span]
            for k in range(count):
                i = (k + g * count // groups) % count
                bank = heads[i].places[r].bank[g * span :][:span]
                hit = Signal(name=f"hit_{name}_{r}_{g}_{i}")
                after = Signal(span, name=f"gone_{name}_{r}_{g}_{i}")
                m.d.comb += [
                    hit.eq((bank & ~gone).any()),
                    after.eq(gone | (bank & asks[i].replicate(span))),
                ]
                hits[i].append(hit)
                gone = after
            left_over.append(gone)
        following = Signal(c.all_banks, name=f"taken_{name}_{r}")
        m.d.sync += following.eq(Cat(left_over))
        taken = following
        results = []
        for i, head in enumerate(heads):
            place = head.places[r]
            grant = Signal(name=f"grant_{name}_{r}_{i}")
            m.d.comb += [grant.eq(asks[i] & (place.free | Cat(hits[i]).any())), head.granted[r].eq(grant)]
            win = Signal(place.shape(), name=f"won_{name}_{r}_{i}")
            if won[i] is None:
                m.d.sync += [win.eq(place), win.valid.eq(grant)]
            else:
                m.d.sync += win.eq(won[i])
                with m.If(grant):
                    m.d.sync += win.eq(place)
            results.append(win)
        won = results
    return won
