"""Small data sets in the layouts in which they are handed out: real encoded videos and JPEGs, few and tiny."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from videoseq.data.manifest import build_manifest
from videoseq.data.options import DataOptions
from videoseq.data.split_options import SplitOptions
from videoseq.reporting.progress import progress_bar

Row = tuple[str, str, str, str | None]

ENCODERS = {
    ".mp4": ("libx264", {"preset": "ultrafast"}),
    ".avi": ("mpeg4", {}),
    ".webm": ("libvpx-vp9", {"cpu-used": "8", "deadline": "realtime"}),
}


def pictures(seed: int, count: int = 6, height: int = 32, width: int = 32) -> Iterator[np.ndarray]:
    """Yields frames of a bright square that moves over noise, other ones for every seed."""
    noise = np.random.default_rng(seed).integers(0, 90, (height, width, 3)).astype(np.uint8)
    for number in range(count):
        image = noise.copy()
        image[8:20, 2 * number : 2 * number + 10] = 200
        yield image


def write_clip(path: Path, seed: int) -> None:
    """Writes a video of six frames in the container of its suffix."""
    from videoseq.data.writing import write_video

    path.parent.mkdir(parents=True, exist_ok=True)
    codec, options = ENCODERS[path.suffix]
    write_video(path, pictures(seed), fps=12, codec=codec, options=options)


def write_frames(folder: Path, seed: int, pattern: str = "%05d.jpg", first: int = 1, count: int = 6) -> None:
    """Writes the frames of a video as images."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(pictures(seed, count), first):
        Image.fromarray(image).save(folder / (pattern % number))


def write_lines(path: Path, *lines: str) -> None:
    """Writes a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def manifest_table(root: Path, cache: Path, *, index: int | None = None, **options: object) -> list[Row]:
    """Returns path below the root, label, split and group of every video of a data set's manifest, by path."""
    chosen = DataOptions(root=str(root), num_workers=1, split=SplitOptions(index=index), **options)
    manifest = build_manifest(chosen, cache, progress_bar)
    assert manifest.bad == ()
    return sorted(
        (video.record.path.relative_to(root).as_posix(), video.record.label, split, video.record.group)
        for split, videos in manifest.videos.items()
        for video in videos
    )


UCF101_CLASSES = {"ApplyEyeMakeup": "ApplyEyeMakeup", "HandstandPushups": "HandStandPushups"}
"""Folder -> name in the files: they are not written alike in UCF101 either."""


def ucf101_videos(label: str) -> list[str]:
    """Returns the names of a class's videos: three recordings, the second with two clips."""
    name = UCF101_CLASSES[label]
    return [f"{label}/v_{name}_{part}.avi" for part in ("g01_c01", "g08_c01", "g08_c02", "g09_c01")]


def write_ucf101(root: Path, videos: Path | None = None) -> Path:
    """Writes UCF101: split 1 tests g01, split 2 g08, split 3 g09; one video stands in no list."""
    lists = root / "ucfTrainTestlist"
    everything = [name for label in UCF101_CLASSES for name in ucf101_videos(label)]
    write_lines(lists / "classInd.txt", *(f"{number} {label}" for number, label in enumerate(UCF101_CLASSES, 1)))
    for index, group in ((1, "_g01_"), (2, "_g08_"), (3, "_g09_")):
        ids = {label: number for number, label in enumerate(UCF101_CLASSES, 1)}
        train = [f"{name} {ids[name.split('/')[0]]}" for name in everything if group not in name]
        write_lines(lists / f"trainlist0{index}.txt", *train)
        write_lines(lists / f"testlist0{index}.txt", *(name for name in everything if group in name))
    for seed, name in enumerate([*everything, "ApplyEyeMakeup/v_ApplyEyeMakeup_g25_c01.avi"]):
        write_clip((videos or root) / name, seed)
    return root


HMDB51_NAMES = ("50_FIRST DATES (#1)_{}_0.avi", "b_{}_1.avi", "c_{}_2.avi", "d_{}_3.avi")


def write_hmdb51(root: Path) -> Path:
    """Writes HMDB51: in split 1 the first two videos of a class train, the third tests, the fourth is not used."""
    uses = {1: "1120", 2: "1211", 3: "2111"}
    for position, label in enumerate(("brush_hair", "wave")):
        names = [name.format(label) for name in HMDB51_NAMES]
        for seed, name in enumerate(names):
            write_clip(root / label / name, 10 * position + seed)
        for index, use in uses.items():
            rows = (f"{name} {letter} " for name, letter in zip(names, use, strict=True))
            write_lines(root / "testTrainMulti_7030_splits" / f"{label}_test_split{index}.txt", *rows)
    return root


KINETICS_HEADER = "label,youtube_id,time_start,time_end,split,is_cc"


def write_kinetics(root: Path) -> Path:
    """Writes Kinetics: two classes, one name with a comma; one video of train is no longer there."""
    rows: dict[str, list[str]] = {"train": [], "validate": [], "test": []}
    for position, label in enumerate(("abseiling", "washing hands, fast")):
        written = f'"{label}"' if "," in label else label
        for seed, split in enumerate(("train", "train", "validate", "test")):
            video, start = f"-id{position}{seed}", 10 * seed
            rows[split].append(f"{written},{video},{start},{start + 10},{split},0")
            folder = {"train": f"train/{label}", "validate": "val", "test": "."}[split]
            write_clip(root / folder / f"{video}_{start:06d}_{start + 10:06d}.mp4", 10 * position + seed)
    rows["train"].append("abseiling,gone,3,13,train,0")
    for split, lines in rows.items():
        write_lines(root / f"{split}.csv", KINETICS_HEADER, *lines)
    return root


SOMETHING_TEMPLATES = ("Closing something", "Putting something onto something")


def write_something_v2(root: Path) -> Path:
    """Writes Something-Something V2: WebM files, JSON lists; the test list has no labels."""
    bracketed = ("Closing [something]", "Putting [something] onto [something]")
    entries: dict[str, list[dict[str, object]]] = {"train": [], "validation": [], "test": []}
    number = 100
    for template in bracketed:
        for part in ("train", "train", "validation", "test"):
            number += 1
            entry = {"id": str(number), "template": template, "label": "closing a box", "placeholders": ["a box"]}
            entries[part].append({"id": str(number)} if part == "test" else entry)
            write_clip(root / "20bn-something-something-v2" / f"{number}.webm", number)
    for part, those in entries.items():
        (root / f"{part}.json").write_text(json.dumps(those), encoding="utf-8")
    (root / "labels.json").write_text(json.dumps({name: str(k) for k, name in enumerate(SOMETHING_TEMPLATES)}))
    return root


def write_id_lists(root: Path, name: str, labels: tuple[str, str]) -> Path:
    """Writes Jester or Something-Something V1: frames in folders, lists `id;label`; the test list has no labels."""
    rows: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    number = 0
    for label in labels:
        for part in ("train", "train", "validation", "test"):
            number += 1
            rows[part].append(f"{number}" if part == "test" else f"{number};{label}")
            write_frames(root / f"20bn-{name}" / str(number), number)
    write_lines(root / f"{name}-labels.csv", *labels)
    for part, lines in rows.items():
        write_lines(root / f"{name}-{part}.csv", *lines)
    return root


def write_path_lists(root: Path, lines: dict[str, list[str]]) -> Path:
    """Writes the lists, and the six videos that are named in them."""
    for name, those in lines.items():
        write_lines(root / name, *those)
    for seed in range(6):
        write_clip(root / "clips" / f"take {seed}.mp4", seed)
    return root
