"""The folder of a generated core: what stands in that of every core, and how one is written.

A folder stands on its own, and the same inputs give the same bytes on every machine: there are no times and
no paths in it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from amaranth.lib import wiring

from pyralis.gen.emit.fusesoc import core_description
from pyralis.gen.emit.litex import wrapper
from pyralis.gen.emit.registers import to_c_header, to_json, to_svd
from pyralis.gen.folder import write_folder
from pyralis.hw.axi.registermap import RegisterMap

__all__ = ["CoreFolder", "core_facts", "register_files", "system_files"]

FORMAT = "pyralis core 1"
NETWORK = "network.npz"

Config = TypeVar("Config")
Compiled = TypeVar("Compiled")


def register_files(registers: RegisterMap) -> dict[str, str]:
    """The register map for programs, for C and as CMSIS-SVD, by file name."""
    return {
        "registers.json": to_json(registers),
        "registers.h": to_c_header(registers),
        "registers.svd": to_svd(registers),
    }


def system_files(
    component: wiring.Component,
    top: str,
    core: str,
    title: str,
    registers: RegisterMap,
    *,
    burst_beats: int,
    models: Sequence[str] = (),
) -> dict[str, str]:
    """What a system needs to take the core in: its registers, a module for LiteX, a core for FuseSoC.

    Parameters
    ----------
    component : Component
        Whose Verilog is the module *top* in ``<top>.v``.
    top, core : str
    title : str
        A sentence on the core.
    registers : RegisterMap
    burst_beats : int
        Most beats of a burst on its memory ports.
    models : sequence of str
        Files that a simulation needs beside the core.
    """
    sources = [f"{top}.v"]
    return {
        **register_files(registers),
        f"litex_pyralis_{core}.py": wrapper(
            component, top, core, sources=sources, models=list(models), burst_beats=burst_beats
        ),
        f"pyralis_{core}.core": core_description(core, title, {top: sources[0]}, models=list(models)),
    }


def core_facts(top: str, name: str, config: Any) -> dict[str, Any]:
    """What every manifest begins with: the format, the module, the configuration and what it is called."""
    return {"format": FORMAT, "top": top, "core": {"name": name, **asdict(config)}}


@dataclass(frozen=True, kw_only=True)
class CoreFolder(Generic[Config, Compiled]):
    """How the folder of one kind of core is made: a core that runs programs.

    Attributes
    ----------
    top : str
        Its Verilog module.
    core_files : callable
        Files of a core of some size, by name.
    network_files : callable
        Memory images of a compiled network, by name.
    network_facts : callable
        What a driver must know to run it.
    """

    top: str
    core_files: Callable[[Config], Mapping[str, bytes]]
    network_files: Callable[[Compiled], Mapping[str, bytes]]
    network_facts: Callable[[Compiled], Mapping[str, Any]]

    def generate(
        self,
        config: Config,
        folder: str | Path,
        *,
        name: str = "custom",
        compiled: Compiled | None = None,
        network_file: str | Path | bytes | None = None,
    ) -> dict[str, Any]:
        """Writes a core of size *config*, and *compiled* for it, into *folder*; returns the manifest.

        Parameters
        ----------
        config : SnnConfig or GcnConfig
        folder : path
            Made if it is not there. Files of the same names are replaced, others are left alone.
        name : str
            Of the configuration, for the manifest.
        compiled : Compiled, optional
            A network compiled for *config*.
        network_file : path or bytes, optional
            The file that *compiled* comes from, or its content; copied beside it.

        Raises
        ------
        UserError
            The folder cannot be written; nothing is changed then.
        """
        files, facts = dict(self.core_files(config)), None
        if compiled is not None:
            files |= self.network_files(compiled)
            facts = self.network_facts(compiled)
            if isinstance(network_file, bytes):
                files[NETWORK] = network_file
            elif network_file is not None:
                files[NETWORK] = Path(network_file).read_bytes()
        return write_folder(folder, files, {**core_facts(self.top, name, config), "network": facts})
