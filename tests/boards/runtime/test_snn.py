"""The driver of the spiking core: what it writes, how it waits, what it refuses, how it comes back."""

import warnings

import numpy as np
import pytest

from pyralis.boards.runtime.errors import (
    CoreError,
    DriverError,
    MemoryFullError,
    SaturationWarning,
    TimeLimitError,
    WrongCoreError,
)
from pyralis.boards.runtime.snn import SnnDriver


def ready(small, board=None):
    driver = SnnDriver(board or small.board(), small.map, small.network)
    driver.load(small.program, small.weights)
    return driver


def test_images_become_scores(small):
    with ready(small) as driver:
        assert (driver.run(small.images) == small.scores).all()
        assert (driver.run(small.images[:1]) == small.scores[:1]).all()
        assert driver.run(small.images).dtype == np.int64


def test_no_images_are_no_scores(small):
    driver = ready(small)
    assert driver.run(small.images[:0]).shape == (0, 10)
    assert driver.transport.jobs == []


def test_the_core_gets_what_the_compiler_says(small):
    board = small.board()
    driver = ready(small, board)
    driver.run(small.images)
    held = board.held
    for name, content in (("program", small.program), ("weights", small.weights)):
        begin = board.wide(f"{name}_address") - 0x1000_0000
        assert bytes(board.memory[begin : begin + len(content)]) == content
    assert held["input_stride"] == small.compiled.input_stride
    assert held["output_stride"] == small.compiled.output_stride
    assert held["resident"] == int(small.compiled.resident)
    assert held["timeout"] == driver.idle_cycles == 1 << 20
    assert held["interrupt"] == 0, "left pending"
    names = [name for name, _ in board.log]
    assert names.index("control") > max(
        names.index(name) for name in ("runs", "timeout", "output_address_hi", "interrupt_enable")
    )


def test_many_images_are_cut_to_what_memory_holds(small):
    board = small.board(5 * 4096)  # a page each for program, weights, results; two for inputs
    driver = ready(small, board)
    images = np.concatenate([small.images] * 200)
    assert (driver.run(images) == np.concatenate([small.scores] * 200)).all()
    assert sum(board.jobs) == len(images) and len(board.jobs) > 2
    assert len(set(board.jobs[:-1])) == 1, "as many as fit, each time"


def test_memory_without_room_for_one_run(small):
    board = small.board(3 * 4096)
    driver = ready(small, board)
    with pytest.raises(MemoryFullError) as caught:
        driver.run(small.images)
    assert caught.value.what == (
        f"one run needs {small.compiled.input_stride} bytes for its input and "
        f"{small.compiled.output_stride} for its results, and there is no room for "
        f"{small.compiled.output_stride} bytes: the board's memory has 12288, and the "
        "largest free piece has 0"
    )
    assert board.window.reserve(4096), "what was reserved in vain was given back"


def test_buffers_are_kept_and_given_back(small):
    board = small.board()
    driver = ready(small, board)
    driver.run(small.images)
    address = board.wide("input_address")
    driver.run(small.images[:2])
    assert board.wide("input_address") == address
    driver.load(small.program, small.weights)
    driver.release()
    assert board.window.reserve(1 << 16) == 0 and not board.closed
    board.window.release(0)
    with pytest.raises(DriverError, match="no network is loaded"):
        driver.run(small.images)
    driver.load(small.program, small.weights)
    driver.close()
    driver.close()
    assert board.window.reserve(1 << 16) == 0
    assert board.closed == 2


def test_what_the_bitstream_brought_is_not_written_again(small):
    board = small.board()
    board.preload("program", small.program)
    board.preload("weights", small.weights)
    driver = ready(small, board)
    assert driver.written == {"program": 0, "weights": 0}
    assert not board.preloaded["program"].writes and not board.preloaded["weights"].writes
    driver.run(small.images)
    assert board.wide("weights_address") == board.preloaded["weights"].address
    driver.close()
    assert not board.preloaded["weights"].freed


