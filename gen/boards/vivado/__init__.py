"""Vivado projects for Zynq boards: written, checked without the tool, built with it, and its reports read."""

from pyralis.gen.boards.vivado.build import build

__all__ = ["build"]
