"""Registers by name, with the rules that their map states.

The map is ``registers.json``, which lies beside every generated core.
"""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyralis.boards.runtime.errors import DriverError
from pyralis.boards.runtime.transport import BlockTransport, Transport

__all__ = ["FORMAT", "Registers", "near", "ones"]

FORMAT = "pyralis-registers-1"

READABLE = ("const", "ro", "rw", "w1c")
WRITABLE = ("rw", "wo", "w1c", "pulse")
NOTHING_AT_ZERO = ("w1c", "pulse")
"""Writing 0 to these changes nothing."""


class Registers:
    """The registers of one core.

    Parameters
    ----------
    transport : Transport
    registers : path or dict
        ``registers.json``, or its content.

    Raises
    ------
    DriverError
        The file cannot be read, or is no register map.
    """

    def __init__(self, transport: Transport, registers: str | Path | Mapping[str, Any]) -> None:
        self.transport = transport
        content = registers if isinstance(registers, Mapping) else _load(Path(registers))
        if content.get("format") != FORMAT:
            raise DriverError(
                f"the register map has the format {content.get('format')!r}, not {FORMAT!r}",
                "take registers.json from the folder that the core was generated into",
            )
        self.name: str = content["name"]
        self.words: dict[str, dict[str, Any]] = {word["name"]: word for word in content["words"]}
        self._pairs: dict[str, list[dict[str, Any]]] = {}
        for word in content["words"]:
            if word["pair"]:
                self._pairs.setdefault(word["pair"], []).append(word)

    def __contains__(self, name: str) -> bool:
        return name in self.words or name in self._pairs

    def read(self, name: str) -> int:
        """Register *name*; of a 64-bit one both halves, of the same moment.

        Raises DriverError if there is no such register, or nothing in it can be read.
        """
        words = self._words(name)
        for word in words:
            if not any(field["access"] in READABLE for field in word["fields"]):
                raise DriverError(
                    f"register {name!r} can only be written; it reads as 0 always",
                    f"see the map of {self.name} for those that can be read",
                )
        values = self._read_words(words[0]["offset"], len(words))
        return sum(value << 32 * index for index, value in enumerate(values))

    def read_fields(self, name: str) -> dict[str, int]:
        """Every field of word *name*, read at once."""
        [word] = self._words(name, whole=True)
        value = self.read(name)
        return {field["name"]: value >> field["lsb"] & ones(field) for field in word["fields"]}

    def read_field(self, name: str, field: str) -> int:
        """One field of word *name*."""
        self._field(name, field)
        return self.read_fields(name)[field]

    def read_span(self, first: str, last: str) -> dict[str, int]:
        """Registers *first* to *last*, which lie without gaps, in rising order; 64-bit ones whole."""
        begin, end = self._words(first)[0]["offset"], self._words(last)[-1]["offset"]
        values = self._read_words(begin, (end - begin) // 4 + 1)
        found: dict[str, int] = {}
        for word in self.words.values():
            if begin <= word["offset"] <= end:
                name, value = word["pair"] or word["name"], values[(word["offset"] - begin) // 4]
                high = word["pair"] is not None and word is self._pairs[name][1]
                found[name] = found.get(name, 0) | value << 32 * high
        return found

    def write(self, name: str, value: int) -> None:
        """Writes register *name*; a 64-bit one in two halves, low first.

        Raises DriverError if there is no such register, if it cannot be written, or not to this value.
        """
        words = self._words(name)
        if not 0 <= value < 1 << 32 * len(words):
            raise DriverError(
                f"register {name!r} holds 0..{(1 << 32 * len(words)) - 1}, not {value}",
                "give a value in this range",
            )
        values = [value >> 32 * index & 0xFFFFFFFF for index in range(len(words))]
        for word, part in zip(words, values, strict=True):
            self._check_value(word, part)
        self._write_words(words[0]["offset"], values)

    def write_field(self, name: str, field: str, value: int) -> None:
        """Writes one field of word *name*; the others keep what they hold."""
        [word] = self._words(name, whole=True)
        chosen = self._field(name, field)
        if chosen["access"] not in WRITABLE:
            raise DriverError(
                f"field {field!r} of register {name!r} can only be read",
                _listing(
                    "these can be written",
                    [other["name"] for other in word["fields"] if other["access"] in WRITABLE],
                ),
            )
        if not 0 <= value <= ones(chosen):
            raise DriverError(
                f"field {field!r} of register {name!r} holds 0..{ones(chosen)}, not {value}",
                "give a value in this range",
            )
        kept = [
            other
            for other in word["fields"]
            if other is not chosen and other["access"] in WRITABLE and other["access"] not in NOTHING_AT_ZERO
        ]
        mask = sum(ones(other) << other["lsb"] for other in kept)
        before = self.read(name) & mask if mask else 0
        self.write(name, before | value << chosen["lsb"])

    def write_span(self, first: str, values: Sequence[int]) -> None:
        """Writes *values* to register *first* and those behind it, in rising order."""
        [word] = self._words(first, whole=True)
        offsets = {other["offset"]: other for other in self.words.values()}
        for index, value in enumerate(values):
            other = offsets.get(word["offset"] + 4 * index)
            if other is None:
                raise DriverError(
                    f"there are only {index} registers from {first!r} on, not {len(values)}",
                    "give fewer values",
                )
            self._check_value(other, value)
        self._write_words(word["offset"], values)

    def value_name(self, name: str, field: str, value: int) -> str:
        """What the map calls *value* of a field; the number itself if it has no name."""
        return next(
            (known for known, number in self.values_of(name, field).items() if number == value), str(value)
        )

    def values_of(self, name: str, field: str) -> dict[str, int]:
        """The values of a field that have names."""
        return dict(self._field(name, field)["values"])

    def reset_of(self, name: str, field: str = "value") -> int:
        """What the map says that a field holds after reset; for good, if it never changes."""
        return int(self._field(name, field)["reset"])

    def starting_with(self, prefix: str) -> list[str]:
        """Registers whose names begin with *prefix*, in rising order, 64-bit ones once."""
        names = dict.fromkeys(word["pair"] or word["name"] for word in self.words.values())
        return [name for name in names if name.startswith(prefix)]

    def _words(self, name: str, *, whole: bool = False) -> list[dict[str, Any]]:
        if name in self.words:
            return [self.words[name]]
        if name in self._pairs and not whole:
            return self._pairs[name]
        if name in self._pairs:
            halves = [word["name"] for word in self._pairs[name]]
            raise DriverError(f"register {name!r} has two words", _listing("name one of them", halves))
        raise DriverError(
            f"there is no register {name!r} in the map {self.name!r}", near(name, self.starting_with(""))
        )

    def _field(self, name: str, field: str) -> dict[str, Any]:
        [word] = self._words(name, whole=True)
        for known in word["fields"]:
            if known["name"] == field:
                return known
        names = [known["name"] for known in word["fields"]]
        raise DriverError(f"register {name!r} has no field {field!r}", _listing("it has", names))

    def _check_value(self, word: Mapping[str, Any], value: int) -> None:
        """Refuses what the hardware would drop without a word."""
        fields = [field for field in word["fields"] if field["access"] in WRITABLE]
        if not fields:
            raise DriverError(
                f"register {word['name']!r} can only be read", "see the map for those that can be written"
            )
        mask = sum(ones(field) << field["lsb"] for field in fields)
        if value & ~mask:
            raise DriverError(
                f"register {word['name']!r} holds nothing in the bits {value & ~mask:#x} of {value:#x}",
                _listing("it has", [field["name"] for field in fields]),
            )

    def _read_words(self, offset: int, count: int) -> Sequence[int]:
        if count > 1 and isinstance(self.transport, BlockTransport):
            return self.transport.read_words(offset, count)
        return [self.transport.read(offset + 4 * index) for index in range(count)]

    def _write_words(self, offset: int, values: Sequence[int]) -> None:
        if len(values) > 1 and isinstance(self.transport, BlockTransport):
            self.transport.write_words(offset, values)
            return
        for index, value in enumerate(values):
            self.transport.write(offset + 4 * index, value)


def near(name: str, known: Iterable[str]) -> str:
    """A hint that names those of *known* that are most like *name*."""
    known = sorted(known)
    found = difflib.get_close_matches(name, known, n=2, cutoff=0.6)
    return f"did you mean {' or '.join(found)}?" if found else _listing("there are", known)


def _listing(what: str, names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{what}: {', '.join(names[:most])}{more}"


def _load(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except OSError as error:
        raise DriverError(
            f"the register map {path.name} cannot be read: {error.strerror}",
            "take the whole folder to the board",
        ) from None
    except json.JSONDecodeError as error:
        raise DriverError(
            f"{path.name} is no JSON: {error.msg} in line {error.lineno}", "copy the folder again"
        ) from None
    return content if isinstance(content, dict) else {}


def ones(field: Mapping[str, Any]) -> int:
    """Largest value that *field* holds."""
    return (1 << field["width"]) - 1
