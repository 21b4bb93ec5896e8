"""The processes of a run on several devices: started or joined, told what the first has decided, and ended together."""

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn, TypeVar

import torch
from torch import distributed
from torch.distributed import PrefixStore, Store, TCPStore  # type: ignore[attr-defined]
from torch.distributed.rendezvous import rendezvous

from videoseq.errors import DataError, Interrupted, ProcessFailed, VideoseqError
from videoseq.running.children import Children
from videoseq.running.devices import count_processes, is_launched
from videoseq.serving.device import choose_device
from videoseq.training.options import TrainerOptions

T = TypeVar("T", bound=str | None)

_POLL_SECONDS = 0.05
_ENDING_SECONDS = 60.0
_FAILURE = "failure"


class Processes:
    """This process among those that train together; the first one decides, speaks and writes for all.

    Args:
        rank: Number of this process, from 0.
        store: What all of them read and write; None where there is one alone.
        children: The processes that this one has started.
    """

    def __init__(self, rank: int = 0, store: Store | None = None, children: Children | None = None) -> None:
        self.rank = rank
        self._store = store
        self._children = Children(0, {}) if children is None else children

    @property
    def is_first(self) -> bool:
        """Whether this is the first process, or the only one."""
        return self.rank == 0

    def decided(self, what: str, decide: Callable[[], T]) -> T:
        """Returns what `decide` returns in the first process, the only one that calls it.

        Args:
            what: A name for it, another one in every call.
            decide: Called in the first process; text or None, because what comes over a network must not hold code.
        """
        if not self.is_first:
            told: T = json.loads(self._wait_for(what))
            return told
        decision = decide()
        self._tell(what, json.dumps(decision).encode())
        return decision

    def check_alike(self, what: str, value: object) -> None:
        """Checks that what this process has found is what the first has found.

        Args:
            what: Its name, another one in every call.
            value: Whose `repr` says all of it.

        Raises:
            DataError: It is something else.
        """
        digest = hashlib.sha256(repr(value).encode()).hexdigest()
        if self.decided(what, lambda: digest) != digest:
            raise DataError(
                f"other {what} than in the first process: all processes must find the same files, on a disk that they share, "
                "and nothing may change there while a run starts"
            )

    @contextmanager
    def first_ahead(self) -> Iterator[None]:
        """Lets the others begin when the first is through: they find the files that it has made."""
        if not self.is_first:
            self._wait_for("ahead")
        yield
        self._tell("ahead", b"yes")

    def _tell(self, key: str, value: bytes) -> None:
        if self._store is not None and self.is_first:
            self._store.set(key, value)  # type: ignore[arg-type]  # bytes go too

    def _wait_for(self, key: str) -> bytes:
        assert self._store is not None
        # Not `wait`, which ends after a time: a scan may take hours. This fails when the first process is gone.
        while not self._store.check([key]):
            time.sleep(_POLL_SECONDS)
        value: bytes = self._store.get(key)
        return value

    def form_group(self, backend: str, world_size: int) -> None:
        """Makes one group of all processes.

        Raises:
            ProcessFailed: One of those that this one has started ended before it came so far.
        """
        assert self._store is not None
        self._store.set(f"here_{self.rank}", "yes")
        while not self._store.check([f"here_{rank}" for rank in range(world_size)]):
            if failure := self._children.failure():
                raise failure
            time.sleep(_POLL_SECONDS)
        group = PrefixStore("group", self._store)
        distributed.init_process_group(backend, store=group, rank=self.rank, world_size=world_size)

    def leave(self) -> None:
        """Leaves the group after all is done.

        Raises:
            ProcessFailed: One of the processes that this one has started ended with an error.
        """
        distributed.destroy_process_group()
        self._children.wait(_ENDING_SECONDS)
        if failure := self._children.failure():
            raise failure

    def fail(self, error: BaseException) -> NoReturn:
        """Ends this process's part after an error: the first process raises what went wrong, the others are silent.

        Raises:
            ProcessFailed: It went wrong elsewhere.
        """
        if self.is_first:
            raise self._cause(error)
        if isinstance(error, KeyboardInterrupt | Interrupted):
            raise SystemExit(Interrupted.exit_code)
        if isinstance(error, VideoseqError):
            self._report(str(error), error.exit_code)
            raise SystemExit(error.exit_code)
        if self._report("it failed; its traceback stands above", 1):
            raise error
        raise SystemExit(1)

    def _report(self, message: str, exit_code: int) -> bool:
        """Tells of a failure; returns whether it is the first one, and not what follows from another's."""
        assert self._store is not None
        failure = json.dumps([f"process {self.rank} of the run: {message}", exit_code])
        try:
            return bool(self._store.compare_set(_FAILURE, "", failure).decode() == failure)
        except RuntimeError:  # the first process is gone
            return False

    def _cause(self, error: BaseException) -> BaseException:
        """Ends the other processes and returns what ended the run."""
        assert self._store is not None
        is_own = self._report(str(error), 1)
        if isinstance(error, Interrupted):  # mostly all have agreed to stop, and are on their way
            distributed.destroy_process_group()
            self._children.wait(_ENDING_SECONDS)
            return error
        time.sleep(_POLL_SECONDS)  # the end of a process shows a moment after that of its connection
        failure = self._children.failure()
        self._children.kill()
        # A mistake of the user's shows here too; what else goes wrong may follow from a process that is gone.
        if not isinstance(error, RuntimeError):
            return error
        return ProcessFailed(*json.loads(self._store.get(_FAILURE))) if not is_own else failure or error


@contextmanager
def joined(options: TrainerOptions) -> Iterator[Processes]:
    """Makes this process one of those that train on several devices; with one device it stays as it is.

    Under torchrun the processes are there; otherwise this one is the first, and starts the others.

    Args:
        options: On what is trained.

    Yields:
        This process among them.

    Raises:
        ConfigError: The machine has not as many devices, or torchrun has started other processes than the options ask for.
        ProcessFailed: Another process failed.
    """
    count = count_processes(options)
    if count * options.num_nodes == 1 and options.strategy == "auto":
        yield Processes()
        return
    backend = "gloo" if choose_device(options.accelerator).type == "cpu" else "cpu:gloo,cuda:nccl"
    processes = _launched() if is_launched() else _started(count)
    with _surroundings(processes, count):
        try:
            processes.form_group(backend, count * options.num_nodes)
            yield processes
            processes.leave()
        except BaseException as error:
            processes.fail(error)


def _launched() -> Processes:
    """Returns this process among those that torchrun, or the first of them, has started."""
    store, rank, _ = next(iter(rendezvous("env://")))
    return Processes(rank, store)


def _started(count: int) -> Processes:
    """Starts the other processes, `count` with this one, and returns this one among them."""
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    told = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port)}
    numbers = {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count)}
    return Processes(0, store, Children(count - 1, told | numbers))


@contextmanager
def _surroundings(processes: Processes, count: int) -> Iterator[None]:
    """Shares the cores between the processes of a machine and lets one of them speak; all is as before at the end."""
    logger, threads = logging.getLogger("videoseq"), torch.get_num_threads()
    level = logger.level
    # Where the variables are not set, Lightning would start processes of its own, and share the cores after its own fashion.
    share = max(threads // count, 1)
    wanted = {"LOCAL_RANK": "0", "OMP_NUM_THREADS": str(share)}
    variables = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(variables)
    if "OMP_NUM_THREADS" in variables:
        torch.set_num_threads(share)
    if not processes.is_first:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
        torch.set_num_threads(threads)
        for name in variables:
            os.environ.pop(name, None)
