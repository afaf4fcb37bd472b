"""``pyralis doctor``: what this machine has, lacks, and how to get it."""

import argparse

from pyralis.gen.doctor import PURPOSES, check, summary

__all__ = ["add_parser", "render", "run"]


def add_parser(subparsers) -> argparse.ArgumentParser:
    """Adds the verb; returns its parser."""
    return subparsers.add_parser(
        "doctor",
        help="say what this machine has, lacks, and how to get it",
        description="Lists every program and package that Pyralis uses, with the version found and the range "
        "needed. Exit code 1 if something is missing that is not optional.",
    )


def run(args: argparse.Namespace) -> dict:  # noqa: ARG001 - every verb has this signature
    """Returns :func:`pyralis.gen.doctor.summary`."""
    return summary(check())


def render(result: dict) -> str:
    """The table for people."""
    rows = []
    for purpose, meaning in PURPOSES.items():
        rows.append(f"\n{purpose}: {meaning}{'' if result['ready'][purpose] else '  [not ready]'}")
        for finding in (f for f in result["findings"] if f["purpose"] == purpose):
            mark = "ok" if finding["ok"] else "WRONG" if finding["found"] else "MISSING"
            versions = f"{finding['found'] or '-':24}{finding['needed']:15}"
            rows.append(f"  {mark:8}{finding['name']:22}{versions}{finding['hint']}".rstrip())
    verdict = "All that is needed is here." if result["ok"] else "Something is missing: see the last column."
    return "\n".join([*rows, "", verdict]).lstrip("\n")
