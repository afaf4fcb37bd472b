"""Drivers of the cores, for the machine that a board is plugged into or has on it.

This package runs where nothing of Pyralis is installed: it needs Python 3.10 and numpy, ``pynq`` on a Zynq
board, ``pyserial`` for a serial port. ``make deploy`` copies it. The same code runs against the RTL in
simulation.
"""
