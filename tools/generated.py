"""Files that a command writes and people commit, so that a pull request shows what it makes of them."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app import ROOT
from tools.options import add_json
from tools.outputs import refuse_links
from tools.status import CannotError, Status


@dataclass(frozen=True)
class Pages:
    """Texts by their places in a folder, each under a header that no other file begins with."""

    command: str
    """What writes them: `make diagram`."""
    folder: Path
    header: str
    texts: Mapping[str, str]
    places: Sequence[str] = ("**/*.md",)
    """Where there may be others that the command wrote."""

    def stale(self) -> dict[str, str]:
        """Of each page that is not as it would be written, why; a file without the header is somebody's own."""
        found = {}
        for name, text in self.texts.items():
            path = self.folder / name
            if not path.exists():
                found[name] = "is missing"
            elif path.read_bytes() != text.encode():
                found[name] = "is out of date"
        for path in sorted({path for pattern in self.places for path in self.folder.glob(pattern)}):
            name = path.relative_to(self.folder).as_posix()
            if name not in self.texts and path.read_text(encoding="utf-8").startswith(self.header):
                found[name] = "is about what is gone"
        return found

    def publish(self, options: Namespace) -> int:
        """Writes the pages, or with --check says which are out of date. The exit status."""
        stale = self.stale()
        if options.json:
            print(json.dumps({str(_shown(self.folder / name)): why for name, why in stale.items()}, indent=2))
        if options.check:
            for name, why in stale.items():
                print(f"{_shown(self.folder / name)}: {why}", file=sys.stderr)
            if stale:
                print(f"Run `{self.command}` and commit what it writes.", file=sys.stderr)
            return Status.REFUSED if stale else Status.DONE
        self._refuse_foreign(stale)
        for name in stale:
            path = self.folder / name
            if name in self.texts:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self.texts[name], encoding="utf-8", newline="\n")
            else:
                path.unlink()
        if not options.json:
            for name in stale:
                print(f"{_shown(self.folder / name)}: {'written' if name in self.texts else 'removed'}")
            print(f"{len(self.texts.keys() - stale.keys())} of {len(self.texts)} pages were up to date.")
        return Status.DONE

    def _refuse_foreign(self, names: Iterable[str]) -> None:
        """Nothing is overwritten that is somebody's own, nor by a link what stands elsewhere."""
        for path in (self.folder / name for name in names):
            refuse_links(path, self.folder)
            if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(self.header):
                raise CannotError(f"{_shown(path)} is not of {self.command}, which would write it: move it away.")


def add_check(parser: ArgumentParser) -> None:
    """Declares what `publish` reads."""
    parser.add_argument("--check", action="store_true", help="only say which pages are out of date")
    add_json(parser, "of each page that was not up to date, why")


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
