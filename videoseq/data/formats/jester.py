"""20BN-Jester: gestures as folders of frames and lists `id;label`."""

from videoseq.data.formats.id_lists import read_id_lists
from videoseq.data.formats.source import Source
from videoseq.types import VideoRecord


def read_jester(source: Source) -> list[VideoRecord]:
    """Reads 20BN-Jester V1 (Materzynska et al. 2019), at 12 frames a second where nothing else is said.

    Args:
        source: The data set.

    Raises:
        DataError: See `read_id_lists`.
    """
    return read_id_lists(source, "jester-v1")
