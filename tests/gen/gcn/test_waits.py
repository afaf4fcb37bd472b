"""What descriptors wait for."""

from pyralis.gen.gcn.waits import Access, Waits


def after(load: int = 0, aggregate: int = 0, combine: int = 0, store: int = 0) -> dict[str, int]:
    counts = {"load": load, "aggregate": aggregate, "combine": combine, "store": store}
    return {f"after_{unit}": count for unit, count in counts.items()}


def test_readers_wait_for_the_last_writer_and_writers_for_all_readers():
    waits = Waits()
    assert waits.add("load", [Access("edges", 0, 8, True)]) == after()
    assert waits.add("load", [Access("edges", 8, 16, True)]) == after()
    assert waits.add("aggregate", [Access("edges", 0, 8)]) == after(load=1)
    assert waits.add("aggregate", [Access("edges", 4, 12)]) == after(load=2)
    assert waits.add("combine", [Access("rows", 4, 12)]) == after()
    assert waits.add("store", [Access("edges", 0, 16)]) == after(load=2)
    assert waits.add("load", [Access("edges", 0, 2, True)]) == after(aggregate=1, store=1)
    assert waits.add("combine", [Access("edges", 11, 12), Access("rows", 0, 99)]) == after(load=2)
    assert waits.counts == {"load": 3, "aggregate": 2, "combine": 2, "store": 1}
