"""Reads TensorBoard's event files as TensorBoard does, without TensorBoard."""

import struct
from pathlib import Path

from tensorboardX.proto.event_pb2 import Event, SessionLog


def masked_crc(data: bytes) -> int:
    """CRC-32C, bit by bit (RFC 3720), masked as TensorFlow's records have it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def events_of(path: Path) -> list[Event]:
    content, events = path.read_bytes(), []
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        data = content[12 : 12 + length]
        assert struct.unpack("<I", content[8:12])[0] == masked_crc(content[:8])
        assert struct.unpack("<I", content[12 + length : 16 + length])[0] == masked_crc(data)
        events.append(Event.FromString(data))
        content = content[16 + length :]
    return events


def shown(folder: Path) -> dict[str, list[tuple[int, object]]]:
    """What TensorBoard shows of a folder: (step, scalar or image) by tag.

    Files in the order of their names; a restart (but the first, the start) drops its step and later ones.
    """
    tags, started = {}, False
    for path in sorted(folder.iterdir()):
        assert "tfevents" in path.name
        events = events_of(path)
        assert events[0].file_version == "brain.Event:2"
        for event in events:
            if event.session_log.status == SessionLog.START:
                if started:
                    tags = {tag: [found for found in all_ if found[0] < event.step] for tag, all_ in tags.items()}
                started = True
            for value in event.summary.value:
                found = value.image if value.HasField("image") else value.simple_value
                tags.setdefault(value.tag, []).append((event.step, found))
    return tags