def test_what_differs_is_mended_in_place(small):
    board = small.board()
    board.preload("program", small.program)
    board.preload("weights", small.weights)
    board.memory[board.preloaded["weights"].address - 0x1000_0000 + 3] ^= 1
    driver = ready(small, board)
    assert driver.written == {"program": 0, "weights": min(512, len(small.weights))}
    assert board.preloaded["weights"].read(len(small.weights)) == small.weights


def test_a_larger_network_than_the_bitstream_brought_goes_elsewhere(small):
    board = small.board()
    board.preload("program", small.program[:128])
    driver = ready(small, board)
    assert driver.written["program"] == len(small.program)
    driver.run(small.images)
    assert board.wide("program_address") != board.preloaded["program"].address


def test_counters_are_sums_over_all_jobs(small):
    board = small.board(5 * 4096)
    driver = ready(small, board)
    assert driver.counters()["totals"]["cycles"] == 0
    driver.run(np.concatenate([small.images] * 200))
    jobs = len(board.jobs)
    counts = driver.counters()
    assert counts["images"] == 1400
    assert list(counts["totals"]) == [
        "cycles",
        "active",
        "weight_stalls",
        "weight_beats",
        "read_beats",
        "write_beats",
    ]
    assert counts["totals"]["cycles"] == sum(1000 * n + 0x80 for n in range(1, jobs + 1))
    [layer] = counts["layers"]
    assert layer == {
        "name": "fc",
        "cycles": jobs * (100 + 0xC8),
        "active": jobs * (100 + 0xD0),
        "stalls": jobs * (100 + 0xD8),
        "spikes": jobs * (100 + 0xE0),
    }
    driver.run(small.images[:1])
    assert driver.counters()["images"] == 1


def test_saturation_is_a_warning_and_an_attribute(small):
    board = small.board()
    driver = ready(small, board)
    board.saturate = True
    with pytest.warns(SaturationWarning) as caught:
        driver.run(small.images)
    assert str(caught[0].message) == (
        "a potential, bias or threshold was clamped to its width, so scores may differ from the network's; "
        "choose a core with more potential_bits"
    )
    assert driver.saturated
    board.saturate = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        driver.run(small.images)
    assert not driver.saturated


def test_wrong_images_are_sentences(small):
    driver = ready(small)
    with pytest.raises(DriverError) as caught:
        driver.run(small.images[:, 0])
    assert caught.value.what == "the network takes inputs of shape (images, 1, 4, 4), not (7, 4, 4)"
    with pytest.raises(DriverError) as caught:
        driver.run(small.images / 2)
    assert caught.value.what == "the network takes integers, not float64"
    with pytest.raises(DriverError) as caught:
        driver.run(small.images.astype(int) * 2 + 200)
    assert caught.value.what.startswith("direct inputs must lie in -128..127, but these reach ")


def test_nothing_loaded(small):
    driver = SnnDriver(small.board(), small.map, small.network)
    with pytest.raises(DriverError) as caught:
        driver.run(small.images)
    assert (caught.value.what, caught.value.hint) == (
        "no network is loaded",
        "call load(program, weights) first",
    )
    with pytest.raises(DriverError) as caught:
        driver.load(small.program, b"")
    assert (caught.value.what, caught.value.hint) == (
        "weights.bin is empty",
        "take it from the folder of the network",
    )


def test_a_network_that_was_loaded_by_half_is_not_run(small):
    board = small.board(4096)
    driver = SnnDriver(board, small.map, small.network)
    with pytest.raises(MemoryFullError):
        driver.load(small.program, small.weights)
    with pytest.raises(DriverError, match="no network is loaded"):
        driver.run(small.images)
    driver.release()
    assert board.window.reserve(4096) == 0


