"""A cluster with forty add-ons: its templates have room left, and the order of a list changes nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.forty import COUNT, forty
from blueprint import plan
from blueprint.planning.file import dumped
from tools.synthesis import synthesize

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
LIMITS = {"Resources": 500, "Outputs": 200, "Parameters": 200, "Mappings": 200}
TEMPLATE_BYTES = 1_000_000  # of one that comes from S3: 1 MB
SHARE = 0.6


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """The templates as they are uploaded, by name."""
    return written(tmp_path_factory.mktemp("forty"), forty())


def written(folder: Path, blueprint: Any) -> Mapping[str, bytes]:
    synthesize([plan(blueprint)], folder, validate=False)
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*.template.json"))}


def shuffled(seed: int) -> Any:
    blueprint = forty()
    order = random.Random(seed)  # noqa: S311  # the same each time, and no secret
    return replace(blueprint, addons=tuple(order.sample(blueprint.addons, len(blueprint.addons))))


def test_there_are_so_many() -> None:
    blueprint = forty()
    assert len({addon.name for addon in blueprint.addons}) == len(blueprint.addons) == COUNT
    assert {part.name for part in plan(blueprint).addons} == {addon.name for addon in blueprint.addons}


def test_each_template_stays_far_below_every_limit(files: Mapping[str, bytes]) -> None:
    assert len(files) == 4
    for name, content in files.items():
        assert len(content) < SHARE * TEMPLATE_BYTES, name
        template = json.loads(content)
        for section, limit in LIMITS.items():
            assert len(template.get(section, ())) < SHARE * limit, (name, section)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_list_changes_no_plan(seed: int) -> None:
    assert shuffled(seed).addons != forty().addons
    assert dumped(plan(shuffled(seed))) == dumped(plan(forty()))


def test_the_order_of_the_list_changes_no_template(files: Mapping[str, bytes], tmp_path: Path) -> None:
    assert written(tmp_path, shuffled(7)) == files
