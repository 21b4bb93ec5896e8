"""Something-Something V1 and V2, and Jester: JSON lists of videos, and lists of folders of frames."""

import json
import logging
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from tests.data.formats.small import (
    SOMETHING_TEMPLATES,
    manifest_table,
    write_frames,
    write_id_lists,
    write_lines,
    write_something_v2,
)
from videoseq.data.annotation_format import AnnotationFormat
from videoseq.data.annotations import read_annotations
from videoseq.data.frame_folders import FrameFolderOptions
from videoseq.errors import DataError
from videoseq.types import FrameFolder

GESTURES = ("Swiping Left", "Thumb Up")
CLOSING, PUTTING = SOMETHING_TEMPLATES


@pytest.fixture(scope="module")
def v2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_something_v2(tmp_path_factory.mktemp("v2"))


@pytest.fixture(scope="module")
def v1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_id_lists(tmp_path_factory.mktemp("v1"), "something-something-v1", SOMETHING_TEMPLATES)


@pytest.fixture(scope="module")
def jester(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_id_lists(tmp_path_factory.mktemp("jester"), "jester-v1", GESTURES)


def test_v2(v2: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    folder = "20bn-something-something-v2"
    assert manifest_table(v2, tmp_path, format="something") == [
        (f"{folder}/101.webm", CLOSING, "train", None),
        (f"{folder}/102.webm", CLOSING, "train", None),
        (f"{folder}/103.webm", CLOSING, "val", None),
        (f"{folder}/105.webm", PUTTING, "train", None),
        (f"{folder}/106.webm", PUTTING, "train", None),
        (f"{folder}/107.webm", PUTTING, "val", None),
    ]
    assert "2 videos of the test list have no label and are left out" in caplog.text


def test_v2_with_its_long_names_and_videos_converted_into_the_root(v2: Path, tmp_path: Path) -> None:
    for part in ("labels", "train", "validation"):
        target = tmp_path / "labels" / f"something-something-v2-{part}.json"
        target.parent.mkdir(exist_ok=True)
        shutil.copy(v2 / f"{part}.json", target)
    for video in (v2 / "20bn-something-something-v2").iterdir():
        shutil.copy(video, tmp_path / f"{video.stem}.mp4")
    records = read_annotations(tmp_path, format="something")
    assert [record.path.name for record in records] == ["101.mp4", "102.mp4", "103.mp4", "105.mp4", "106.mp4", "107.mp4"]
    assert records[0].row == "something-something-v2-train.json entry 0"


@pytest.mark.parametrize(("name", "format"), [("v1", "something"), ("jester", "jester")])
def test_lists_of_frame_folders(
    request: pytest.FixtureRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, format: AnnotationFormat
) -> None:
    caplog.set_level(logging.INFO)
    root = request.getfixturevalue(name)
    full = {"v1": "something-something-v1", "jester": "jester-v1"}[name]
    first, second = {"v1": SOMETHING_TEMPLATES, "jester": GESTURES}[name]
    assert manifest_table(root, tmp_path, format=format) == [
        (f"20bn-{full}/1", first, "train", None),
        (f"20bn-{full}/2", first, "train", None),
        (f"20bn-{full}/3", first, "val", None),
        (f"20bn-{full}/5", second, "train", None),
        (f"20bn-{full}/6", second, "train", None),
        (f"20bn-{full}/7", second, "val", None),
    ]
    assert "2 videos of the test list have no label and are left out" in caplog.text
    records = read_annotations(root, format=format)
    assert {record.frames for record in records} == {FrameFolder("%05d.jpg", 12.0)}
    assert records[0].row == f"{full}-train.csv row 1"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (FrameFolderOptions(fps=15), FrameFolder("%05d.jpg", 15.0)),
        (FrameFolderOptions("img_%d.png"), FrameFolder("img_%d.png", 12.0)),
    ],
)
def test_the_usual_frames_can_be_said_otherwise(
    jester: Path, tmp_path: Path, options: FrameFolderOptions, expected: FrameFolder
) -> None:
    root = Path(shutil.copytree(jester, tmp_path / "data"))
    for folder in (root / "20bn-jester-v1").iterdir():
        write_frames(folder, int(folder.name), "img_%d.png")
    assert {record.frames for record in read_annotations(root, format="jester", frame_folders=options)} == {expected}


def test_the_seconds_follow_the_rate(jester: Path, tmp_path: Path) -> None:
    from videoseq.data.manifest import build_manifest
    from videoseq.data.options import DataOptions
    from videoseq.reporting.progress import progress_bar

    manifest = build_manifest(DataOptions(root=str(jester), format="jester", num_workers=1), tmp_path, progress_bar)
    info = manifest.videos["train"][0].info
    assert (info.time_base, info.num_frames, info.duration_seconds) == (Fraction(1, 12), 6, pytest.approx(0.5))


