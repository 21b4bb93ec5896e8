"""Copying the packets of a video into another file, each as it is or changed."""

from collections.abc import Callable
from pathlib import Path

import av
from av.packet import Packet


def write_packets(
    path: Path, source: Path, change: Callable[[int, Packet], Packet | None] = lambda _, packet: packet, **options: str
) -> Path:
    """Copies the packets of a video, each changed, or left out where `change` returns None; `options` are the container's."""
    with av.open(str(source)) as container, av.open(str(path), "w", container_options=options) as output:
        copy = output.add_stream_from_template(container.streams.video[0])
        packets = [packet for packet in container.demux(video=0) if packet.size]
        for number, packet in enumerate(packets):
            changed = change(number, packet)
            if changed is not None:
                changed.stream = copy
                output.mux(changed)
    return path
