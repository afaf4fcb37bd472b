"""The command ``pyralis``: runs a verb; its result becomes text or JSON, its errors become three lines.

A verb is one module in ``gen/verbs``, or a package with one a core (:mod:`pyralis.gen.cores`). A module has

``add_parser(subparsers) -> ArgumentParser``
    Its help and arguments, without ``--json``.
``run(args) -> dict``
    A thin call of the Python function of the same purpose; ``args.progress`` takes its steps, ``args.line``
    is the command line. The result is plain data, printed as it is by ``--json``; a key ``ok`` that is False
    makes the exit code 1.
``render(result) -> str`` (optional)
    The result for people; without it only the progress lines are printed.

Exit codes: 0 done; 1 the user can mend it (:class:`UserError`, or ``ok`` is False); 2 an external tool failed
(:class:`ToolError`); 130 stopped with Ctrl-C. ``PYRALIS_DEBUG=1`` shows the traceback of any of them.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import pkgutil
import shlex
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from amaranth.hdl import UnusedElaboratable

from pyralis.gen import verbs as verb_package
from pyralis.gen.cores import VerbOfCores, job_of, with_core
from pyralis.gen.doctor import requirement_of
from pyralis.gen.errors import ToolError, UserError
from pyralis.gen.parser import Layout, Parser, add_json, nearest
from pyralis.gen.progress import Progress

__all__ = ["main"]

# The order of work, which is the order of the help.
ORDER = (
    *("doctor", "check", "export", "generate", "estimate", "simulate", "prove", "inject"),
    *("boards", "bitstream", "deploy", "report", "demo", "bench"),
)

DESCRIPTION = (
    "Spiking networks, graph networks and finite-field arithmetic to FPGA hardware, proven in simulation."
)
EPILOG = """\
start here:
  pyralis doctor            is everything here?
  pyralis VERB --help       the arguments of one verb

Every verb takes --json: its result on stdout as one JSON object, its progress on stderr."""


class _Layout(Layout, argparse.RawDescriptionHelpFormatter):
    """The lines of the epilog as they are."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line *argv* (default: of this process); returns the exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    command = ["pyralis", *argv[:1]]
    # Components are also made only to be asked for their timing, or are refused.
    warnings.simplefilter("ignore", UnusedElaboratable)
    try:
        return _run(argv, command)
    except (UserError, ToolError, OSError, ModuleNotFoundError, KeyboardInterrupt) as error:
        if os.environ.get("PYRALIS_DEBUG", "0") not in ("", "0"):
            raise
        return _explain(error, " ".join(command))


def _run(argv: list[str], command: list[str]) -> int:
    """Runs *argv*; the core that it means joins *command*, which names the place of an error."""
    verbs = _verbs()
    parser = _parser(verbs)
    if not argv:
        print(parser.format_help(), end="")
        return 0
    _check_verb(argv[0], verbs)
    args, unknown = parser.parse_known_args(with_core(argv, verbs))
    command += [args.core] if "core" in args else []
    if unknown:
        name = " ".join(command)
        raise UserError(f"{name} has no argument {unknown[0]!r}.", where=name, hint=f"{name} --help")
    args.json, args.line = "json" in args, shlex.join(["pyralis", *argv])
    args.progress = Progress(sys.stderr if args.json else sys.stdout)
    job = job_of(verbs[args.verb], args)
    result = job.run(args)
    if args.json:
        print(json.dumps(result, indent=2, default=_plain))
    elif hasattr(job, "render"):
        print(job.render(result))
    sys.stdout.flush()  # a reader that went away is noticed here and not after main()
    return 0 if result.get("ok", True) else 1


def _verbs() -> dict[str, Any]:
    found = list(pkgutil.iter_modules(verb_package.__path__))
    found.sort(key=lambda verb: (ORDER.index(verb.name) if verb.name in ORDER else len(ORDER), verb.name))
    verbs = {}
    for verb in found:
        module = importlib.import_module(f"{verb_package.__name__}.{verb.name}")
        verbs[verb.name] = VerbOfCores(module) if verb.ispkg else module
    return verbs


def _parser(verbs: dict[str, Any]) -> argparse.ArgumentParser:
    parser = Parser(
        prog="pyralis", description=DESCRIPTION, epilog=EPILOG, formatter_class=_Layout, allow_abbrev=False
    )
    version = f"pyralis {importlib.metadata.version('pyralis')}"
    parser.add_argument("--version", action="version", version=version)
    subparsers = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb", required=True)
    for verb in verbs.values():
        add_json(verb.add_parser(subparsers))
    return parser


def _check_verb(word: str, verbs: dict[str, Any]) -> None:
    if not word.startswith("-") and word not in verbs:
        what = f"There is no verb {word!r}; there are {', '.join(verbs)}."
        raise UserError(what, where="pyralis", hint=nearest(word, "pyralis", verbs))


def _explain(error: BaseException, command: str) -> int:
    """Prints *error*, met in *command*, in three lines; returns the exit code."""
    where, code = ("where", command), 1
    match error:
        case UserError():
            what, hint = error.what, error.hint or f"{command} --help"
            where = "where", error.where or command
        case ToolError():
            what, code = error.what, 2
            hint = error.hint or "read the end of the log; pyralis doctor lists the tools"
            where = "log", error.log or "none was written"
        case KeyboardInterrupt():
            what, hint, code = "Stopped.", "run it again; nothing half-written is left behind", 130
        case BrokenPipeError():  # the reader of our output went away, as `| head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        case ModuleNotFoundError(name=str() as name) if extra := requirement_of(name.partition(".")[0]):
            what, hint = (
                f"The package {name.partition('.')[0]} is not installed.",
                f"pip install 'pyralis[{extra}]'",
            )
        case OSError(filename=str() | Path() as name, strerror=reason):
            what, hint = f"{name}: {reason}.", "check the path and its permissions"
        case _:
            raise error
    print(
        f"pyralis: {' '.join(what.split())}\n  {where[0] + ':':7}{where[1]}\n  next:  {hint}", file=sys.stderr
    )
    return code


def _plain(value: object) -> str:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a verb returned {value!r}, which JSON has no form for")


if __name__ == "__main__":
    sys.exit(main())
