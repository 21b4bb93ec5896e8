"""What is said of a file whose process ended."""

from pathlib import Path

import pytest

from videoseq.data.worker_pool import Answer, Work, run_in_processes


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("raise SystemExit(1)", "exit code 1); a fault of the program, not of the file: please report it"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL); as where memory runs out: use fewer data.num_workers"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV); the file is damaged, try ffmpeg -i x out.mp4"),
    ],
)
def test_a_file_is_damaged_only_where_it_crashes_a_decoder(tmp_path, monkeypatch, code, cause):
    (tmp_path / "ending.py").write_text(f"import os, signal\nprint('{{}}', flush=True)\ninput()\n{code}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    work = Work("ending", "copying", lambda _: 60.0, lambda path: {"path": str(path)})
    assert list(run_in_processes(work, [Path("a.mp4")], 1)) == [Answer(Path("a.mp4"), None, f"copying crashed ({cause}")]
