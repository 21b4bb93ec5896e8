import pytest
import torch

from videoseq.errors import ConfigError
from videoseq.serving.device import autocast, choose_device


def test_cpu_is_cpu_and_auto_is_what_there_is():
    assert choose_device("cpu") == torch.device("cpu")
    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert choose_device("auto") == torch.device(best)


def test_the_number_of_threads_is_set_or_left(restored_threads):
    choose_device("cpu", 3)
    assert torch.get_num_threads() == 3
    choose_device("cpu")
    assert torch.get_num_threads() == 3


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match=r"trainer\.accelerator=gpu, but torch finds no GPU here: use trainer=cpu"):
        choose_device("gpu")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is one")
def test_an_apple_gpu_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match=r"trainer\.accelerator=mps, but torch finds none here: use trainer=cpu"):
        choose_device("mps")


@pytest.mark.parametrize(
    ("precision", "dtype"),
    [("32-true", torch.float32), ("bf16-mixed", torch.bfloat16), ("16-mixed", torch.float16)],
)
def test_precision_is_that_of_a_matrix_product(precision, dtype):
    with autocast(torch.device("cpu"), precision):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype
    assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
