"""Who decides, who waits, and who says what went wrong; the store between the processes is a real one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from torch.distributed import TCPStore

from videoseq.errors import ConfigError, DataError, Interrupted, ProcessFailed
from videoseq.running.processes import Processes, joined
from videoseq.training.options import TrainerOptions


@pytest.fixture
def pair():
    """The first process and the second one."""
    return members(2)


def members(count):
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    others = [Processes(rank, TCPStore("127.0.0.1", store.port, is_master=False)) for rank in range(1, count)]
    return [Processes(0, store), *others]


def test_one_decides_and_the_others_wait_for_it(pair):
    first, second = pair
    course = []

    def prepare(process, name):
        with process.first_ahead():
            course.append(name)
            return process.decided("place", lambda: course.append(f"{name} decides") or f"of the {name}")

    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(prepare, second, "second")
        leading = pool.submit(prepare, first, "first")
        assert (leading.result(10), waiting.result(10)) == ("of the first", "of the first")
    assert course == ["first", "first decides", "second"]


@pytest.mark.parametrize("decision", [None, "", "/runs/ü/\udcff.ckpt"])
def test_a_decision_arrives_as_it_was_made(pair, decision):
    first, second = pair
    assert first.decided("place", lambda: decision) == decision
    assert second.decided("place", lambda: "another") == decision


def test_all_must_find_the_same(pair):
    first, second = pair
    for process in pair:
        process.check_alike("videos", {"train": ["a", "b"]})
    first.check_alike("weights", [1])
    with pytest.raises(
        DataError, match=r"^other weights than in the first process: .* on a disk that they share, and nothing may"
    ):
        second.check_alike("weights", [2])


def test_one_device_is_alone():
    with joined(TrainerOptions(accelerator="cpu")) as alone, alone.first_ahead():
        assert alone.is_first
        assert alone.decided("place", lambda: None) is None


def test_a_mistake_met_by_another_process_is_told_by_the_first(pair):
    first, second = pair
    with pytest.raises(SystemExit) as silent:
        second.fail(DataError("cannot read 'a.mp4'"))
    assert silent.value.code == 2
    with pytest.raises(ProcessFailed, match=r"^process 1 of the run: cannot read 'a\.mp4'$") as told:
        first.fail(RuntimeError("Connection closed by peer"))
    assert told.value.exit_code == 2


def test_a_bug_of_another_process_shows_its_traceback_there(pair):
    first, second = pair
    with pytest.raises(ZeroDivisionError):
        second.fail(ZeroDivisionError("a bug"))
    with pytest.raises(ProcessFailed, match=r"^process 1 of the run: it failed; its traceback stands above$") as told:
        first.fail(RuntimeError("Connection closed by peer"))
    assert told.value.exit_code == 1


def test_what_follows_from_another_failure_is_not_told():
    _first, second, third = members(3)
    with pytest.raises(SystemExit):
        second.fail(DataError("the cause"))
    with pytest.raises(SystemExit) as silent:
        third.fail(RuntimeError("Connection closed by peer"))
    assert silent.value.code == 1


def test_the_first_process_tells_its_own_mistake(pair):
    first, second = pair
    with pytest.raises(SystemExit):
        second.fail(DataError("too many videos are bad"))
    with pytest.raises(DataError, match="too many videos are bad"):
        first.fail(DataError("too many videos are bad"))


@pytest.mark.parametrize("error", [Interrupted("stopped"), KeyboardInterrupt()])
def test_a_process_that_was_stopped_is_silent(pair, error):
    with pytest.raises(SystemExit) as silent:
        pair[1].fail(error)
    assert silent.value.code == 3


def test_processes_are_started_for_the_command_alone():
    message = (
        r"^several devices need a process each: use the command python -m videoseq\.train, which starts them, or torchrun$"
    )
    with pytest.raises(ConfigError, match=message), joined(TrainerOptions(accelerator="cpu", devices=2)):
        pass
