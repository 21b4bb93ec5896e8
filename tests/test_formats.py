"""Every format of the README is trained on with the command that stands there, and its mistakes end with exit code 2."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import only_run, read_csv, run, train_words
from tests.data.formats import small

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
ROWS = dict(
    re.findall(r"^\| ([^|]+) \| [^|]+ \| `python -m videoseq\.train ([^|]*data\.root=DIR[^|]*)` \|$", README, re.MULTILINE)
)
PATTERN = "data.frame_folders.pattern=frame_%06d.jpg"


def class_folders(root: Path) -> Path:
    for seed in range(8):
        small.write_clip(root / ("wave", "clap")[seed % 2] / f"{seed}.mp4", seed)
    return root


def csv(root: Path) -> Path:
    names = [f"{seed}.mp4" for seed in range(8)]
    for seed, name in enumerate(names):
        small.write_clip(root / name, seed)
    rows = (f"{name},{('wave', 'clap')[seed % 2]},g{seed}" for seed, name in enumerate(names))
    small.write_lines(root / "annotations.csv", "path,label,group", *rows)
    return root


def text_lists(root: Path) -> Path:
    rows = [f"clips/take {seed}.mp4 {seed % 2}" for seed in range(6)]
    small.write_lines(root / "labels.txt", "wave", "clap")
    return small.write_path_lists(root, {"train.txt": rows[:2], "val.txt": rows[2:4], "test.txt": rows[4:]})


def folders_of_frames(root: Path) -> Path:
    for seed in range(8):
        small.write_frames(root / ("wave", "clap")[seed % 2] / f"v{seed}", seed, "frame_%06d.jpg")
    return root


LAYOUTS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "class folders": (class_folders, "2 classes, train 4, val 2, test 2"),
    "CSV": (csv, "2 classes, train 4, val 2, test 2"),
    "text lists": (text_lists, "2 classes, train 2, val 2, test 2"),
    "folders of frames": (folders_of_frames, "2 classes, train 4, val 2, test 2"),
    "UCF101": (small.write_ucf101, "2 classes, train 4, val 2, test 2"),
    "HMDB51": (small.write_hmdb51, "2 classes, train 2, val 2, test 2"),
    "Kinetics": (small.write_kinetics, "2 classes, train 4, val 2, test 2"),
    "Something-Something V2": (small.write_something_v2, "2 classes, train 4, val 2, test 0"),
    "Something-Something V1": (
        lambda root: small.write_id_lists(root, "something-something-v1", small.SOMETHING_TEMPLATES),
        "2 classes, train 4, val 2, test 0",
    ),
    "Jester": (
        lambda root: small.write_id_lists(root, "jester-v1", ("Swiping Left", "Thumb Up")),
        "2 classes, train 4, val 2, test 0",
    ),
}
"""Name of each row of the README's table -> how its layout is made, and what a run says of it."""


def words(root: Path, folder: Path, *more: str) -> list[str]:
    return train_words(root, folder, "training.max_epochs=1", "data.num_workers=0", *more)


def test_the_readme_names_every_format() -> None:
    assert set(ROWS) == set(LAYOUTS)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_command_of_the_readme_trains(capsys, tmp_path, name):
    write, counts = LAYOUTS[name]
    root = write(tmp_path / "data")
    own = ROWS[name].split(" ")
    own.remove("data.root=DIR")
    done = run(capsys, "train", *words(root, tmp_path, *own))
    assert done.code == 0, done.err
    assert counts in (only_run(tmp_path) / "train.log").read_text()


@pytest.fixture(scope="module")
def with_frames(tmp_path_factory) -> tuple[Path, Path]:
    """The data and the folder of a run that was trained on folders of frames."""
    from videoseq.config import TrainConfig, load_config
    from videoseq.train import train

    folder = tmp_path_factory.mktemp("frames")
    root = folders_of_frames(folder / "data")
    return root, train(load_config(TrainConfig, "train", words(root, folder, PATTERN))).folder


