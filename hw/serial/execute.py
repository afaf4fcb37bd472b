"""Requests carried out, word by word."""

from amaranth import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from pyralis.hw.serial.access import ACCESS, RESULT, Outcome
from pyralis.hw.serial.frame import REQUEST, WORD_INDEX_BITS
from pyralis.hw.serial.protocol import MAX_WORDS, VERSION, Command, Status
from pyralis.hw.serial.reply import REPLY, WRITE_WORD

__all__ = ["Executor"]


class Executor(wiring.Component):
    """Turns requests into accesses, and their results into replies.

    A request is transferred when it has been carried out, before its reply is offered; so the next one may be
    received while the reply is being sent.

    Ports
    -----
    requests : In(stream of REQUEST), index : Out(7), word : In(32)
        Requests, and the words of a WRITE, two cycles after their index.
    accesses : Out(stream of ACCESS), results : In(stream of RESULT)
        The bus.
    reply_word : Out(WRITE_WORD), replies : Out(stream of REPLY)
        Words of a reply, and then its header.
    """

    def __init__(self) -> None:
        super().__init__({
            "requests": In(stream.Signature(REQUEST)),
            "index": Out(WORD_INDEX_BITS),
            "word": In(32),
            "accesses": Out(stream.Signature(ACCESS)),
            "results": In(stream.Signature(RESULT)),
            "reply_word": Out(WRITE_WORD),
            "replies": Out(stream.Signature(REPLY)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        request, reply = self.requests.p, self.replies.p
        access, result, reply_word = self.accesses.p, self.results.p, self.reply_word
        is_write = Signal()
        left = Signal(WORD_INDEX_BITS + 1)
        # The last request that was carried out, if it was a WRITE, and how it ended.
        known, known_sequence, known_crc = Signal(), Signal(8), Signal(32)
        known_status, known_address = Signal(4), Signal(32)
        same_crc, repeated = Signal(), Signal()
        m.d.sync += [
            is_write.eq(request.command == Command.WRITE),
            same_crc.eq(request.crc == known_crc),
            repeated.eq(known & same_crc & (request.sequence == known_sequence)),
            reply_word.enable.eq(0),
        ]
        m.d.comb += [access.write.eq(is_write), access.data.eq(self.word)]

        def answer(status, address) -> None:
            """Reply without words, or with the address at fault."""
            with_address = (status == Status.BUS) | (status == Status.TIMEOUT)
            m.d.sync += [
                reply.status.eq(status),
                reply.count.eq(with_address),
                reply_word.enable.eq(with_address),
                reply_word.index.eq(0),
                reply_word.data.eq(address),
            ]

        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [access.address.eq(request.address), left.eq(request.count), self.index.eq(0)]
                with m.If(self.requests.valid):
                    m.next = "COMPARE"
            with m.State("COMPARE"):
                m.next = "BEGIN"
            with m.State("BEGIN"):
                m.d.sync += reply.sequence.eq(request.sequence)
                m.next = "RELEASE"
                with m.If(request.status != Status.OK):
                    answer(request.status, 0)
                with m.Elif(request.command == Command.HELLO):
                    m.d.sync += [
                        known.eq(0),
                        reply.status.eq(Status.OK),
                        reply.count.eq(2),
                        reply_word.enable.eq(1),
                        reply_word.index.eq(0),
                        reply_word.data.eq(VERSION),
                    ]
                    m.next = "HELLO"
                with m.Elif(is_write & repeated):
                    answer(known_status, known_address)
                with m.Else():
                    m.d.sync += known.eq(0)
                    m.next = "ACCESS"
            with m.State("HELLO"):
                m.d.sync += [
                    reply_word.enable.eq(1),
                    reply_word.index.eq(1),
                    reply_word.data.eq(MAX_WORDS),
                ]
                m.next = "RELEASE"
            with m.State("ACCESS"):
                m.d.comb += self.accesses.valid.eq(1)
                with m.If(self.accesses.ready):
                    m.next = "RESULT"
            with m.State("RESULT"):
                m.d.comb += self.results.ready.eq(1)
                m.d.sync += [reply_word.index.eq(self.index), reply_word.data.eq(result.data)]
                with m.If(self.results.valid):
                    m.next = "NEXT"
                    m.d.sync += reply_word.enable.eq(~is_write)
                    with m.If(result.outcome != Outcome.DONE):
                        refused = result.outcome == Outcome.REFUSED
                        answer(Mux(refused, Status.BUS, Status.TIMEOUT), access.address)
                        m.next = "REMEMBER"
            with m.State("NEXT"):
                m.d.sync += [
                    self.index.eq(self.index + 1),
                    access.address.eq(access.address + 4),
                    left.eq(left - 1),
                    reply.status.eq(Status.OK),
                    reply.count.eq(Mux(is_write, 0, request.count)),
                ]
                m.next = "FETCH"
                with m.If(left == 1):
                    m.next = "REMEMBER"
            with m.State("FETCH"):
                m.next = "FETCH-2"
            with m.State("FETCH-2"):
                m.next = "ACCESS"
            with m.State("REMEMBER"):
                with m.If(is_write):
                    m.d.sync += [
                        known.eq(1),
                        known_sequence.eq(request.sequence),
                        known_crc.eq(request.crc),
                        known_status.eq(reply.status),
                        known_address.eq(access.address),
                    ]
                m.next = "RELEASE"
            with m.State("RELEASE"):
                m.d.comb += self.requests.ready.eq(1)
                m.next = "REPLY"
            with m.State("REPLY"):
                m.d.comb += self.replies.valid.eq(1)
                with m.If(self.replies.ready):
                    m.next = "IDLE"
        return m
