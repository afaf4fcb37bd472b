"""The command ``pyralis``: runs a verb; its result becomes text or JSON, its errors become three lines.

A verb is one module in ``gen/verbs`` with

``add_parser(subparsers) -> ArgumentParser``
    Its help and arguments; ``--json`` is added here.
``run(args) -> dict``
    A thin call of the Python function of the same purpose; ``args.progress`` takes its steps. The result is
    plain data, printed as it is by ``--json``; a key ``ok`` that is False makes the exit code 1.
``render(result) -> str`` (optional)
    The result for people; without it only the progress lines are printed.

Exit codes: 0 done; 1 the user can mend it (:class:`UserError`, or ``ok`` is False); 2 an external tool failed
(:class:`ToolError`); 130 stopped with Ctrl-C. ``PYRALIS_DEBUG=1`` shows the traceback of any of them.
"""

import argparse
import difflib
import importlib
import importlib.metadata
import json
import os
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from pyralis.gen import verbs as verb_package
from pyralis.gen.doctor import requirement_of
from pyralis.gen.errors import ToolError, UserError
from pyralis.gen.progress import Progress

__all__ = ["main"]

# The order of work, which is the order of the help.
ORDER = ("doctor", "check", "export", "generate", "estimate", "simulate", "report", "demo", "bench")

DESCRIPTION = "Trained spiking networks to FPGA hardware, proven in simulation."
EPILOG = """\
start here:
  pyralis doctor            is everything here?
  pyralis VERB --help       the arguments of one verb

Every verb takes --json: its result on stdout as one JSON object, its progress on stderr."""


class _Layout(argparse.RawDescriptionHelpFormatter):
    """Help without the line "VERB" above the list of verbs."""

    def _format_action(self, action: argparse.Action) -> str:
        text = super()._format_action(action)
        return text.partition("\n")[2] if action.nargs == argparse.PARSER else text


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are UserErrors."""

    def error(self, message: str):
        raise UserError(message[:1].upper() + message[1:], where=self.prog, hint=f"{self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line *argv* (default: of this process); returns the exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(argv)
    except (UserError, ToolError, OSError, ModuleNotFoundError, KeyboardInterrupt) as error:
        if os.environ.get("PYRALIS_DEBUG", "0") not in ("", "0"):
            raise
        return _explain(error, argv)


def _run(argv: list[str]) -> int:
    modules = _verbs()
    parser = _parser(modules)
    if not argv:
        print(parser.format_help(), end="")
        return 0
    _check_verb(argv[0], modules)
    args, unknown = parser.parse_known_args(argv)
    if unknown:
        command = f"pyralis {args.verb}"
        raise UserError(f"{command} has no argument {unknown[0]!r}.", where=command, hint=f"{command} --help")
    args.progress = Progress(sys.stderr if args.json else sys.stdout)
    result = modules[args.verb].run(args)
    if args.json:
        print(json.dumps(result, indent=2, default=_plain))
    elif hasattr(modules[args.verb], "render"):
        print(modules[args.verb].render(result))
    sys.stdout.flush()  # a reader that went away is noticed here and not after main()
    return 0 if result.get("ok", True) else 1


def _verbs() -> dict[str, ModuleType]:
    names = [module.name for module in pkgutil.iter_modules(verb_package.__path__)]
    names.sort(key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    return {name: importlib.import_module(f"{verb_package.__name__}.{name}") for name in names}


def _parser(modules: dict[str, ModuleType]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="pyralis",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=_Layout,
        allow_abbrev=False,
    )
    version = f"pyralis {importlib.metadata.version('pyralis')}"
    parser.add_argument("--version", action="version", version=version)
    subparsers = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb", required=True)
    for module in modules.values():
        verb = module.add_parser(subparsers)
        verb.add_argument(
            "--json", action="store_true", help="print the result, and only it, as JSON on stdout"
        )
    return parser


def _check_verb(word: str, modules: dict[str, ModuleType]) -> None:
    if word.startswith("-") or word in modules:
        return
    near = difflib.get_close_matches(word, modules, n=1, cutoff=0.5)
    hint = f"did you mean 'pyralis {near[0]}'?" if near else "pyralis --help"
    raise UserError(f"There is no verb {word!r}; there are {', '.join(modules)}.", where="pyralis", hint=hint)


def _explain(error: BaseException, argv: list[str]) -> int:
    """Prints *error* in three lines; returns the exit code."""
    command = " ".join(["pyralis", *argv[:1]])
    where, code = ("where", command), 1
    match error:
        case UserError():
            what, hint = error.what, error.hint or f"{command} --help"
            where = "where", error.where or command
        case ToolError():
            what, hint, code = error.what, "read the end of the log; pyralis doctor lists the tools", 2
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
