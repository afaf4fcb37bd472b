"""Whether a core is the one that its driver was made for."""

from collections.abc import Mapping

from pyralis.boards.runtime.errors import WrongCoreError
from pyralis.boards.runtime.registers import Registers, ones

__all__ = ["check_identity"]

TOGETHER = "take the driver and registers.json that were made with the bitstream"


def check_identity(registers: Registers, nouns: Mapping[str, str]) -> None:
    """Compares every word that never changes with the map, which was made with the bitstream.

    Parameters
    ----------
    registers : Registers
    nouns : dict of str to str
        What the number in a field counts: ``{"out_lanes": "output lanes"}``.

    Raises
    ------
    WrongCoreError
        There is another core, another version of it, or one of another size.
    """
    differences: list[tuple[str, int, int]] = []
    for name, word in registers.words.items():
        if any(field["access"] != "const" for field in word["fields"]):
            continue
        value, expected = registers.read(name), word["reset"]
        if name == "ident" and value != expected:
            raise WrongCoreError(
                f"the identification word is {_letters(value)}, and the driver is for {_letters(expected)}",
                "load the bitstream that belongs to this driver, and check the address of the registers",
            )
        found = [
            (field["name"], value >> field["lsb"] & ones(field), field["reset"]) for field in word["fields"]
        ]
        changed = [entry for entry in found if entry[1] != entry[2]]
        if name == "version" and changed:
            what, got, wanted = changed[0]
            raise WrongCoreError(
                f"this core has version {got} of the {what}, and the driver was made for version {wanted}",
                TOGETHER,
            )
        differences += changed
    if differences:
        has = " and ".join(_counted(nouns, field, got) for field, got, _ in differences)
        wants = " and ".join(
            str(wanted) if field in nouns else f"{field} = {wanted}" for field, _, wanted in differences
        )
        raise WrongCoreError(f"this core has {has}, the driver was made for {wants}", TOGETHER)


def _counted(nouns: Mapping[str, str], field: str, value: int) -> str:
    return f"{value} {nouns[field]}" if field in nouns else f"{field} = {value}"


def _letters(word: int) -> str:
    letters = word.to_bytes(4, "big")
    plain = all(32 < letter < 127 for letter in letters)
    return f"{word:#010x} ({letters.decode('ascii')!r})" if plain else f"{word:#010x}"
