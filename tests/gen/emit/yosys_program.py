"""``yosys -l LOG -p 'tcl FILE'`` for machines that have Yosys as a Python package, which comes without Tcl.

Python's own Tcl runs the script; every command that it does not know goes to Yosys.
"""

import argparse
import tkinter as tk
from pathlib import Path

from pyosys import libyosys

parser = argparse.ArgumentParser()
parser.add_argument("-l", dest="log", required=True)
parser.add_argument("-p", dest="command", required=True)
arguments = parser.parse_args()
word, _, script = arguments.command.partition(" ")
assert word == "tcl", f"only Tcl scripts, not {arguments.command}"

design = libyosys.Design()
interpreter = tk.Tcl()
done: list[str] = []


def run(name: str, *words: str) -> None:
    """A command of Yosys; ``yosys -import`` makes them all known, which they are."""
    if (name, *words) != ("yosys", "-import"):
        done.append(" ".join((name, *words)))
        libyosys.run_pass(done[-1], design)


interpreter.createcommand("unknown", run)
interpreter.eval(f"source {{{script.strip()}}}")
Path(arguments.log).write_text("\n".join((*done, "")))
