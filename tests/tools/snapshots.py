"""Snapshots of what people read, in files of their own."""

from __future__ import annotations

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode


class Text(SingleFileSnapshotExtension):
    """A snapshot to be read as it is."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


class Markdown(Text):
    """One that GitHub shows as tables."""

    file_extension = "md"
