"""Files of manifests in this project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from blueprint.errors import Problem, Quoted
from blueprint.manifests.documents import ManifestDocument, parsed

# What a team brings travels in one custom resource, escaped, and on an update beside its old state. A template has room
# for 1 MB, and kubectl keeps 256 KiB of each object in an annotation.
LARGEST_BYTES = 200_000


def read(root: Path, directory: str) -> tuple[list[ManifestDocument], list[Problem]]:
    """The documents of all .yaml and .yml files below a directory of the project, by file name, and what is wrong."""
    folder = root / directory
    ways = [root.joinpath(*Path(directory).parts[:count]) for count in range(1, len(Path(directory).parts) + 1)]
    if any(way.is_symlink() for way in ways) or not folder.is_dir():
        rule = "must be a directory of the project, and no symbolic link"
        return [], [Problem(("directory",), directory, rule, "write its path from the project's root")]
    documents: list[ManifestDocument] = []
    problems: list[Problem] = []
    empty, room = True, LARGEST_BYTES
    for path in sorted(folder.rglob("*"), key=lambda path: path.as_posix()):
        name = path.relative_to(root).as_posix()
        link = path.is_symlink()
        if not link and (path.is_dir() or path.suffix.lower() not in (".yaml", ".yml")):
            continue
        empty = False
        if link or not path.is_file():
            problems.append(Problem((), Quoted(path.name), "must be a file, and no link", "put the file there", name))
            continue
        size = path.stat().st_size
        room -= size
        if room < 0:
            rule = f"the manifests of a directory have at most {LARGEST_BYTES // 1000} kB: a template carries them"
            problems.append(Problem((), Quoted(f"{size} bytes"), rule, "let a chart or Argo CD carry them", name))
            break
        for found in _documents(name, path):
            if isinstance(found, ManifestDocument):
                documents.append(found)
            else:
                problems.append(found)
    if empty:
        problems.append(Problem(("directory",), directory, "holds no .yaml and no .yml file", "put manifests there"))
    return documents, problems


def _documents(name: str, path: Path) -> Iterator[ManifestDocument | Problem]:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        yield Problem((), Quoted(f"byte {error.start}"), "must be UTF-8", "save the file as UTF-8", f"{name}:{line}")
    except OSError as error:
        yield Problem((), Quoted(type(error).__name__), "cannot be read", "let whoever runs this read it", name)
    else:
        yield from parsed(name, text)