def test_jester_as_it_is_handed_out_today(jester: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(jester / "20bn-jester-v1", root / "20bn-jester-v1")
    (root / "labels").mkdir()
    for file in jester.glob("*.csv"):
        shutil.copy(file, root / "labels" / file.name.removeprefix("jester-v1-"))
    write_lines(root / "labels" / "test-answers.csv", "4;Swiping Left", "8;Thumb Up")
    expected = [("train", "Swiping Left"), ("train", "Swiping Left"), ("val", "Swiping Left"), ("test", "Swiping Left")]
    expected += [(split, "Thumb Up") for split, _ in expected]
    for annotations in (None, root / "labels"):
        records = read_annotations(root, annotations, "jester")
        assert [(record.split, record.label) for record in records] == expected
    assert records[3].row == "test-answers.csv row 1"


def test_v2_as_it_is_handed_out_today(v2: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(v2 / "20bn-something-something-v2", root / "20bn-something-something-v2")
    (root / "labels").mkdir()
    for file in v2.glob("*.json"):
        shutil.copy(file, root / "labels")
    write_lines(root / "labels" / "test-answers.csv", f"104;{CLOSING}", f"108;{PUTTING}")
    records = read_annotations(root, format="something")
    assert [(record.path.stem, record.label) for record in records if record.split == "test"] == [
        ("104", CLOSING),
        ("108", PUTTING),
    ]
    assert len(records) == 8


def test_an_id_is_the_whole_name_of_a_folder(v2: Path, tmp_path: Path) -> None:
    for part in ("labels", "train", "validation"):
        shutil.copy(v2 / f"{part}.json", tmp_path)
    for number in ("101.0", 102, 103, 105, 106, 107):
        write_frames(tmp_path / str(number), 1)
    with pytest.raises(DataError, match=r"train\.json entry 0: there is no video '101\.webm'"):
        read_annotations(tmp_path, format="something", frame_folders=FrameFolderOptions("%05d.jpg"))


def test_a_label_of_another_list(jester: Path, tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    for file in jester.glob("*.csv"):
        shutil.copy(file, lists)
    write_lines(lists / "jester-v1-labels.csv", "Swipe Left", "Thumb Up")
    message = r"train\.csv row 1: the label 'Swiping Left' is not in jester-v1-labels\.csv\. Fix: did you mean 'Swipe Left'\?"
    with pytest.raises(DataError, match=message):
        read_annotations(jester, lists, "jester")


def test_a_template_of_another_list(v2: Path, tmp_path: Path) -> None:
    for file in v2.glob("*.json"):
        shutil.copy(file, tmp_path)
    (tmp_path / "labels.json").write_text(json.dumps({"Closing a thing": "0"}))
    message = (
        r"train\.json entry 0: the template 'Closing something' is not in the labels' file\. Fix: .*Known: Closing a thing"
    )
    with pytest.raises(DataError, match=message):
        read_annotations(v2, tmp_path, "something")


@pytest.mark.parametrize("part", ["labels", "train", "validation"])
def test_missing_lists(v2: Path, jester: Path, tmp_path: Path, part: str) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    for file in [*jester.glob("*.csv"), *v2.glob("*.json")]:
        if part not in file.name:
            shutil.copy(file, lists)
    with pytest.raises(
        DataError,
        match=rf"there is no '{lists}/jester-v1-{part}\.csv' or '{lists}/{part}\.csv', expected jester-v1-lab.*id/00001",
    ):
        read_annotations(jester, lists, "jester")
    message = rf"there is no '{lists}/something-something-v2-{part}\.json' or '{lists}/{part}\.json', expected labels\.json"
    with pytest.raises(DataError, match=message):
        read_annotations(v2, lists, "something")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"train\.json: not a JSON file \(.*\)\. Fix: download it again"),
        ("{}", r"train\.json: got a JSON dict, expected a list of \{id, template\}"),
        ("[3]", r"train\.json entry 0: got '3', expected an object with id and template"),
        (
            '[{"id": 9, "template": "Closing [something]"}]',
            r"train\.json entry 0: there is no video '9\.webm' in .*, expected labels",
        ),
    ],
)
def test_wrong_json(v2: Path, tmp_path: Path, content: str, message: str) -> None:
    for file in v2.glob("*.json"):
        shutil.copy(file, tmp_path)
    (tmp_path / "train.json").write_text(content)
    with pytest.raises(DataError, match=message):
        read_annotations(v2, tmp_path, "something")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1;Swiping Left;x", r"jester-v1-train\.csv row 1: got '1;Swiping Left;x', expected id;label\. Fix: correct the row"),
        (
            "99;Swiping Left",
            r"there is no '99' in '.*' or '.*20bn-jester-v1', expected jester-v1-labels\.csv.*the root holds '20bn-jes",
        ),
        ("1", r"jester-v1-train\.csv row 1: the label '' is not in jester-v1-labels\.csv"),
        ("../outside;Swiping Left", r"jester-v1-train\.csv row 1: '\.\./outside' lies outside the data set's root"),
    ],
)
def test_wrong_rows(jester: Path, tmp_path: Path, row: str, message: str) -> None:
    for file in jester.glob("*.csv"):
        shutil.copy(file, tmp_path)
    write_lines(tmp_path / "jester-v1-train.csv", row)
    write_frames(jester.parent / "outside", 1)
    with pytest.raises(DataError, match=message):
        read_annotations(jester, tmp_path, "jester")


def test_lists_of_both_versions_in_one_folder(v1: Path, v2: Path, tmp_path: Path) -> None:
    for file in [*v1.glob("*.csv"), *v2.glob("*.json")]:
        shutil.copy(file, tmp_path)
    with pytest.raises(DataError, match=r"holds the lists of V1 and of V2\. Fix: move one of them.*data\.annotations=DIR"):
        read_annotations(v1, tmp_path, "something")
