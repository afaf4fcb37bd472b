"""Protection by copies: two that are compared, or three that vote."""

from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.flow import Flow
from pyralis.hw.gf.redundancy import Comparator, Voter
from pyralis.hw.gf.scheme import Checked, Outcome, Product

__all__ = ["check", "correct"]


def check(flow: Flow, config: GfConfig, products: list[Product]) -> Checked:
    """Compares the products of all multipliers."""
    match [product.c for product in products]:
        case [c]:
            return Checked(c)
        case [c, copy]:
            found = flow.place("comparator", Comparator(config.m), a=c, b=copy)
            return Checked(c, error=found["differ"])
        case [c, second, third]:
            found = flow.place("voter", Voter(config.m), a=c, b=second, c=third)
            return Checked(c, error=found["differ"], voted=found["y"])
    raise ValueError(f"{len(products)} copies cannot be compared; there are 1, 2 or 3")


def correct(checked: Checked) -> Outcome:
    """The voted product if there is one; two copies that differ cannot be mended."""
    if checked.voted is None:
        return Outcome(checked.c, error=checked.error, uncorrectable=checked.error)
    return Outcome(checked.voted, error=checked.error, corrected=checked.error)
