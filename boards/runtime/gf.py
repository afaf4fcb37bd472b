"""Driver of the finite-field multiplier behind AXI4-Lite registers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.boards.runtime.closing import Closing
from pyralis.boards.runtime.elements import Elements
from pyralis.boards.runtime.errors import CoreError, DriverError, TimeLimitError
from pyralis.boards.runtime.identity import check_identity
from pyralis.boards.runtime.registers import Registers, near
from pyralis.boards.runtime.transport import ResettableTransport, Transport

__all__ = ["GfDriver", "Product"]

NOUNS = {"m": "bits in an element", "t": "errors in its code", "correct": "errors that it corrects"}

FLAGS = ("error", "corrected", "uncorrectable", "alarm")


@dataclass(frozen=True)
class Product:
    """A product and what the core says of it.

    Attributes
    ----------
    value : int
    error : bool
        Its check failed.
    corrected : bool
        It was wrong and is right now.
    uncorrectable : bool
        It is wrong, or cannot be trusted.
    alarm : bool
        The checker itself is faulty.
    cycles : int or None
        From start to result, if the core counts them.
    """

    value: int
    error: bool
    corrected: bool
    uncorrectable: bool
    alarm: bool
    cycles: int | None


class GfDriver(Closing):
    """Multiplies in one field.

    Elements are integers below ``2**m``, as the core's ports take them: bit i is the coefficient of x**i, or
    of x**(m - 1 - i) in a core with reflected order.

    Parameters
    ----------
    transport : Transport
        Closed by :meth:`close`, and at the end of a ``with`` block.
    registers : path or dict
        ``registers.json`` of the core.

    Attributes
    ----------
    elements : Elements
        Bits and words of an element.
    seconds : float
        Longest time for one product, counted by ``transport.now``.
    products : list of Product
        Of the last :meth:`multiply`.

    Raises
    ------
    WrongCoreError
        The core is another one than the map describes.
    """

    def __init__(self, transport: Transport, registers: str | Path | Mapping[str, Any]) -> None:
        self.transport = transport
        self.registers = Registers(transport, registers)
        check_identity(self.registers, NOUNS)
        self.elements = Elements(self.registers.reset_of("sizes", "m"))
        self.seconds = 1.0
        self.products: list[Product] = []
        self._settled = False
        self._separate = bool(self.registers.reset_of("kinds", "separate_operands"))

    def close(self) -> None:
        """Lets go of the transport; a second call does nothing."""
        self.transport.close()

    def product(self, a: int, b: int) -> Product:
        """The product of two elements with its flags, whatever they say.

        Raises
        ------
        DriverError
            An operand is no element of the field.
        TimeLimitError
            There was no product after ``seconds``.
        """
        if not self._settled:
            self._make_ready()
        self._settled = False
        a, b = self.elements.integers([a, b])
        for names, value in ((("a", "a_check"), a), (("b", "b_check"), b)):
            for name in names if self._separate else names[:1]:
                self.registers.write_span(f"{name}_0", self.elements.split(value))
        self.registers.write_field("control", "start", 1)
        status = self._wait()
        self._settled = True
        words = self.registers.read_span("product_0", f"product_{self.elements.words - 1}")
        return Product(
            value=sum(words[f"product_{n}"] << 32 * n for n in range(self.elements.words)),
            cycles=self.registers.read("cycles") if "cycles" in self.registers else None,
            **{name: bool(status[name]) for name in FLAGS},
        )

    def multiply(self, a: Any, b: Any) -> Any:
        """Product of *a* and *b*, of the same kind as they are.

        Parameters
        ----------
        a, b : int, sequence of int, or array
            An array holds 32-bit words, the lowest first: (words,) or (count, words).

        Raises
        ------
        DriverError
            The operands do not fit the field, or each other.
        CoreError
            The core itself says that a product cannot be trusted. ``products`` has all up to that one.
        TimeLimitError
            There was no product in time.
        """
        left, right = self.elements.integers(a), self.elements.integers(b)
        if len(left) != len(right):
            raise DriverError(
                f"there are {len(left)} elements to multiply by {len(right)}", "give as many of both"
            )
        self.products = []
        for index, (x, y) in enumerate(zip(left, right, strict=True)):
            result = self.product(x, y)
            self.products.append(result)
            if result.uncorrectable or result.alarm:
                what = (
                    "is wrong and was not corrected"
                    if result.uncorrectable
                    else "comes from a core whose checker is faulty"
                )
                raise CoreError(
                    f"product {index} of {len(left)} {what}",
                    "multiply again; if it comes back, the fault is permanent: load the bitstream again",
                )
        values = [result.value for result in self.products]
        return self.elements.alike(values, a)

    def counters(self) -> dict[str, int]:
        """Products, and those of each flag, since :meth:`clear`; they stay at their largest value."""
        names = self.registers.starting_with("count_")
        counts = self.registers.read_span(names[0], names[-1])
        return {name[len("count_") :]: value for name, value in counts.items()}

    def clear(self) -> None:
        """Sets the counters to 0, and forgets interrupts."""
        self.registers.write_field("control", "clear", 1)
        self.registers.write("interrupt", 0b111)

    def inject(self, flips: Iterable[tuple[str, int]], *, always: bool = False) -> None:
        """Flips bits in the next product, or in every one until :meth:`stop_injecting`.

        Parameters
        ----------
        flips : (net, bit) each
            Nets are those that the map names: ``reduced``, ``unreduced``, ``prediction``.
        always : bool
            A permanent fault.

        Raises
        ------
        DriverError
            The core has no injection, no such net, or too few slots.
        """
        if "inject" not in self.registers:
            raise DriverError(
                "this core cannot inject errors", "generate it with inject = true, and build its bitstream"
            )
        slots, flips = self.registers.starting_with("slot_"), list(flips)
        if len(flips) > len(slots):
            raise DriverError(
                f"{len(flips)} bits are to be flipped, and the core has {len(slots)} slots",
                "flip fewer bits in one product",
            )
        for slot in slots[len(flips) :]:
            self.registers.write(slot, 0)
        for slot, (net, position) in zip(slots, flips, strict=False):
            nets = self.registers.values_of(slot, "net")
            if net not in nets:
                raise DriverError(f"there is no net {net!r} to flip a bit in", near(net, nets))
            for field, value in (("position", position), ("net", nets[net]), ("enable", 1)):
                self.registers.write_field(slot, field, value)
        self.registers.write_field("inject", "always" if always else "once", 1)

    def stop_injecting(self) -> None:
        """Ends a permanent fault."""
        for slot in self.registers.starting_with("slot_"):
            self.registers.write(slot, 0)
        self.registers.write("inject", 0)

    def self_test(self, samples: Mapping[str, Any]) -> dict[str, Any]:
        """Multiplies *samples* and looks whether the core's own check works.

        Parameters
        ----------
        samples : dict of arrays
            ``a``, ``b`` and ``product``: uint32 (count, words).

        Returns
        -------
        dict
            ``results`` (uint32 (count, words)); ``products``; ``different`` (products that are not the
            expected ones); ``flagged`` (products with a flag, though no error was injected). With injection
            and a protection also ``injected`` and ``missed``: products with one flipped bit, and those of
            them without ``error``.
        """
        wanted = np.asarray(samples["product"])
        left, right = (self.elements.integers(np.asarray(samples[name])) for name in ("a", "b"))
        pairs = list(zip(left, right, strict=True))
        results = [self.product(a, b) for a, b in pairs]
        words = self.elements.array([result.value for result in results])
        facts: dict[str, Any] = {
            "results": words,
            "products": len(results),
            "different": int((words != wanted).any(axis=1).sum()),
            "flagged": sum(r.error or r.uncorrectable or r.alarm for r in results),
        }
        if "inject" in self.registers and self.registers.reset_of("kinds", "protection"):
            facts |= {"injected": len(pairs), "missed": 0}
            for index, (a, b) in enumerate(pairs):
                self.inject([("reduced", index % self.elements.m)])
                facts["missed"] += not self.product(a, b).error
        return facts

    def _make_ready(self) -> None:
        """A product that never came leaves the core busy; only a reset ends that."""
        if not self.registers.read_field("status", "busy"):
            return
        if isinstance(self.transport, ResettableTransport):
            self.transport.reset()
            if not self.registers.read_field("status", "busy"):
                return
        raise CoreError(
            "the core is still busy with a product that does not come", "load the bitstream again"
        )

    def _wait(self) -> dict[str, int]:
        deadline = self.transport.now() + self.seconds
        pause = 16 / self.transport.clock_hz
        while not (status := self.registers.read_fields("status"))["done"]:
            if self.transport.now() >= deadline:
                raise TimeLimitError(
                    f"there was no product within {self.seconds:g} s",
                    "multiply again, or load the bitstream again",
                )
            self.transport.wait(pause)
            pause = min(2 * pause, self.seconds / 10)
        return status