def test_evaluate_reads_the_frames_of_the_run(capsys, tmp_path, with_frames):
    _, folder = with_frames
    checkpoint = folder / "checkpoints" / "best.ckpt"
    done = run(
        capsys, "evaluate", f"checkpoint={checkpoint}", f"output={tmp_path / 'out'}", f"paths.cache={tmp_path}", "num_clips=1",
        "trainer=cpu", "data.num_workers=0",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert read_csv(tmp_path / "out" / "predictions.csv") == read_csv(folder / "predictions.csv")


def test_predict_reads_folders_of_frames(capsys, tmp_path, with_frames):
    root, folder = with_frames
    checkpoint = f"checkpoint={folder / 'checkpoints' / 'best.ckpt'}"
    output = f"output={tmp_path / 'rows.csv'}"
    done = run(capsys, "predict", checkpoint, f"input={root}", "frame_folders.pattern=frame_%06d.jpg", output, "trainer=cpu")
    assert done.code == 0, done.err
    rows = {Path(row["path"]).relative_to(root).as_posix(): row for row in read_csv(tmp_path / "rows.csv")}
    assert sorted(rows) == [f"clap/v{seed}" for seed in (1, 3, 5, 7)] + [f"wave/v{seed}" for seed in (0, 2, 4, 6)]
    for tested in read_csv(folder / "predictions.csv"):
        assert rows[tested["path"]]["pred"] == tested["pred"]
    one = run(capsys, "predict", checkpoint, f"input={root}/wave/v0", "frame_folders.pattern=frame_%06d.jpg", "trainer=cpu")
    assert one.code == 0, one.err
    assert "v0" in one.out


def refused(capsys: pytest.CaptureFixture[str], command: str, *those: str) -> str:
    done = run(capsys, command, *those)
    assert done.code == 2, done.err
    assert "Traceback" not in done.err
    return done.err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["data.frame_folders.pattern=img_%05d.jpg"], r"frame_folders\.pattern='img_%05d\.jpg' says, got 'frame_000001\.jpg'"),
        (["data.frame_folders.pattern=img.jpg"], r"data\.frame_folders\.pattern must be a file name with one %d or %06d"),
        ([PATTERN, "data.decoder=decord"], r"data\.decoder=decord reads files, but 8 of 8 videos are folders of frames"),
        ([PATTERN, "data.split.index=2"], r"data\.split\.index=2 chooses an official split, data\.format=folders has none"),
        ([PATTERN, "data.format=ucf101"], r"there is no '.*ucfTrainTestlist/classInd\.txt' or .*expected the videos Class"),
        ([PATTERN, "data.format=jestr"], r"data\.format must be one of auto, folders, csv, .*did you mean 'jester'\?"),
        ([PATTERN, "data.split.strategy=kfold"], r"'clap' is not tested in every fold.*Fix: fewer folds, at most 4, or"),
        ([PATTERN, "data.class_names=x.txt"], r"data\.class_names names the integer labels of data\.format=list"),
    ],
)  # fmt: skip
def test_mistakes_in_options(capsys, tmp_path, with_frames, more, message):
    root, _ = with_frames
    assert re.search(message, refused(capsys, "train", *words(root, tmp_path, *more)))
    assert not (tmp_path / "outputs").exists()


def test_a_gap_ends_training_and_prediction(capsys, tmp_path, with_frames):
    root, folder = with_frames
    copy = shutil.copytree(root, tmp_path / "data")
    (copy / "wave" / "v2" / "frame_000004.jpg").unlink()
    message = r"1 of \d folders of frames have gaps; the first: '.*wave/v2' holds the frames 1 to 6 without 4 \(1 missing\)"
    assert re.search(message, refused(capsys, "train", *words(copy, tmp_path, PATTERN, "data.max_bad_fraction=1")))
    checkpoint = f"checkpoint={folder / 'checkpoints' / 'best.ckpt'}"
    asked = refused(capsys, "predict", checkpoint, f"input={copy}/wave", "frame_folders.pattern=frame_%06d.jpg", "trainer=cpu")
    assert re.search(message, asked)


def test_predict_with_a_reader_of_files(capsys, with_frames):
    root, folder = with_frames
    given = [f"checkpoint={folder / 'checkpoints' / 'best.ckpt'}", f"input={root}/wave", "decoder=decord", "trainer=cpu"]
    message = refused(capsys, "predict", *given)
    assert re.search(
        r"videoseq\.predict: decoder=decord reads files, but 4 of 4 videos are folders of frames, the first is '.*v0'\.",
        message,
    )
    assert message.endswith("Fix: decoder=auto\n")
    assert "scanning" not in message
