"""Commands as processes: their exit codes, and the signals that reach them."""

import signal

import pytest

from tests.commands import train_words
from videoseq.errors import Interrupted, VideoseqError
from videoseq.running.launching import run_command

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def test_a_command_that_ends_well_is_waited_for(capfd):
    before = [signal.getsignal(number) for number in SIGNALS]
    run_command("train", "--help")
    assert "usage: python -m videoseq.train" in capfd.readouterr().out
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_command_that_fails_says_why_itself(capfd):
    with pytest.raises(VideoseqError, match=r"^videoseq\.predict top_k=0 ended with exit code 2$"):
        run_command("predict", "top_k=0")
    assert "videoseq.predict: " in capfd.readouterr().err


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_handed_on_and_told(number, tmp_path, bars, capfd):
    stop = f"{{_target_: tests.signals.SignalParentOnce, batches: 3, number: {int(number)}, marker: '{tmp_path / 'sent'}'}}"
    with pytest.raises(Interrupted, match=r"^stopped while this ran: videoseq\.train "):
        run_command("train", *train_words(bars, tmp_path, "data.batch_size=4", f"callbacks.stop={stop}"))
    assert "; saved" in capfd.readouterr().err
    assert list((tmp_path / "outputs" / "train").glob("*/checkpoints/last.ckpt"))
