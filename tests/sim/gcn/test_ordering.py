"""Programs that depend on who is faster, or stand still, are found."""

import pytest

from pyralis.sim.gcn.ordering import UNITS, Job, OrderError, Touch, check


def job(unit: str, *touches: Touch, **settings) -> Job:
    after = dict.fromkeys(UNITS, 0) | settings.pop("after", {})
    return Job(unit=unit, after=after, touches=touches, **settings)


WRITE, READ = Touch("rows", 0, 10, True), Touch("rows", 9, 20, False)


def test_a_wait_keeps_apart_what_meets():
    first = job("combine", WRITE)
    check([first, job("aggregate", READ, after={"combine": 1})])
    check([first, job("combine", READ)])  # a unit works on one after the other
    check([job("combine", READ), job("aggregate", READ)])
    check([first, job("aggregate", Touch("rows", 10, 20, True))])
    message = r"^descriptors 0 and 1 meet in rows, words 9\.\.9, and neither waits for the other$"
    with pytest.raises(OrderError, match=message):
        check([first, job("aggregate", READ)])


def test_waits_go_on_through_others():
    chain = [
        job("combine", WRITE),
        job("store", after={"combine": 1}),
        job("aggregate", READ, after={"store": 1}),
    ]
    check(chain)
    with pytest.raises(OrderError, match=r"^descriptors 0 and 2 meet in rows"):
        check([chain[0], job("store"), chain[2]])


def test_what_never_begins_is_found():
    message = "descriptor 1 waits for 2 of unit load, and 1 are in front of it"
    with pytest.raises(OrderError, match=f"^{message}$"):
        check([job("load"), job("combine", after={"load": 2})])
    with pytest.raises(OrderError, match=r"^descriptor 1 follows a load that is not in front of it$"):
        check([job("load"), job("combine", after={"load": 1}, follows=True)])


def test_lines_can_be_read_while_they_come_and_nothing_else():
    lines = Touch("edges", 0, 4, True)
    reader = job("aggregate", Touch("edges", 0, 4, False), follows=True, lines="edges")
    check([job("load", lines), reader])
    with pytest.raises(OrderError, match=r"^descriptors 0 and 1 meet in rows"):
        check([job("load", WRITE), job("aggregate", READ, follows=True, lines="edges")])


def test_lists_of_an_aggregation_are_read_before_its_rows():
    load = job("load", Touch("edges", 0, 4, True))
    loaded = job("combine", WRITE, after={"load": 1})
    touches = Touch("edges", 0, 4, False), READ
    check([load, loaded, job("aggregate", *touches, after={"load": 1, "combine": 1}, lines="edges")])
    with pytest.raises(OrderError, match=r"^descriptors 0 and 2 meet in edges, words 0\.\.3, and neither"):
        check([load, loaded, job("aggregate", *touches, after={"combine": 1}, lines="edges")])
    follows = job("aggregate", *touches, after={"combine": 1}, lines="edges", follows=True)
    check([load, loaded, follows])
    before = job("aggregate", *touches, after={"load": 1, "combine": 1}, lines="edges")
    again = job("aggregate", touches[0], lines="edges")
    check([load, loaded, before, again])


def test_chains_are_two_neighbours_that_run_side_by_side():
    sends, takes = job("aggregate", to_chain=True), job("combine", from_chain=True)
    check([sends, takes])
    with pytest.raises(OrderError, match=r"^descriptor 1 waits for 0, which hands its rows to it$"):
        check([sends, job("combine", from_chain=True, after={"aggregate": 1})])
    for broken in ([sends, job("load"), takes], [takes]):
        with pytest.raises(OrderError, match=r"^descriptor . and the one before it are not a chain$"):
            check(broken)
    with pytest.raises(OrderError, match=r"^descriptor 0 hands its rows to nobody$"):
        check([sends])
