"""How long `train --help` takes, beside a program that does nothing but use Hydra."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from videoseq.benchmarks.comparison import Comparison, Contender

_BARE = """import hydra


@hydra.main(version_base="1.3", config_path=None)
def main(cfg):
    print(cfg)


if __name__ == "__main__":
    main()
"""


def compare_startup(repeats: int) -> Comparison:
    """Compares the seconds from the start of Python to the end of the help."""
    with tempfile.TemporaryDirectory(prefix="videoseq-benchmark-") as folder:
        program = Path(folder) / "bare.py"
        program.write_text(_BARE, encoding="utf-8")
        contenders = [
            Contender("videoseq.train --help", lambda: _seconds("-m", "videoseq.train", "--help"), is_ours=True),
            Contender("bare Hydra program --help", lambda: _seconds(str(program), "--help"), aim=0.5),
        ]
        comparison = Comparison("the help", "seconds", contenders, less_is_better=True).run(repeats)
    comparison.notes.append("aim: at most twice the bare program's time, and at most 1 s")
    return comparison


def _seconds(*words: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started
