import pytest

from videoseq.errors import DataError
from videoseq.serving.inputs import find_videos
from videoseq.types import FrameFolder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("b.mp4", "a.MKV", "notes.txt", ".hidden.mp4", "deep/er/c.webm", ".cache/d.mp4", "clip[1].mp4", "odd name"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("b.mp4", ["b.mp4"]),
        ("./b.mp4", ["b.mp4"]),
        ("odd name", ["odd name"]),  # a file is taken whatever its suffix
        ("clip[1].mp4", ["clip[1].mp4"]),  # although it reads like a pattern
        (".", ["a.MKV", "b.mp4", "clip[1].mp4", "deep/er/c.webm"]),
        ("*.mp4", ["b.mp4", "clip[1].mp4"]),
        ("*", ["a.MKV", "b.mp4", "clip[1].mp4"]),
        ("**/*.webm", ["deep/er/c.webm"]),
        ("[ab].*", ["a.MKV", "b.mp4"]),
    ],
)
def test_what_an_input_names(folder, text, names):
    assert find_videos(text) == [folder / name for name in names]
    absolute = str(folder / text)
    assert find_videos(absolute) == [folder / name for name in names]


def test_links_to_folders_are_followed_but_never_in_a_circle(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "e.mp4").touch()
    (folder / "deep" / "link").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(folder / "deep")
    assert find_videos("deep") == [folder / "deep/er/c.webm", folder / "deep/link/e.mp4"]


def test_a_link_to_nowhere_is_taken_so_that_it_is_reported(folder):
    (folder / "gone.mp4").symlink_to(folder / "nowhere.mp4")
    assert find_videos("gone.mp4") == [folder / "gone.mp4"]


FRAMES = FrameFolder("%03d.jpg", 25.0)


@pytest.fixture
def with_frames(folder):
    """Two folders of frames beside the files, one with a picture of another name."""
    for name in ("deep/frames/001.jpg", "deep/frames/002.jpg", "more/000.jpg", "more/cover.png", "pictures/1.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("more", ["more"]),
        ("more/", ["more"]),
        ("deep", ["deep/er/c.webm", "deep/frames"]),
        (".", ["a.MKV", "b.mp4", "clip[1].mp4", "deep/er/c.webm", "deep/frames", "more"]),
        ("*", ["a.MKV", "b.mp4", "clip[1].mp4", "more"]),
        ("*/fr*", ["deep/frames"]),
        ("b.mp4", ["b.mp4"]),
    ],
)
def test_folders_of_frames_are_found_where_a_pattern_is_given(with_frames, text, names):
    assert find_videos(text, FRAMES) == [with_frames / name for name in names]


def test_without_a_pattern_folders_of_frames_are_none(with_frames):
    assert find_videos("deep") == [with_frames / "deep/er/c.webm"]
    message = r"input='more': no videos found, but images, the first is '.*more/.*\.jpg'\. Fix: .* with frame_folders\.pattern"
    with pytest.raises(DataError, match=message):
        find_videos("more")


@pytest.mark.parametrize(("text", "got"), [("pictures", r", got '.*pictures/1\.jpg'"), ("missing", "")])
def test_a_pattern_that_fits_nothing(with_frames, text, got):
    message = rf"input='{text}': no videos found: .* frame_folders\.pattern='%03d\.jpg' says{got}\. Fix: correct the pattern"
    with pytest.raises(DataError, match=message):
        find_videos(text, FRAMES)


@pytest.mark.parametrize("text", ["", "a\0b.mp4", "rtsp://h/?a=1&b=2", "https://example.org/a.mp4", "file:///etc/passwd"])
def test_what_is_no_local_path_is_refused(text):
    with pytest.raises(DataError, match="expected a local file, a folder or a glob pattern such as 'clips/"):
        find_videos(text)


@pytest.mark.parametrize("text", ["missing.mp4", "*.avi", "deep"])
def test_nothing_found_is_an_error(folder, text):
    (folder / "deep" / "er" / "c.webm").unlink()
    with pytest.raises(DataError, match="no videos found; expected a file, a folder or a glob pattern"):
        find_videos(text)
