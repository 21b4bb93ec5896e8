"""The wheel alone, in a clean environment and another directory, trains."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


def _run(*words: object, cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_trains_in_a_clean_environment(tmp_path, bars):
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", PROJECT, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("videoseq-0.1.0-*.whl")
    _run(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    _run(python, "-m", "pip", "install", "-q", "-c", PROJECT / "constraints.txt", wheel, cwd=tmp_path)
    (tmp_path / "elsewhere").mkdir()
    where = _run(python, "-c", "import videoseq; print(videoseq.__file__)", cwd=tmp_path / "elsewhere")
    assert where.startswith(str(tmp_path / "env"))
    _run(
        python, "-m", "videoseq.train", f"data.root={bars}", "model/encoder=simple", "training.max_epochs=1", "trainer=cpu",
        "clip.num_frames=4", "clip.height=32", "clip.width=32", "data.num_workers=1", f"paths.cache={tmp_path / 'cache'}",
        cwd=tmp_path / "elsewhere",
    )  # fmt: skip
    (metrics,) = (tmp_path / "elsewhere").glob("outputs/train/*/metrics.json")
    figures = json.loads(metrics.read_text())
    assert figures["epochs"] == 1
    assert figures["versions"]["videoseq"] == "0.1.0"
