"""The images of add-ons, as far as contracts know them, and where each is in the blueprint's mirror."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.contribution import Release
from blueprint.planning.document import Part
from tools import contracts
from tools.review import pods
from tools.review.manifests import name_in


def contract_of(part: Part, release: Release) -> contracts.Contract | None:
    """That of the release, if it is of its version."""
    found = contracts.read(part.name).get(release.name)
    return found if found and found["version"] == release.chart.version else None


def images_of(part: Part) -> Iterator[tuple[str, str]]:
    """Of its charts, less those that its values take from another repository already; of its own objects. Each with
    where it is in the blueprint's mirror.
    """
    mirrored = dict(part.contribution.mirrored)
    for release in part.contribution.releases:
        if (contract := contract_of(part, release)) is not None:
            known = {*part.contribution.images, *mirrored}
            for image in contract["images"]:
                repository = contracts.repository(image)
                if not known or repository in known:
                    mirror = mirrored.get(repository, "")
                    yield image, f"{mirror}{image.removeprefix(repository)}" if mirror else ""
    for _, image in pods.images({name_in(each): each for each in part.contribution.every_object}):
        yield image, ""
