"""Bitstreams for boards with a Lattice ECP5."""

from pyralis.gen.boards.ecp5.flow import build

__all__ = ["build"]
