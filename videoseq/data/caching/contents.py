"""What tells the frames that one video shows from those of all others, whatever the file is called."""

import hashlib

from videoseq.types import VideoInfo


def shown_content(info: VideoInfo) -> bytes:
    """Returns a digest of a video's packets, of how its file says that they become pixels, and of when each frame is shown.

    Two cuts of one file may hold the same packets and show others of them: they differ in where decoding starts, in the
    number of frames, or in their times.

    Args:
        info: What the scan found.

    Returns:
        16 bytes.
    """
    times = (info.num_frames, info.first_pts * info.time_base, info.pts_step * info.time_base)
    facts = (info.content_hash, info.shown_as, info.width, info.height, info.rotation, *times)
    digest = hashlib.blake2b(f"{facts} ".encode(), digest_size=16)
    digest.update(info.keyframes.tobytes() + b" ")
    if info.irregular_pts is not None:
        digest.update(info.frame_seconds.tobytes())
    return digest.digest()
