"""Row store: the memory of row matrices that all cores read at once."""

from functools import reduce

from amaranth import Array, Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.memory import RACELESS, read_later
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.hubcopies import hub_queues, hub_words
from pyralis.hw.gcn.matching import (
    RequestLayout,
    address_bits,
    bank_position,
    bank_set,
    hub_address_bits,
    match,
    queue_heads,
    tag_fields,
    word_of,
)

__all__ = ["ReplyLayout", "RowStore", "StoreReadLayout", "StoreWriteLayout"]


def ReplyLayout(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """Answer to a request: ``lanes / splits`` bytes."""
    return data.StructLayout({"data": config.row_bits // config.splits, **tag_fields(config)})


def StoreWriteLayout(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """One word of the column's banks: ``address mod columns`` is the number of the column.

    ``splits``: log2 of the parts of a narrow row; the lowest ``lanes >> splits`` bytes of ``data`` go to each
    part. ``hub``: the word is also copied to all cores, to their address ``hub_address``.
    """
    return data.StructLayout({
        "address": address_bits(config),
        "data": config.row_bits,
        "splits": 2,
        "hub": 1,
        "hub_address": hub_address_bits(config),
    })


def StoreReadLayout(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """A column reads a word of its own banks."""
    return data.StructLayout({"valid": 1, "address": address_bits(config)})


class RowStore(wiring.Component):
    """``columns * banks`` memories with two ports, and the switch between them and all cores.

    Address a is word ``a // all_banks`` of bank ``a mod all_banks``. Cores with an even number (counted
    through all columns) read through side A of every bank, those with an odd number through side B. The words
    are cut to ``splits`` parts; each part has its own switch, so that cores can read that many narrow rows a
    cycle. For whole rows (``splits`` input 0) the first switch decides for all parts.

    **Matching.** A core has a queue of requests, the oldest first. In every cycle a service slot begins. In
    round 0 the oldest request of each core asks for its bank; in the next cycle, round 1 of the same slot,
    the second oldest of every core that has nothing in the slot yet asks for one of the banks that are left;
    and so on. Of several cores that ask for one bank one gets it; who that is differs from bank to bank, so
    that all cores fare alike. Copies of hubs and ``none`` are there for the asking. A core gets at most one
    reply a slot, in the order of slots and not of its requests.

    Ports
    -----
    requests : In(stream of RequestLayout), [core][part]
        For whole rows only part 0. ``ready`` does not depend on ``valid``.
    replies : Out({valid, payload of ReplyLayout}), [core][part]
        Cannot be held up.
    writes : In(stream of StoreWriteLayout), for each column
        Takes its bank's side B, before any core. Reads that come later see the word, and so do requests that
        come at least ``rounds`` cycles later. A copy for cores is there when ``settled`` is high; only the
        queue of copies ever holds up writes.
    reads : In(StoreReadLayout), for each column
        A read by the column itself; takes its bank's side A, before any core.
    read_data : Out({valid, data}), for each column
        ``read_latency`` cycles after the read.
    splits : In(2)
        log2 of the entries that a core takes a cycle: 0, or up to log2 of the config's ``splits``. Constant
        while requests are inside.
    settled : Out(1)
        No copy waits to be written.

    Timing
    ------
    A request that wins in round 0 at once is answered ``rounds + 4`` cycles after its transfer. With 16 cores
    a side on 32 banks, random rows: 0.90 requests a core and cycle with 2 rounds, 0.95 with 3.

    Golden model
    ------------
    A dictionary of words in its test.
    """

    def __init__(self, config: GcnConfig) -> None:
        self.config = config
        c = config
        self.read_latency = c.rounds + 4
        self.cores = c.columns * c.cores
        if c.contexts < c.splits:
            raise ValueError(f"contexts ({c.contexts}) must not be less than splits ({c.splits})")
        reply = wiring.Signature({"valid": Out(1), "payload": Out(ReplyLayout(c))})
        word = wiring.Signature({"valid": Out(1), "data": Out(c.row_bits)})
        super().__init__({
            "requests": In(stream.Signature(RequestLayout(c))).array(self.cores, c.splits),
            "replies": Out(reply).array(self.cores, c.splits),
            "writes": In(stream.Signature(StoreWriteLayout(c))).array(c.columns),
            "reads": In(StoreReadLayout(c)).array(c.columns),
            "read_data": Out(word).array(c.columns),
            "splits": In(2),
            "settled": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        c = self.config
        parts = range(c.splits)
        words = self._words(m)
        writes = self._writes(m, words)
        reads = self._reads(m)
        hub_write = hub_queues(m, c, self.writes, words, self.settled)
        # What every core gets in the slot, by part, and the claims of columns, after the last round.
        won = [[None] * self.cores for _ in parts]
        for side in (0, 1):
            cores = range(side, self.cores, 2)
            claims = (reads, writes)[side]
            claimed = reduce(lambda a, b: a | b, (claim.bank for claim in claims[0]))
            for part in parts:
                if len(cores):
                    heads = [queue_heads(m, c, self.requests[core][part], f"{core}_{part}") for core in cores]
                    for core, win in zip(cores, match(m, c, heads, claimed, f"{side}_{part}"), strict=True):
                        won[part][core] = win
        for part in parts[1:]:
            won[part] = [self._follow(m, core, part, won) for core in range(self.cores)]
        for part in parts:
            self._serve(m, part, won[part], reads[-1], writes[-1], hub_write)
        return m

    def _words(self, m: Module) -> list[Signal]:
        """What each column writes, narrow rows repeated."""
        c = self.config
        words = []
        for column in range(c.columns):
            payload = self.writes[column].p
            word = Signal(c.row_bits, name=f"word_{column}")
            m.d.comb += word.eq(payload.data)
            for splits in range(1, c.splits.bit_length()):
                part = payload.data[: c.row_bits >> splits]
                with m.If(payload.splits == splits):
                    m.d.comb += word.eq(Cat(part for _ in range(1 << splits)))
            words.append(word)
        return words

    def _writes(self, m: Module, words: list[Signal]) -> list[list["_Claim"]]:
        """Writes of each column in step with the rounds of their slot."""
        c = self.config
        first = []
        for column in range(c.columns):
            port = self.writes[column]
            bank = bank_set(m, c, port.p.address, port.valid & port.ready, f"write_bank_{column}")
            first.append(_Claim(bank, word_of(c, port.p.address), words[column]))
        return self._steps(m, first, "write")

    def _reads(self, m: Module) -> list[list["_Claim"]]:
        """Reads of each column in step with the rounds of their slot."""
        c = self.config
        first = []
        for column in range(c.columns):
            port = self.reads[column]
            bank = bank_set(m, c, port.address, port.valid, f"read_bank_{column}")
            first.append(_Claim(bank, word_of(c, port.address), None))
        return self._steps(m, first, "read")

    def _steps(self, m: Module, claims: list["_Claim"], name: str) -> list[list["_Claim"]]:
        """Registers *claims* once before round 0 and once after each round."""
        steps = []
        for step in range(self.config.rounds + 1):
            registered = []
            for column, claim in enumerate(claims):
                tail = f"{name}_{column}_{step}"
                bank = Signal.like(claim.bank, name=f"bank_{tail}")
                word = Signal(len(claim.word), name=f"address_{tail}", reset_less=True)
                m.d.sync += [bank.eq(claim.bank), word.eq(claim.word)]
                held = None
                if claim.data is not None:
                    held = Signal.like(claim.data, name=f"data_{tail}", reset_less=True)
                    m.d.sync += held.eq(claim.data)
                registered.append(_Claim(bank, word, held))
            steps.append(registered)
            claims = registered
        return steps

    def _follow(self, m: Module, core: int, part: int, won: list[list]) -> Signal:
        """What *part* serves: for whole rows, or wide ones, what a part before it has won."""
        c = self.config
        leader = Signal.like(won[part][core], name=f"serve_{core}_{part}")
        with m.Switch(self.splits):
            for splits in range(c.splits.bit_length()):
                width = c.splits >> splits  # parts that go together
                with m.Case(splits):
                    m.d.comb += leader.eq(won[part - part % width][core])
            with m.Default():
                m.d.comb += leader.eq(won[part][core])
        return leader

    def _serve(self, m: Module, part: int, won: list[Signal], reads, writes, hub_write) -> None:
        """Reads the banks and hands the words to those who asked."""
        c = self.config
        bits = c.row_bits // c.splits
        memories = []
        for bank in range(c.all_banks):
            position = bank_position(c, bank)
            # Nobody reads a row that is being written, so that both ports of a block RAM do.
            memory = Memory(shape=bits, depth=c.store_rows, init=[], attrs=RACELESS)
            m.submodules[f"bank_{part}_{bank}"] = memory
            words = []
            for side, claims in enumerate((reads, writes)):
                claim = claims[bank % c.columns]
                address = Signal(range(c.store_rows), name=f"bank_address_{part}_{bank}_{side}")
                asked = [(claim.bank[position], claim.word)] + [
                    (won[core].valid & won[core].bank[position], won[core].word)
                    for core in range(side, self.cores, 2)
                ]
                m.d.comb += address.eq(
                    reduce(
                        lambda a, b: a | b,
                        (word[: len(address)] & use.replicate(len(address)) for use, word in asked),
                    )
                )
                reads_now = Const(1)
                if side == 1:
                    write = memory.write_port()
                    m.d.comb += [
                        write.addr.eq(address),
                        write.en.eq(claim.bank[position]),
                        write.data.eq(claim.data[part * bits :][:bits]),
                    ]
                    reads_now = ~write.en
                read = read_later(m, memory, f"bank_read_{part}_{bank}_{side}", address, reads_now)
                word = Signal(bits, name=f"bank_data_{part}_{bank}_{side}", reset_less=True)
                m.d.sync += word.eq(read)
                words.append(word)
            memories.append(words)
        copies = hub_words(m, c, part, won, hub_write)
        for core in range(self.cores):
            self._reply(m, core, part, won[core], [words[core % 2] for words in memories], copies)
        for column in range(c.columns):
            self._read_reply(m, column, part, reads[column], [words[0] for words in memories])

    def _reply(self, m: Module, core: int, part: int, win: Signal, banks: list, hubs: list) -> None:
        """Words of the banks to one core; *win* waits as long as the memory takes."""
        c = self.config
        port = self.replies[core][part]
        tag = win
        for step in range(2):
            held = Signal.like(win, name=f"tag_{core}_{part}_{step}")
            m.d.sync += held.eq(tag)
            tag = held
        word = Array(banks)[tag.number] if len(banks) > 1 else banks[0]
        m.d.sync += [
            port.valid.eq(tag.valid),
            port.payload.data.eq(Mux(tag.hub, hubs[core], word) if hubs else word),
            *(port.payload[field].eq(tag[field]) for field in tag_fields(c)),
        ]

    def _read_reply(self, m: Module, column: int, part: int, claim: "_Claim", banks: list) -> None:
        """Words of the column's banks to the column."""
        c = self.config
        bits = c.row_bits // c.splits
        port = self.read_data[column]
        own = [bank for bank in range(c.all_banks) if bank % c.columns == column]
        use = Cat(claim.bank[bank_position(c, bank)] for bank in own)
        for step in range(2):
            held = Signal(len(own), name=f"use_{column}_{part}_{step}")
            m.d.sync += held.eq(use)
            use = held
        word = reduce(lambda a, b: a | b, (banks[b] & use[k].replicate(bits) for k, b in enumerate(own)))
        m.d.sync += port.data[part * bits :][:bits].eq(word)
        if part == 0:
            m.d.sync += port.valid.eq(use.any())


class _Claim:
    """A column's own access: the set of its one bank (empty without access), word address, and data."""

    def __init__(self, bank: Signal, word, data) -> None:
        self.bank, self.word, self.data = bank, word, data
