"""Whose request is next: by priority or by arrival, batch by batch or not."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["LEVELS", "BatchOrder"]

LEVELS = 8
"""Levels of need that there can be."""


class BatchOrder(wiring.Component):
    """Chooses one of several clients that each show one request at a time.

    HyGCN's coordination of requests (HPCA 2020, section 4.5.2): inside a batch the requests go by priority,
    and those of low priority in this batch go before those of high priority in the next one. Here a batch is
    what the clients show until each has had ``batch`` turns; it ends as soon as nobody who has turns left is
    able to go, so a client that is not able to holds up nobody. Small requests that follow each other go in
    one turn.

    Parameters
    ----------
    clients : int
        How many; number 0 has the highest priority.
    batch : int
        Turns of a client in a batch.

    Ports
    -----
    shown : In(clients)
        The client shows a request.
    able : In(clients)
        Its request has all that it needs from the client; implies ``shown``.
    free : In(clients)
        Where its request goes to, there is a place. Without, nobody overtakes it: it will be free soon.
    by_priority : In(1)
        Off: requests go in order of arrival, those that arrive together by number. A client's next request
        arrives in the cycle after the turn of the one before.
    by_batch : In(1)
        Off: turns are not counted, everything is one batch.
    by_need : In(1)
        Priorities are those of ``levels``.
    levels : In(ArrayLayout(range(LEVELS), clients))
        How soon a client needs its request, 0 soonest; those of one level go in order of arrival.
    covered : In(clients)
        Its request is so small that it may go in the turn that the client has; implies ``shown``.
    turn : Out(clients)
        At most one bit: its request goes in this cycle.
    goes_on : Out(1)
        It goes in the turn of the one before.

    Timing
    ------
    Combinational from ``able``, ``free`` and ``covered`` to ``turn``. A request is known, and may go, a cycle
    after it is shown. Turns are two cycles apart at least, so that the next request of the client that went
    takes part. In a turn, a request goes in each cycle for as long as the next one is covered.
    """

    def __init__(self, clients: int, batch: int) -> None:
        if clients < 2:
            raise ValueError(f"clients must be at least 2, not {clients}")
        if batch < 1:
            raise ValueError(f"batch must be at least 1, not {batch}")
        self.clients, self.batch = clients, batch
        super().__init__({
            "shown": In(clients),
            "able": In(clients),
            "free": In(clients),
            "by_priority": In(1),
            "by_batch": In(1),
            "by_need": In(1),
            "levels": In(data.ArrayLayout(range(LEVELS), clients)),
            "covered": In(clients),
            "turn": Out(clients),
            "goes_on": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        count = range(self.clients)
        known, recent = Signal(self.clients), Signal(self.clients)  # who went in the cycle before
        begins = Signal(self.clients)  # who begins a turn
        older = [Signal(self.clients, name=f"older_{n}") for n in count]  # bit k: client k came before n
        turns = [Signal(range(self.batch + 1), init=self.batch, name=f"turns_{n}") for n in count]

        more = self.covered & recent & self.free
        m.d.comb += [self.goes_on.eq(more.any()), self.turn.eq(begins | more)]
        can, inside, among = Signal(self.clients), Signal(self.clients), Signal(self.clients)
        m.d.comb += [
            can.eq(self.able & known),
            *(inside[n].eq(can[n] & ((turns[n] != 0) | ~self.by_batch)) for n in count),
            among.eq(Mux(inside.any(), inside, can)),
        ]
        for n in count:
            before = Signal(self.clients, name=f"before_{n}")  # those that would go before n
            own, levels = self.levels[n], [self.levels[k] for k in count]
            sooner = Cat((level < own) | ((level == own) & older[n][k]) for k, level in enumerate(levels))
            m.d.comb += [
                before.eq(Mux(self.by_priority, Mux(self.by_need, sooner, (1 << n) - 1), older[n])),
                begins[n].eq(among[n] & self.free[n] & ~(among & before).any() & ~recent.any()),
            ]

        m.d.sync += [known.eq(self.shown & ~self.turn), recent.eq(self.turn)]
        for n in count:
            arrives = self.shown[n] & ~known[n]
            with m.If(arrives):
                # After all that are known already, and after those that arrive now with lower numbers.
                m.d.sync += older[n].eq(known | (self.shown & (1 << n) - 1))
            for other in count:
                with m.If(self.turn[other]):  # what goes is before nobody
                    m.d.sync += older[n][other].eq(0)
            with m.If(begins[n]):
                m.d.sync += turns[n].eq(Mux(inside.any(), turns[n], self.batch) - 1)
            with m.Elif(begins.any() & ~inside.any()):
                m.d.sync += turns[n].eq(self.batch)
            with m.If(~self.by_batch):
                m.d.sync += turns[n].eq(self.batch)
        return m
