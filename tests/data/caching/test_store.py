"""Arrays by name in shards: what was committed is found whole, whatever happened to its writer or its disk."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from videoseq.data.caching.store import ArrayStore
from videoseq.errors import DataError

ARRAYS = {
    "clip": np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3),
    "features": np.linspace(-1, 1, 10, dtype=np.float16).reshape(2, 5),
    "number": np.array(7, np.int64),
    "nothing": np.zeros((0, 4), np.float32),
    "turned": np.arange(6, dtype=np.float32).reshape(2, 3).T,
}


def opened(folder: Path, **description: object) -> ArrayStore:
    return ArrayStore.open(folder, description)


def filled(folder: Path, **arrays: np.ndarray) -> ArrayStore:
    """A store with arrays in it, read for the first time by whoever uses it next."""
    store = opened(folder)
    with store.writer() as writer:
        for name, array in arrays.items():
            writer.add(name, array)
    return store


def test_arrays_come_back_as_they_went_in(tmp_path):
    store = filled(tmp_path, **ARRAYS)
    assert len(store) == 5
    assert store.missing(["absent", *ARRAYS, "other"]) == ["absent", "other"]
    for name, array in ARRAYS.items():
        assert name in store
        assert store[name].dtype == array.dtype
        assert np.array_equal(store[name], array)
        assert store[name].shape == array.shape
    with pytest.raises(KeyError, match="absent"):
        store["absent"]


def test_what_is_read_cannot_be_changed(tmp_path):
    store = filled(tmp_path, **ARRAYS)
    with pytest.raises(ValueError, match="read-only"):
        store["clip"][0] = 0


def test_stacked_arrays(tmp_path):
    rows = {str(number): np.full((2, 3), number, np.float32) for number in range(5)}
    store = filled(tmp_path, **rows, other=np.zeros(4, np.float32))
    stacked = store.stack(["3", "1", "3"])
    assert stacked.dtype == np.float32
    assert np.array_equal(stacked, np.stack([rows["3"], rows["1"], rows["3"]]))
    with pytest.raises(ValueError, match=r"expected arrays of one shape and type, got .*\(2, 3\).*\(4,\)"):
        store.stack(["1", "other"])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array(["a"]), r"expected numbers in at most 8 dimensions, got <U1 \(1,\)"),
        (np.array([None]), "got object"),
        (np.zeros((1,) * 9), "got float64"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(tmp_path, array, message):
    with opened(tmp_path).writer() as writer, pytest.raises(ValueError, match=message):
        writer.add("name", array)


def test_an_array_counts_once_it_is_committed(tmp_path):
    store = opened(tmp_path)
    with store.writer() as writer:
        writer.add("a", np.zeros(3))
        assert "a" not in store
        writer.commit()
        assert "a" not in store
        store.refresh()
        assert "a" in store
        writer.add("b", np.ones(3))
        writer.commit()
        store.refresh()
        assert store.missing(["a", "b"]) == []
    assert np.array_equal(store["b"], np.ones(3))


def test_an_error_leaves_only_what_was_committed(tmp_path):
    store = opened(tmp_path)
    with pytest.raises(ValueError, match="expected numbers"), store.writer() as writer:  # noqa: PT012
        writer.add("a", np.zeros(3))
        writer.commit()
        writer.add("b", np.zeros(3))
        writer.add("c", np.array(["text"]))
    assert store.missing(["a", "b"]) == ["b"]


def test_other_descriptions_are_other_stores(tmp_path):
    described = {"encoder": {"name": "simple", "channels": (4, 8)}, "size": [16, 16]}
    with opened(tmp_path, **described).writer() as writer:
        writer.add("a", np.zeros(3))
    same = opened(tmp_path, size=[16, 16], encoder={"channels": [4, 8], "name": "simple"})
    assert "a" in same
    assert '"channels": [' in (same.folder / "description.json").read_text()
    assert "a" not in opened(tmp_path, **described | {"size": [16, 17]})
    assert len(list(tmp_path.iterdir())) == 2


def test_the_size_is_what_the_files_take(tmp_path):
    store = filled(tmp_path, a=np.zeros(100, np.uint8), b=np.zeros(28, np.uint8))
    (data,) = store.folder.glob("*.data")
    (index,) = store.folder.glob("*.index")
    assert data.stat().st_size == 128 + 64
    assert index.stat().st_size == 2 * 80
    assert store.num_bytes == 128 + 64 + 160 + (store.folder / "description.json").stat().st_size


def test_a_doubled_array_is_one(tmp_path):
    filled(tmp_path, a=np.arange(3))
    store = filled(tmp_path, a=np.arange(3), b=np.arange(4))
    assert len(store) == 2
    assert np.array_equal(store["a"], np.arange(3))


def test_many_arrays_are_found(tmp_path):
    names = [f"video {number}" for number in range(2000)]
    store = filled(tmp_path, **{name: np.array([number]) for number, name in enumerate(names)})
    assert store.missing([*names, "video 2000"]) == ["video 2000"]
    assert store.stack(names)[:, 0].tolist() == list(range(2000))


_KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from videoseq.data.caching.store import ArrayStore
writer = ArrayStore.open(Path(sys.argv[1]), {}).writer()
for number in range(3):
    writer.add(f"done {number}", np.full(1000, number))
writer.commit()
for number in range(100):
    writer.add(f"lost {number}", np.full(1000, number))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_writer_leaves_what_it_committed(tmp_path):
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    store = opened(tmp_path)
    assert len(store) == 3
    assert [int(store[f"done {number}"][999]) for number in range(3)] == [0, 1, 2]
    (data,) = store.folder.glob("*.data")
    assert data.stat().st_size > 3 * 8000


def test_a_torn_row_does_not_count(tmp_path, caplog):
    store = filled(tmp_path, a=np.arange(3), b=np.arange(3))
    (index,) = store.folder.glob("*.index")
    whole = index.read_bytes()
    index.write_bytes(whole[:-1])
    assert opened(tmp_path).missing(["a", "b"]) == ["b"]
    assert caplog.text == ""
    index.write_bytes(whole[:-60] + b"\0" * 60)
    assert opened(tmp_path).missing(["a", "b"]) == ["b"]
    assert "1 of 2 rows are damaged and not used" in caplog.text


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 800, os.urandom(800)])
def test_files_of_others_are_ignored(tmp_path, content):
    store = filled(tmp_path, a=np.arange(3))
    (store.folder / "foreign.index").write_bytes(content)
    (store.folder / "foreign.data").write_bytes(content)
    (store.folder / "notes.txt").write_bytes(content)
    assert len(store) == 1
    assert np.array_equal(store["a"], np.arange(3))


def test_arrays_whose_data_are_gone_do_not_count(tmp_path, caplog):
    store = filled(tmp_path, a=np.arange(8), b=np.arange(8))
    (data,) = store.folder.glob("*.data")
    data.write_bytes(data.read_bytes()[:100])
    assert opened(tmp_path).missing(["a", "b"]) == ["b"]
    data.unlink()
    assert opened(tmp_path).missing(["a", "b"]) == ["a", "b"]
    assert "2 of 2 rows are damaged and not used" in caplog.text


def test_a_damaged_array_is_never_read_and_is_missing_from_then_on(tmp_path):
    store = filled(tmp_path, a=np.arange(8), b=np.arange(8))
    (data,) = store.folder.glob("*.data")
    content = bytearray(data.read_bytes())
    content[64 + 5] ^= 1
    data.write_bytes(content)
    with pytest.raises(DataError, match=r"the array of 'b' in '.*' is damaged.*Fix: start again"):
        store["b"]
    assert store.missing(["a", "b"]) == ["b"]
    again = opened(tmp_path)
    assert again.missing(["a", "b"]) == ["b"]
    with again.writer() as writer:
        writer.add("b", np.arange(8))
    again.refresh()
    assert np.array_equal(again["b"], np.arange(8))


def test_damage_that_two_processes_find_stays_found(tmp_path):
    store = filled(tmp_path, a=np.arange(8))
    (data,) = store.folder.glob("*.data")
    data.write_bytes(b"\1" + data.read_bytes()[1:])
    both = [opened(tmp_path), opened(tmp_path)]
    assert [len(each) for each in both] == [1, 1]
    for each in both:
        with pytest.raises(DataError, match="is damaged"):
            each["a"]
        assert opened(tmp_path).missing(["a"]) == ["a"]


_MANY = """
import resource, sys
from pathlib import Path
import numpy as np
from videoseq.data.caching.store import ArrayStore
store = ArrayStore.open(Path(sys.argv[1]), {})
for number in range(200):
    with store.writer() as writer:
        writer.add(str(number), np.array([number]))
resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
views = [store[str(number)] for number in range(50)]
print(sum(int(store[str(number)][0]) for number in range(200)), [int(view[0]) for view in views] == list(range(50)))
"""


def test_more_shards_are_read_than_files_may_be_open(tmp_path):
    read = subprocess.run([sys.executable, "-c", _MANY, str(tmp_path)], check=True, timeout=60, capture_output=True, text=True)
    assert read.stdout == "19900 True\n"


def _look(store: ArrayStore, pipe: "multiprocessing.connection.Connection") -> None:
    pipe.send((store.missing(["clip", "absent"]), store["clip"].tolist()))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes_read_it(tmp_path, method):
    store = filled(tmp_path, **ARRAYS)
    assert "clip" in store
    context = multiprocessing.get_context(method)
    here, there = context.Pipe()
    process = context.Process(target=_look, args=(store, there))
    process.start()
    assert here.recv() == (["absent"], ARRAYS["clip"].tolist())
    process.join()
    assert len(pickle.dumps(store)) < 500


_CLAIMING = """
import sys
from pathlib import Path
from videoseq.data.caching.store import ArrayStore
with ArrayStore.open(Path(sys.argv[1]), {}).claimed(["a", "b"]) as names:
    print(*names, flush=True)
    sys.stdin.read()
"""


def test_two_builders_share_the_work(tmp_path):
    command = [sys.executable, "-c", _CLAIMING, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "a b\n"
        store = filled(tmp_path, d=np.zeros(1))
        with store.claimed(["a", "b", "c", "d"]) as mine:
            assert mine == ["c"]
        other.kill()
    with store.claimed(["a", "b", "c", "d"]) as mine:
        assert mine == ["a", "b", "c"]
