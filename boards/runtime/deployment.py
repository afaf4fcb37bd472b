"""A deploy folder: everything that a board needs for one core, and the way to open it.

==========================  =============================================================================
``manifest.json``           the facts below, and the SHA-256 of every file under ``files``
``registers.json``          the register map of the core
``program.bin`` and others  what must lie in memory, one file each
``numbering.bin``           of the graph core: its number of each node, int32
``samples.npz``             ``inputs`` and ``scores`` (and ``labels``), or ``a``, ``b`` and ``product``
``design.bit``              the bitstream, if it is built (with ``design.hwh`` on Zynq boards)
``pyralis/``                this package
``validate.py``             runs :func:`pyralis.boards.runtime.validate.main` on the folder
``throughput.py``           runs :func:`pyralis.boards.runtime.throughput.main` on the folder
==========================  =============================================================================

Facts that are read here: ``format``; ``design`` (``core``: which driver); ``transport`` (``"serial"`` with
``baud``, or ``"pynq"``); ``bitstream``, ``registers`` and ``samples`` (file names, or null); ``memory`` (file
names by part); ``network`` for the spiking core, and for the graph core, where it names its ``numbering``.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pyralis.boards.runtime.bridge import PATIENCE
from pyralis.boards.runtime.errors import DriverError
from pyralis.boards.runtime.gcn import GcnDriver
from pyralis.boards.runtime.gf import GfDriver
from pyralis.boards.runtime.pynq import PynqTransport
from pyralis.boards.runtime.registers import near
from pyralis.boards.runtime.serial import SerialTransport
from pyralis.boards.runtime.snn import SnnDriver
from pyralis.boards.runtime.transport import Transport

__all__ = ["FORMAT", "TRANSPORTS", "Deployment", "Driver", "open_deployment"]

Driver = SnnDriver | GcnDriver | GfDriver

FORMAT = "pyralis deploy 1"

TRANSPORTS = ("pynq", "serial")

CORES = ("snn", "gcn", "gf")

COPY_AGAIN = "copy the whole folder to the board again"


class Deployment:
    """A deploy folder on disk.

    Parameters
    ----------
    folder : path

    Attributes
    ----------
    manifest : dict

    Raises
    ------
    DriverError
        It is no deploy folder, or one of another version.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            content = json.loads((self.folder / "manifest.json").read_text())
        except OSError as error:
            raise DriverError(
                f"{self.folder} has no manifest.json that can be read: {error.strerror}",
                "give the folder that make deploy has written",
            ) from None
        except json.JSONDecodeError as error:
            raise DriverError(
                f"manifest.json is no JSON: {error.msg} in line {error.lineno}", COPY_AGAIN
            ) from None
        self.manifest: dict[str, Any] = content if isinstance(content, dict) else {}
        if self.manifest.get("format") != FORMAT:
            raise DriverError(
                f"the folder has the format {self.manifest.get('format')!r}, not {FORMAT!r}",
                "give a folder that make deploy has written, with the driver that lies in it",
            )

    @property
    def core(self) -> str:
        """``"snn"``, ``"gcn"`` or ``"gf"``."""
        return str(self.manifest["design"]["core"])

    def read(self, name: str) -> bytes:
        """A file of the folder; DriverError if it is missing, or not as it was written."""
        try:
            content = (self.folder / name).read_bytes()
        except OSError as error:
            raise DriverError(f"{name} cannot be read: {error.strerror}", COPY_AGAIN) from None
        facts = self.manifest["files"].get(name)
        if facts is not None and hashlib.sha256(content).hexdigest() != facts["sha256"]:
            raise DriverError(f"{name} is not the file that the manifest describes", COPY_AGAIN)
        return content

    def samples(self) -> dict[str, np.ndarray]:
        """Inputs and the results that they must have; DriverError if the folder has none."""
        name = self.manifest.get("samples")
        if not name:
            raise DriverError(
                "the folder has no samples",
                "write it again, with inputs: pyralis deploy snn --inputs FILE.npy",
            )
        with np.load(io.BytesIO(self.read(name))) as arrays:
            return {key: arrays[key] for key in arrays.files}

    def transport(
        self,
        kind: str | None = None,
        *,
        port: str = "/dev/ttyUSB0",
        baud: int | None = None,
        seconds: float = PATIENCE,
    ) -> Transport:
        """The way to the board that the folder is for, or of another *kind*.

        *port*, *baud* and *seconds* are those of a serial port. With PYNQ this loads the bitstream.
        """
        kind = kind or str(self.manifest["transport"])
        if kind == "serial":
            return SerialTransport(port, baud or int(self.manifest.get("baud", 1_000_000)), seconds=seconds)
        if kind != "pynq":
            raise DriverError(f"there is no transport {kind!r}", near(kind, TRANSPORTS))
        if not self.manifest.get("bitstream"):
            raise DriverError(
                "the folder has no bitstream",
                "build it with Vivado, as README.txt says, and write the folder again",
            )
        return PynqTransport(self.folder / self.manifest["bitstream"])

    def open(self, transport: Transport) -> Driver:
        """The driver, with the network loaded; it closes *transport*, also if it cannot be made."""
        try:
            return self._driver(transport)
        except BaseException:
            transport.close()
            raise

    def _driver(self, transport: Transport) -> Driver:
        registers: Mapping[str, Any] = json.loads(self.read(self.manifest["registers"]))
        if self.core == "gf":
            return GfDriver(transport, registers)
        if self.core not in CORES:
            raise DriverError(f"there is no driver for the core {self.core!r}", near(self.core, CORES))
        network, memory = self.manifest.get("network"), self.manifest["memory"]
        if not network:
            raise DriverError(
                "the folder has no network",
                f"write it again, with one: pyralis deploy {self.core} --network NET.npz",
            )
        program, weights = (self.read(memory[name]) for name in ("program", "weights"))
        driver: SnnDriver | GcnDriver
        if self.core == "snn":
            driver = SnnDriver(transport, registers, network)
        else:
            driver = GcnDriver(transport, registers, network, self.read(network["numbering"]))
        driver.load(program, weights)
        return driver


def open_deployment(
    folder: str | Path,
    transport: Transport | str | None = None,
    *,
    port: str = "/dev/ttyUSB0",
    baud: int | None = None,
    seconds: float = PATIENCE,
) -> Driver:
    """The driver for the core in *folder*, ready to run.

    Parameters
    ----------
    folder : path
    transport : Transport, "pynq" or "serial", optional
        The way to the board; that of the folder if not given.
    port : str
        Serial port, or an URL of pyserial.
    baud : int, optional
        Bits a second; those of the bitstream if not given.
    seconds : float
        Longest time that a board at a serial port may take for an answer, besides what its bits take.

    Returns
    -------
    SnnDriver, GcnDriver or GfDriver
        Closes the transport.

    Raises
    ------
    DriverError
        The folder is incomplete or damaged, the board cannot be reached, or it has another core.
    """
    deployment = Deployment(folder)
    if transport is None or isinstance(transport, str):
        transport = deployment.transport(transport, port=port, baud=baud, seconds=seconds)
    return deployment.open(transport)
