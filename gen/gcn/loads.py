"""Loads of a program: what each step needs and does not find on chip, and where it goes."""

from collections.abc import Callable, Sequence

from pyralis.gen.gcn import layout
from pyralis.gen.gcn.constants import Constants, Use
from pyralis.gen.gcn.intnetwork import INPUT
from pyralis.gen.gcn.steps import Plan, Step
from pyralis.gen.gcn.waits import Access
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import Content, Origin

__all__ = ["Loads"]

WITH_ROWS = (Content.OCCUPANCY, Content.EDGES)
"""Constants that come with the rows of a step, not before them."""


class Loads:
    """What has been loaded so far.

    Parameters
    ----------
    plan : Plan
    constants : Constants
    config : GcnConfig
    add : callable
        Appends a load: its fields, and what it writes.
    keep_input : bool
        ``Settings.keep_input``.

    Attributes
    ----------
    input_bytes : int
        Memory that one run's input takes.
    begins : dict
        First words of the intervals of what lies in memory, by operation and number.
    """

    def __init__(
        self,
        plan: Plan,
        constants: Constants,
        config: GcnConfig,
        add: Callable[..., None],
        *,
        keep_input: bool,
    ) -> None:
        self._plan, self._constants, self._config = plan, constants, config
        self._add, self._keep_input = add, keep_input
        self._unit = config.bus_bits // 8
        self.input_bytes = 0
        self.begins: dict[tuple[str, int], int] = {}
        self._held: set[tuple[tuple[str, ...], int]] = set()  # memories and identity of what was loaded
        self._listed: dict[int, int] = {}  # first lines of the features that are there, and their interval
        self._shard: tuple[str, int] | None = None  # what was loaded last
        self._there: set[str] = set()  # spilled matrices that have come to memory
        self._turn = 0  # half of the line buffers, or of the input's words, that the next ones go to

    def before(self, numbers: Sequence[int]) -> None:
        """Appends the loads for steps that run side by side: what is not there yet; lines last.

        Scales stand behind all other constants, because no phase waits for all of them; and biases, which are
        few, in front of weights, so that these are the last that a first layer waits for.
        """
        for scales in (False, True):
            for number in numbers:
                self._load_constants(number, scales=scales)
        for number in numbers:
            self._load_rows(number)

    def _load_constants(self, number: int, *, scales: bool) -> None:
        """The scales of step *number*, or all other constants that do not come with its rows."""
        for use in sorted(self._constants.uses[number], key=lambda use: use.memory == "weights"):
            content = use.fields["content"]
            if content not in WITH_ROWS and (content is Content.SCALES) == scales:
                self._load_constant(use, self._plan.steps[number])

    def _load_rows(self, number: int) -> None:
        """The input of step *number*, and its lines."""
        step, uses = self._plan.steps[number], self._constants.uses[number]
        if step.operation.name not in self._plan.shards:
            self._load_input(step)
        elif self._shard != self._shard_of(step):
            for use in uses:
                if use.fields["content"] is Content.OCCUPANCY:
                    self._load_constant(use, step)
            self._load_ahead(number)
            self._load_shard(step, uses)
        if not step.is_combine:
            self._load_constant(uses[-1], step)

    def _load_constant(self, use: Use, step: Step) -> None:
        item, memories = self._constants.item(use, step.phase), self._constants.memories(use)
        if (memories, id(item)) in self._held:
            return
        self._held.add((memories, id(item)))
        fields = {
            **use.fields,
            "origin": Origin.WEIGHTS,
            "resident": int(self._constants.holdings[use.memory].resident),
            "source": self._constants.address(use),
            "beats": self._beats(len(use.data)),
            "start": item.base,
            "count": item.size,
            "both": int(len(memories) == 2),
        }
        self._add(fields, *(Access(memory, item.base, item.base + item.size, True) for memory in memories))

    def _load_input(self, step: Step) -> None:
        read = (step.first, step.second, step.operation.epilogue.extra)
        if INPUT in self._plan.memory or INPUT not in read:
            return
        if self._plan.sparse_input:
            self._load_lists(step)
        elif not self.input_bytes:
            words = self._plan.matrices[INPUT].words
            beats = self._beats(words.size * self._config.lanes)
            self.input_bytes = beats * self._unit
            fields = {"content": Content.ROWS, "origin": Origin.INPUT, "beats": beats}
            fields |= {"start": words.base, "count": words.size}
            self._add(fields, Access("rows", words.base, words.base + words.size, True))

    def _load_ahead(self, number: int) -> None:
        """The bitmap of the interval behind that of step *number*: rows of both come without a gap."""
        now = self._plan.steps[number]
        for later in range(number + 1, len(self._plan.steps)):
            step = self._plan.steps[later]
            if step.operation.name in self._plan.shards and self._shard_of(step) != self._shard_of(now):
                use = next(use for use in self._constants.uses[later] if use.memory == "occupancy")
                if self._constants.item(use, step.phase).first <= now.phase:
                    self._load_constant(use, step)
                return

    def _load_shard(self, step: Step, uses: list[Use]) -> None:
        """Rows that the interval of *step* gathers, and its own ones if they are read too."""
        c, matrix, rows = self._config, self._plan.matrices[step.first], self._plan.memory[step.first]
        shards = self._plan.shards[step.operation.name]
        part = shards.parts[step.interval]
        if rows.origin is Origin.INPUT:
            self.input_bytes = rows.end
        self._shard = self._shard_of(step)
        begin, half = matrix.words.base, matrix.words.size // 2 // c.columns * c.columns
        if shards.size(step.interval) <= half:  # else it takes the words of both
            begin += self._turn * half
            self._turn = 1 - self._turn
        self.begins[self._shard] = begin
        bitmap = next(use for use in uses if use.memory == "occupancy")
        some = {
            "count": rows.count,
            "beats": self._beats(len(part.beats) * shards.together * c.lanes),
            "eliminate": shards.windows.mode,
            "grouped": int(rows.grouped),
            "height": min(shards.windows.height, rows.count),
            "occupancy": self._constants.item(bitmap, step.phase).base,
        }
        brought = 0 if rows.grouped else part.own  # else they are copied
        own = {"count": brought, "beats": self._beats(brought * c.lanes)}
        base = begin
        for first, words, fields in ((0, part.words, some), (step.first_row, brought, own)):
            for number in range(rows.parts):
                if words or fields is some:
                    source = rows.begin + number * rows.pitch + first * c.lanes
                    load = {"content": Content.ROWS, "origin": rows.origin, "source": source, "start": base}
                    accesses = [Access("rows", base, base + words, True)]
                    if rows.form is not None:
                        load["after_writes"] = int(step.first not in self._there)
                        self._there.add(step.first)
                        accesses.append(Access("outputs", rows.begin, rows.end))
                    self._add(load | fields, *accesses)
                base += words

    def _shard_of(self, step: Step) -> tuple[str, int]:
        """What its rows are loaded for."""
        return self._plan.shards[step.operation.name].reader, step.interval

    def begin_of(self, step: Step) -> int:
        """First word of what has been loaded for *step*."""
        return self.begins[self._shard_of(step)]

    def _load_lists(self, step: Step) -> None:
        """Features of the rows of *step*, unless they are there: all of them, or those of its interval."""
        c, lists, given = self._config, self._plan.lists[INPUT], self._plan.network.input
        valued = given.values != "binary"
        if step.interval in self._listed.values():
            return
        line = layout.feature_bytes(c, given, lists.compact)
        sizes = [self._beats(lines * line) for lines in lists.lines]
        self.input_bytes = sum(sizes) * self._unit
        count, start = lists.lines[step.interval], 0
        if 2 * max(lists.lines) <= c.feature_lines:
            start = self._turn * (c.feature_lines // 2)
            self._turn = 1 - self._turn
        self._listed[start] = step.interval
        fields = {
            "content": Content.FEATURES,
            "valued": int(valued),
            "compact": int(lists.compact),
            "resident": int(self._keep_input and lists.together),
            "origin": Origin.INPUT,
            "source": sum(sizes[: step.interval]) * self._unit,
            "beats": sizes[step.interval],
            "start": start,
            "count": count,
        }
        self._add(fields, Access("features", start, start + count, True))

    def first_line(self, interval: int) -> int:
        """Where the features of *interval* lie."""
        return next(at for at, each in self._listed.items() if each == interval)

    def _beats(self, size: int) -> int:
        return layout.beats(self._config, size)
