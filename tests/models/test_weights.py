import pickle
import sys
from collections import OrderedDict

import pytest
import torch
from torch import nn

from videoseq.errors import CheckpointError
from videoseq.models.weights import fit_state, is_state_dict, read_state_dict, read_torch_file


class Malicious:
    def __reduce__(self):
        return print, ("this code was run",)


def read(path):
    return read_torch_file(path, what="weights", fix="give another")


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"no\.pth' is not there; expected weights: give another"):
        read(tmp_path / "no.pth")
    with pytest.raises(CheckpointError, match=r"is a folder; expected weights: give another"):
        read(tmp_path)
    with pytest.raises(CheckpointError, match=r"is not a regular file; expected weights"):
        read("/dev/null")


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04 a torn archive", b"\x80\x02."])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"x\.pth' cannot be read; expected weights, a file of tensors"):
        read(path)


@pytest.mark.parametrize("writer", ["pickle", "torch", "torch_legacy"])
def test_code_in_a_file_is_never_run(tmp_path, capsys, writer):
    path = tmp_path / "x.pth"
    if writer == "pickle":
        path.write_bytes(pickle.dumps({"a": Malicious()}))
    else:
        torch.save({"a": Malicious()}, path, _use_new_zipfile_serialization=writer == "torch")
    with pytest.raises(CheckpointError, match=r"x\.pth' cannot be read; expected weights"):
        read(path)
    assert "this code was run" not in capsys.readouterr().out


def test_state_dicts_are_read_in_both_formats_of_torch(tmp_path):
    state = nn.BatchNorm2d(2).state_dict()
    for new in (True, False):
        torch.save(state, tmp_path / "x.pth", _use_new_zipfile_serialization=new)
        assert list(read_state_dict(tmp_path / "x.pth", fix="-")) == list(state)


@pytest.mark.parametrize(
    ("content", "got"),
    [({"state_dict": {}, "epoch": 1}, "a dict with the keys 'state_dict', 'epoch'"), ([1], "list"), ({}, "dict")],
)
def test_what_is_no_state_dict_is_refused(tmp_path, content, got):
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(CheckpointError, match=rf"x\.pth' holds {got}; expected a state dict \(tensors by name\)\. Fix: F"):
        read_state_dict(tmp_path / "x.pth", fix="F")


def test_is_state_dict():
    assert is_state_dict(OrderedDict(a=torch.zeros(1)))
    assert not is_state_dict({1: torch.zeros(1)})
    assert not is_state_dict({"a": 1})
    assert not is_state_dict(torch.zeros(1))


def network():
    return nn.Sequential(OrderedDict(a=nn.Linear(2, 3), b=nn.BatchNorm1d(3), c=nn.Linear(3, 4)))


def test_states_that_do_not_fit_are_refused_with_the_first_keys():
    state = network().state_dict()
    state["a.weight"] = torch.zeros(3, 5)
    state["d.weight"] = state.pop("c.weight")
    with pytest.raises(
        CheckpointError,
        match=r"X does not fit: got 9 tensors, expected 9; 1 missing: c\.weight; 1 unexpected: d\.weight; "
        r"1 of another shape: a\.weight got \(3, 5\) expected \(3, 2\)\. Fix: F",
    ):
        fit_state(network(), state, source="X", fix="F")
    with pytest.raises(CheckpointError, match=r"8 missing: a\.weight, a\.bias, b\.weight, …"):
        fit_state(network(), {"z": torch.zeros(1)}, source="X", fix="F")


def test_states_that_do_not_fit_change_nothing():
    module, state = network(), network().state_dict()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    del state["c.bias"]
    with pytest.raises(CheckpointError, match=r"1 missing: c\.bias"):
        fit_state(module, state, source="X", fix="F")
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_dropped_parts_may_be_present_and_counters_absent():
    module, state = network(), network().state_dict()
    state["old.weight"] = torch.zeros(1)
    del state["b.num_batches_tracked"]
    fit_state(module, state, source="X", fix="F", dropped=["old"])
    assert torch.equal(module.a.weight, state["a.weight"])
    state["older.weight"] = torch.zeros(1)
    with pytest.raises(CheckpointError, match=r"1 unexpected: older\.weight"):
        fit_state(module, state, source="X", fix="F", dropped=["old"])


def test_safetensors_without_their_package_say_how_to_install_it(tmp_path, monkeypatch):
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)  # Python's own way to say that a module cannot be imported
    with pytest.raises(CheckpointError, match=r"x\.safetensors' needs a package to be read: pip install safetensors$"):
        read_state_dict(path, fix="give another")
