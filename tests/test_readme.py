"""The README shows what the project does."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from addons.cert_manager import CertManager
from addons.core import CORE, core
from addons.vpc_cni import VpcCni
from blueprint import PublicEndpoint
from blueprint.errors import BlueprintError
from blueprint.planning.document import Plan
from blueprint.planning.planner import plans as plan_all
from examples.dev import DEV
from tests.stacks.fleet import FLEET
from tools.assembly import read
from tools.commands.synth import as_text
from tools.synthesis import synthesize

Blocks = list[tuple[str, str]]


@pytest.fixture
def blocks(root: Path) -> Blocks:
    """Language and text of each block of code."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    return [(language, text.rstrip("\n")) for language, text in found]


def test_the_cluster_file_is_that_of_dev(blocks: Blocks, root: Path) -> None:
    (shown,) = (text for language, text in blocks if language == "python")
    assert shown in (root / "examples" / "dev.py").read_text(encoding="utf-8")


def test_the_table_is_what_synthesis_prints(blocks: Blocks, plans: tuple[Plan, ...], tmp_path: Path) -> None:
    synthesize(plans, tmp_path, validate=False)
    assert ("", as_text(plans, read(tmp_path))) in blocks


def test_the_report_is_that_of_two_mistakes(blocks: Blocks) -> None:
    addons = tuple(
        CertManager(acme_email="platform") if addon.name == "cert-manager" else addon for addon in DEV.addons
    )
    cluster = replace(DEV.cluster, endpoint=PublicEndpoint(allow=("0.0.0.0/0",)))
    with pytest.raises(BlueprintError) as raised:
        plan_all({"clusters/dev.py: DEV": replace(DEV, cluster=cluster, addons=addons)})
    assert ("", str(raised.value)) in blocks


def test_the_core_set_is_changed_as_shown(root: Path) -> None:
    (call,) = re.findall(r"`(core\(.*\))`", (root / "README.md").read_text(encoding="utf-8"))
    shown = eval(call, {"core": core, "VpcCni": VpcCni})  # noqa: S307  # what the README says is what is tested
    (cni, *others) = shown
    assert isinstance(cni, VpcCni)
    assert cni != CORE[0]
    assert (*others,) == CORE[1:]


def test_the_add_ons_are_named(root: Path) -> None:
    """In the table that is written from the types, to which it leads."""
    table = "docs/reference/addons/README.md"
    assert f"]({table})" in (root / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([a-z0-9-]+)`", (root / table).read_text(encoding="utf-8")))
    used = {type(addon).name for blueprint in FLEET for addon in blueprint.addons if hasattr(type(addon), "name")}
    assert used <= listed


def test_five_commands_lead_to_an_own_cluster(blocks: Blocks, root: Path) -> None:
    """The road itself is in test_roads.py."""
    (commands,) = (text.splitlines() for language, text in blocks if language == "sh" and "git clone" in text)
    assert len(commands) == 5
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    (taken,) = re.findall(r"^GIVEN := (.*)$", makefile, re.MULTILINE)
    for command in commands[2:]:
        _, target, *variables = command.partition("#")[0].split()
        assert re.search(rf"^{target}: .*## ", makefile, re.MULTILINE)
        assert {each.partition("=")[0] for each in variables} <= {*taken.split()}
