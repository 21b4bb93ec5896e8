"""What an evaluation finds in its folder."""

import pytest

from videoseq.running.measuring import RESULT_FILES, clear_results


@pytest.mark.parametrize("has_results", [True, False])
def test_results_of_an_earlier_evaluation_are_deleted_and_nothing_else(tmp_path, has_results):
    others = ["bad_videos.csv", "notes.txt", "frames.csv.old"]
    for name in [*others, *(RESULT_FILES if has_results else ["values.csv", "segments.csv"])]:
        (tmp_path / name).write_text("x")
    clear_results(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*others, *(() if has_results else ("values.csv", "segments.csv"))}
    clear_results(tmp_path / "nowhere")
