"""Top of the design on the ULX3S: clock, reset, pins and lamps around the shell."""

from amaranth import ClockDomain, ClockSignal, Elaboratable, Module, Signal
from amaranth.lib import io
from amaranth.lib.cdc import ResetSynchronizer

from pyralis.boards.shell.serial_shell import SerialShell
from pyralis.boards.ulx3s.pll import Pll, PllSettings

__all__ = ["Top"]

HEARTBEAT, TRAFFIC, INTERRUPT = range(3)
"""Lamps D0 to D2: beats once a second while the clock runs, something goes over the serial port, the core
waits for its driver."""


class Top(Elaboratable):
    """The shell with everything that Amaranth's platform of the board offers it.

    Button F1 resets all but the contents of memory. The design leaves reset when the PLL has locked.

    Parameters
    ----------
    shell : SerialShell
        Made for the clock of *settings*.
    settings : PllSettings
    """

    def __init__(self, shell: SerialShell, settings: PllSettings) -> None:
        self.shell, self.settings = shell, settings

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.shell = shell = self.shell
        self._clock(m, platform)
        uart = platform.request("uart", 0, dir={"rx": "-", "tx": "-", "rts": "-", "dtr": "-"})
        m.submodules.rx_pin = rx_pin = io.Buffer("i", uart.rx)
        m.submodules.tx_pin = tx_pin = io.FFBuffer("o", uart.tx)
        m.d.comb += [shell.rx.eq(rx_pin.i), tx_pin.o.eq(shell.tx)]
        beat = Signal(range(int(self.settings.clock_mhz * 1_000_000)))
        m.d.sync += beat.eq(beat + 1)
        lamps = ((HEARTBEAT, beat[-1]), (TRAFFIC, shell.traffic), (INTERRUPT, shell.interrupt))
        for number, lit in lamps:
            m.submodules[f"lamp_{number}"] = lamp = io.Buffer("o", platform.request("led", number, dir="-"))
            m.d.comb += lamp.o.eq(lit)
        return m

    def _clock(self, m: Module, platform) -> None:
        """The domain ``sync``, in reset until the PLL has locked and while the button is held."""
        m.submodules.oscillator = oscillator = io.Buffer("i", platform.request("clk25", 0, dir="-"))
        m.submodules.button = button = io.Buffer("i", platform.request("button_fire", 0, dir="-"))
        m.submodules.pll = pll = Pll(self.settings)
        m.domains.sync = ClockDomain()
        held = Signal()
        m.d.comb += [
            pll.oscillator.eq(oscillator.i),
            ClockSignal().eq(pll.clock),
            held.eq(~pll.locked | button.i),
        ]
        m.submodules.reset = ResetSynchronizer(held, domain="sync")
