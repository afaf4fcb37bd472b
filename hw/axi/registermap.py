"""Declaration of a register map: the one place from which hardware, driver constants and documents are made.

:class:`pyralis.hw.axi.registers.RegisterBank` builds the hardware, :mod:`pyralis.gen.emit.registers` writes
JSON, C header and SVD.
"""

import enum
import keyword
from dataclasses import KW_ONLY, dataclass, replace
from typing import Literal, get_args

from amaranth.lib import wiring

__all__ = ["Access", "Field", "Part", "Register", "RegisterMap", "Word"]

Access = Literal["const", "ro", "rw", "wo", "w1c", "pulse"]
WRITABLE = ("rw", "wo", "w1c", "pulse")


@dataclass(frozen=True, slots=True)
class Field:
    """Some bits of a register.

    Attributes
    ----------
    name : str
        Lower case; also the name of the bank's port.
    lsb, width : int
        Position and number of bits.
    access : {"const", "ro", "rw", "wo", "w1c", "pulse"}, optional
        That of the register if not given. ``const`` reads as ``reset`` always; ``ro`` reads an input; ``rw``
        holds what was written; ``wo`` too, but reads as 0; ``w1c`` holds events until a 1 is written over
        them; ``pulse`` hands out what was written for one cycle and reads as 0.
    reset : int
        Value after reset.
    values : Enum class, optional
        Names of the values, for the driver.
    """

    name: str
    lsb: int = 0
    _: KW_ONLY
    width: int = 1
    access: Access | None = None
    reset: int = 0
    values: type[enum.Enum] | None = None
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """A register of 32 bits, or of 64 at two addresses, low half first.

    Reading the low half of a 64-bit register also catches the high half of its ``ro`` fields; reading the
    high half gives what was caught. So a running counter is read whole. Halves are written one by one.

    Attributes
    ----------
    name : str
        Lower case; also the name of the bank's port.
    offset : int
        Byte address in the map, a multiple of 4.
    access : as for :class:`Field`; default of its fields
    width : int
        32 or 64 bits.
    fields : tuple of Field
        Without any, one field ``value`` of the whole width.
    reset : int
        Of the field ``value``.
    """

    name: str
    offset: int
    _: KW_ONLY
    access: Access = "rw"
    width: int = 32
    fields: tuple[Field, ...] = ()
    reset: int = 0
    doc: str = ""

    def __post_init__(self) -> None:
        fields = self.fields or (Field("value", width=self.width, reset=self.reset, doc=self.doc),)
        fields = tuple(
            sorted((replace(f, access=f.access or self.access) for f in fields), key=lambda f: f.lsb)
        )
        object.__setattr__(self, "fields", fields)
        _check_name("register", self.name)
        where = f"register {self.name!r}"
        if self.width not in (32, 64):
            raise ValueError(f"{where}: width must be 32 or 64, not {self.width}")
        if self.offset < 0 or self.offset % 4:
            raise ValueError(f"{where}: offset must be a multiple of 4, not {self.offset:#x}")
        end, previous = 0, ""
        for field in fields:
            _check_name(f"{where}: field", field.name)
            if field.access not in get_args(Access):
                raise ValueError(f"{where}: access of {field.name!r} must be one of {get_args(Access)}")
            if field.lsb < end:
                raise ValueError(
                    f"{where}: fields {previous!r} and {field.name!r} overlap at bit {field.lsb}"
                )
            end, previous = field.lsb + field.width, field.name
            if field.width < 1 or end > self.width:
                raise ValueError(
                    f"{where}: field {field.name!r} takes bits {field.lsb}..{end - 1}, "
                    f"beyond 0..{self.width - 1}"
                )
            if not 0 <= field.reset < 1 << field.width:
                raise ValueError(
                    f"{where}: reset of {field.name!r} must be in 0..{(1 << field.width) - 1}, "
                    f"not {field.reset}"
                )
        ports = [field.name for field in fields]
        ports += [f"{field.name}_set" for field in fields if field.access == "w1c"]
        if len(set(ports)) < len(ports):
            raise ValueError(f"{where}: field names (and NAME_set of w1c fields) must be different: {ports}")

    @property
    def words(self) -> "tuple[Word, ...]":
        names = [self.name] if self.width == 32 else [f"{self.name}_lo", f"{self.name}_hi"]
        return tuple(Word(name=name, register=self, half=half) for half, name in enumerate(names))


@dataclass(frozen=True, slots=True)
class Part:
    """The bits of ``field`` in one word: field bits ``start..start + width - 1`` stand at ``lsb``."""

    field: Field
    start: int
    lsb: int
    width: int

    @property
    def reset(self) -> int:
        return self.field.reset >> self.start & (1 << self.width) - 1

    @property
    def mask(self) -> int:
        return (1 << self.width) - 1 << self.lsb


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """32 bits at one address: a register, or the ``half`` (0 low, 1 high) of one of 64 bits."""

    name: str
    register: Register
    half: int

    @property
    def offset(self) -> int:
        return self.register.offset + 4 * self.half

    @property
    def parts(self) -> tuple[Part, ...]:
        parts, bottom = [], 32 * self.half
        for field in self.register.fields:
            low, high = max(field.lsb, bottom), min(field.lsb + field.width, bottom + 32)
            if low < high:
                parts.append(Part(field, low - field.lsb, low - bottom, high - low))
        return tuple(parts)

    @property
    def reset(self) -> int:
        """What it reads as after reset where no input decides."""
        held = ("const", "rw", "w1c")
        return sum(part.reset << part.lsb for part in self.parts if part.field.access in held)

    @property
    def writable(self) -> bool:
        return any(part.field.access in WRITABLE for part in self.parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisterMap:
    """All registers of a bank, sorted by offset.

    Attributes
    ----------
    name : str
        Lower case; prefix of the driver's constants.
    address_bits : int
        Width of a bus address; the map covers ``2**address_bits`` bytes.
    """

    name: str
    registers: tuple[Register, ...]
    address_bits: int = 12
    doc: str = ""

    def __post_init__(self) -> None:
        _check_name("map", self.name)
        object.__setattr__(self, "registers", tuple(sorted(self.registers, key=lambda r: r.offset)))
        if not 2 <= self.address_bits <= 32:
            raise ValueError(f"map {self.name!r}: address_bits must be in 2..32, not {self.address_bits}")
        names: set[str] = set()
        end, previous = 0, ""
        for register in self.registers:
            if register.name in names:
                raise ValueError(f"map {self.name!r}: two registers are called {register.name!r}")
            names.add(register.name)
            if register.offset < end:
                raise ValueError(
                    f"map {self.name!r}: registers {previous!r} and {register.name!r} overlap "
                    f"at {register.offset:#x}"
                )
            end, previous = register.offset + register.width // 8, register.name
            if end > 1 << self.address_bits:
                raise ValueError(
                    f"map {self.name!r}: register {register.name!r} at {register.offset:#x} lies beyond its "
                    f"{1 << self.address_bits} bytes"
                )

    def __getitem__(self, name: str) -> Register:
        for register in self.registers:
            if register.name == name:
                return register
        raise KeyError(f"map {self.name!r} has no register {name!r}")

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for register in self.registers for word in register.words)


def _check_name(what: str, name: str) -> None:
    if not name.isidentifier() or keyword.iskeyword(name) or name != name.lower() or name.startswith("_"):
        raise ValueError(f"{what} name must be a lower-case identifier, not {name!r}")
    if what == "register" and (name == "bus" or hasattr(wiring.Component, name)):
        raise ValueError(f"register name {name!r} is taken by the bank itself")