def test_another_core_is_refused(small):
    board = small.board()
    board.held["lanes"] += 8
    with pytest.raises(WrongCoreError) as caught:
        SnnDriver(board, small.map, small.network)
    assert caught.value.what == "this core has 16 output lanes, the driver was made for 8"


def test_an_error_of_the_core_is_a_sentence_and_the_next_run_works(small):
    board = small.board()
    driver = ready(small, board)
    board.fail, board.owes = (7, 1), 9
    with pytest.raises(CoreError) as caught:
        driver.run(small.images)
    assert caught.value.what == (
        "the core stopped at descriptor 1 (layer 'fc'): the memory refused to hand out the weights"
    )
    assert board.held["interrupt"] == 0 and board.owes == 0, "drained, and the interrupt cleared"
    assert (driver.run(small.images) == small.scores).all()


def test_an_unknown_error_code_is_shown(small):
    board = small.board()
    driver = ready(small, board)
    board.fail = (42, 0)
    with pytest.raises(CoreError, match="it reported the error code 42, which this driver does not know"):
        driver.run(small.images)


def test_a_core_that_does_not_end_is_stopped(small):
    board = small.board()
    driver = ready(small, board)
    board.hang = True
    with pytest.raises(TimeLimitError) as caught:
        driver.run(small.images, seconds=2)
    assert caught.value.what == "the core had ended 0 of 7 runs when the 2 s given to it were over"
    assert caught.value.hint == (
        "give run() more seconds, or fewer images; the core was stopped and can be started again"
    )
    assert 2 <= board.time < 2.1
    assert (driver.run(small.images) == small.scores).all()


def test_a_slow_core_is_waited_for(small):
    board = small.board()
    driver = ready(small, board)
    board.job_seconds = 59.0
    assert (driver.run(small.images) == small.scores).all()


def test_a_job_that_somebody_else_stopped(small):
    board = small.board()
    driver = ready(small, board)
    board.wait = lambda seconds: board.pulse("control", "abort")
    with pytest.raises(CoreError) as caught:
        driver.run(small.images)
    assert (caught.value.what, caught.value.hint) == ("the job was stopped before its end", "run it again")
    del board.wait
    assert (driver.run(small.images) == small.scores).all()


def test_what_a_dead_program_left_running_is_stopped(small):
    board = small.board()
    board.hang = True
    board.pulse("control", "start")
    driver = ready(small, board)
    assert ("control", 2) in board.log
    assert (driver.run(small.images) == small.scores).all()


def test_an_interrupted_run_does_not_disturb_the_next(small):
    board = small.board()
    driver = ready(small, board)

    def interrupt(seconds):
        raise KeyboardInterrupt

    board.wait = interrupt
    with pytest.raises(KeyboardInterrupt):
        driver.run(small.images)
    del board.wait
    assert (driver.run(small.images[:3]) == small.scores[:3]).all()


def test_a_bus_that_never_answers(small):
    board = small.board()
    driver = ready(small, board)
    board.owes = 10**9
    with pytest.raises(TimeLimitError) as caught:
        driver.abort()
    assert (caught.value.what, caught.value.hint) == (
        "the memory still owes the core answers, 0.05 s after it was stopped",
        "load the bitstream again",
    )


def test_a_transport_that_can_reset_does_so_before_giving_up(small):
    board = small.board()
    driver = ready(small, board)
    board.owes, resets = 10**9, []

    def reset():
        resets.append(board.time)
        board.owes = 0

    board.reset = reset
    driver.abort()
    assert len(resets) == 1
    assert (driver.run(small.images) == small.scores).all()


def test_a_network_with_more_layers_than_counters(small):
    many = {**small.network, "layers": [{"name": str(n)} for n in range(64)]}
    driver = SnnDriver(small.board(), small.map, many)
    driver.load(small.program, small.weights)
    driver.run(small.images)
    assert driver.counters()["layers"] == [] and driver.counters()["totals"]["cycles"]
