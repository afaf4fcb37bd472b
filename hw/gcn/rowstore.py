"""Row store: the memory of row matrices that all cores read at once."""

from functools import reduce

from amaranth import Array, Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pyralis.hw.common.stream import Queue
from pyralis.hw.gcn.config import GcnConfig

__all__ = ["ReplyLayout", "RequestLayout", "RowStore", "StoreReadLayout", "StoreWriteLayout", "address_bits"]


def address_bits(config: GcnConfig) -> int:
    """Bits of the address of a word of the row store."""
    return (config.rows - 1).bit_length()


def _hub_bits(config: GcnConfig) -> int:
    return max(1, (config.hubs - 1).bit_length())


def _tag(config: GcnConfig) -> dict[str, object]:
    weight = {"value": 8} if config.edge_weights else {}
    return {"context": range(config.contexts), "none": 1, **weight}


def RequestLayout(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """One part of a row is wanted: the word at ``address``, or with ``hub`` the core's copy at that address.

    ``context``, ``value``: come back with the reply. ``none``: nothing is read, and the reply says so.
    """
    return data.StructLayout({"address": address_bits(config), "hub": 1, **_tag(config)})


def ReplyLayout(config: GcnConfig) -> data.StructLayout:  # noqa: N802 (a layout, named as one)
    """Answer to a request: ``lanes / splits`` bytes."""
    return data.StructLayout({"data": config.row_bits // config.splits, **_tag(config)})


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
        "hub_address": _hub_bits(config),
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
        self._copies(m, words)
        # What every core gets in the slot, by part, and the claims of columns, after the last round.
        won = [[None] * self.cores for _ in parts]
        for side in (0, 1):
            cores = range(side, self.cores, 2)
            claims = (reads, writes)[side]
            claimed = reduce(lambda a, b: a | b, (claim.bank for claim in claims[0]))
            for part in parts:
                if len(cores):
                    heads = [self._heads(m, core, part) for core in cores]
                    for core, win in zip(cores, self._match(m, heads, claimed, side, part), strict=True):
                        won[part][core] = win
        for part in parts[1:]:
            won[part] = [self._follow(m, core, part, won) for core in range(self.cores)]
        for part in parts:
            self._serve(m, part, won[part], reads[-1], writes[-1])
        return m

    # Banks are numbered so that those of one order of priority stand together.

    def _groups(self) -> int:
        return min(4, self.config.all_banks)

    def _position(self, bank: int) -> int:
        """Place of *bank* in sets of banks."""
        groups = self._groups()
        return bank % groups * (self.config.all_banks // groups) + bank // groups

    def _bank_set(self, m: Module, address, enable, name: str) -> Signal:
        """The set of the one bank that *address* is in, or of none without *enable*."""
        bits = (self.config.all_banks - 1).bit_length()
        found = Signal(self.config.all_banks, name=name)
        for bank in range(self.config.all_banks):
            m.d.comb += found[self._position(bank)].eq(enable & (address[:bits] == bank if bits else 1))
        return found

    def _word(self, address):
        """Address inside of its bank."""
        return address[(self.config.all_banks - 1).bit_length() :]

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
            bank = self._bank_set(m, port.p.address, port.valid & port.ready, f"write_bank_{column}")
            first.append(_Claim(bank, self._word(port.p.address), words[column]))
        return self._steps(m, first, "write")

    def _reads(self, m: Module) -> list[list["_Claim"]]:
        """Reads of each column in step with the rounds of their slot."""
        first = []
        for column in range(self.config.columns):
            port = self.reads[column]
            bank = self._bank_set(m, port.address, port.valid, f"read_bank_{column}")
            first.append(_Claim(bank, self._word(port.address), None))
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

    def _copies(self, m: Module, words: list[Signal]) -> None:
        """Queues of hub rows, one row a cycle to the copies of all cores."""
        c = self.config
        self._hub_write = None
        waiting = []
        if c.hubs:
            layout = data.StructLayout({"address": _hub_bits(c), "data": c.row_bits})
            free = Const(1)
            self._hub_write = Signal(data.StructLayout({"valid": 1, "word": layout}), name="hub_write")
            m.d.sync += self._hub_write.valid.eq(0)
        for column in range(c.columns):
            port = self.writes[column]
            if not c.hubs:
                m.d.comb += port.ready.eq(1)
                continue
            queue = Queue(layout, max(4, c.hubs // c.columns))
            m.submodules[f"hub_queue_{column}"] = queue
            m.d.comb += [
                port.ready.eq(queue.input.ready),
                queue.input.valid.eq(port.valid & port.p.hub),
                queue.input.p.address.eq(port.p.hub_address),
                queue.input.p.data.eq(words[column]),
                queue.output.ready.eq(free),
            ]
            with m.If(queue.output.valid & free):
                m.d.sync += [self._hub_write.valid.eq(1), self._hub_write.word.eq(queue.output.p)]
            free = free & ~queue.output.valid
            waiting.append(self._queued(m, queue, column))
        idle = ~Cat(waiting).any() if waiting else Const(1)
        if self._hub_write is not None:
            idle = idle & ~self._hub_write.valid
        m.d.comb += self.settled.eq(idle)

    def _queued(self, m: Module, queue: Queue, column: int) -> Signal:
        """High while a word is in *queue*."""
        count = Signal(range(queue.depth + 3), name=f"hub_queued_{column}")
        m.d.sync += count.eq(
            count + (queue.input.valid & queue.input.ready) - (queue.output.valid & queue.output.ready)
        )
        return count != 0

    def _heads(self, m: Module, core: int, part: int) -> "_Heads":
        """The queue of a core's requests: the first ``rounds`` places take part in the matching.

        Returns its places; ``granted`` is for the matching to drive. Requests that have won leave, those
        behind them move up, all in the same cycle.
        """
        c = self.config
        depth = c.rounds + 1  # one more, so that several can move up at a time
        port = self.requests[core][part]
        name = f"{core}_{part}"
        layout = data.StructLayout({
            "valid": 1,
            "bank": c.all_banks,
            "free": 1,
            "hub": 1,
            "number": max(1, (c.all_banks - 1).bit_length()),
            "word": max(len(self._word(port.p.address)), _hub_bits(c)),
            **_tag(c),
        })
        places = [Signal(layout, name=f"head_{name}_{k}") for k in range(depth)]
        granted = Signal(c.rounds, name=f"granted_{name}")
        free = port.p.hub | port.p.none
        fresh = Signal(layout, name=f"fresh_{name}")
        m.d.comb += [
            port.ready.eq(~places[-1].valid),
            fresh.valid.eq(port.valid & port.ready),
            fresh.bank.eq(self._bank_set(m, port.p.address, ~free, f"fresh_bank_{name}")),
            fresh.free.eq(free),
            fresh.hub.eq(port.p.hub),
            fresh.number.eq(port.p.address),
            fresh.word.eq(Mux(port.p.hub, port.p.address, self._word(port.p.address))),
            *(fresh[field].eq(port.p[field]) for field in _tag(c)),
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
        return _Heads(places, granted)

    def _match(self, m: Module, heads: list["_Heads"], claimed, side: int, part: int) -> list[Signal]:
        """All rounds of one side and part; returns what each core has won in the slot after the last one."""
        c = self.config
        groups, span = self._groups(), c.all_banks // self._groups()
        count = len(heads)
        name = f"{side}_{part}"
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

    def _serve(self, m: Module, part: int, won: list[Signal], reads, writes) -> None:
        """Reads the banks and hands the words to those who asked."""
        c = self.config
        bits = c.row_bits // c.splits
        memories = []
        for bank in range(c.all_banks):
            position = self._position(bank)
            memory = Memory(shape=bits, depth=c.store_rows, init=[])
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
                read = memory.read_port()
                m.d.comb += read.addr.eq(address)
                if side == 1:
                    write = memory.write_port()
                    m.d.comb += [
                        write.addr.eq(address),
                        write.en.eq(claim.bank[position]),
                        write.data.eq(claim.data[part * bits :][:bits]),
                        read.en.eq(~write.en),
                    ]
                word = Signal(bits, name=f"bank_data_{part}_{bank}_{side}", reset_less=True)
                m.d.sync += word.eq(read.data)
                words.append(word)
            memories.append(words)
        hub_words = self._hub_words(m, part, won)
        for core in range(self.cores):
            self._reply(m, core, part, won[core], [words[core % 2] for words in memories], hub_words)
        for column in range(c.columns):
            self._read_reply(m, column, part, reads[column], [words[0] for words in memories])

    def _hub_words(self, m: Module, part: int, won: list[Signal]) -> list[Signal]:
        """Copies of the hubs, one memory with a port for each core; read in step with the banks."""
        c = self.config
        if self._hub_write is None:
            return []
        bits = c.row_bits // c.splits
        m.submodules[f"hubs_{part}"] = memory = Memory(shape=bits, depth=max(2, c.hubs), init=[])
        write = memory.write_port()
        m.d.comb += [
            write.addr.eq(self._hub_write.word.address),
            write.data.eq(self._hub_write.word.data[part * bits :][:bits]),
            write.en.eq(self._hub_write.valid),
        ]
        words = []
        for core in range(self.cores):
            read = memory.read_port()
            word = Signal(bits, name=f"hub_data_{part}_{core}", reset_less=True)
            m.d.comb += read.addr.eq(won[core].word)
            m.d.sync += word.eq(read.data)
            words.append(word)
        return words

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
            *(port.payload[field].eq(tag[field]) for field in _tag(c)),
        ]

    def _read_reply(self, m: Module, column: int, part: int, claim: "_Claim", banks: list) -> None:
        """Words of the column's banks to the column."""
        c = self.config
        bits = c.row_bits // c.splits
        port = self.read_data[column]
        own = [bank for bank in range(c.all_banks) if bank % c.columns == column]
        use = Cat(claim.bank[self._position(bank)] for bank in own)
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


class _Heads:
    """Places of a core's queue, the oldest request first, and which of them win in this cycle."""

    def __init__(self, places: list, granted: Signal) -> None:
        self.places, self.granted = places, granted
