"""`make reference`: the committed pages, that they say all, and how."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from addons.external_dns import ExternalDns
from blueprint.auto_mode import AutoMode
from blueprint.compute import Compute
from blueprint.fields import NOT_EMPTY, between, matches
from blueprint.managed_nodes import ManagedNodes
from blueprint.teams import ApplicationTeam, Manifests, Quota, TeamNamespace
from blueprint.value import Value, field_types
from blueprint.versions import DEFAULT
from tests.values.variants import classes as all_classes
from tools.__main__ import main
from tools.commands import reference
from tools.commands.reference import FOLDER
from tools.generated import Pages
from tools.reference.render import HEADER, pages, prose, words
from tools.reference.source import docstrings
from tools.reference.values import classes, default, importable, rules, written


@pytest.fixture(scope="module")
def shown() -> Mapping[str, str]:
    """The pages as they would be written."""
    return pages()


# --- All of it --------------------------------------------------------------------------------------------------------


@pytest.mark.snapshot
def test_the_committed_pages_are_up_to_date(shown: Mapping[str, str]) -> None:
    assert Pages("make reference", FOLDER, HEADER, shown).stale() == {}


def test_every_value_of_a_blueprint_is_there(shown: Mapping[str, str]) -> None:
    assert {*classes()} >= {*all_classes()}, "and those of a user's own add-ons"
    titles = [title for text in shown.values() for title in re.findall(r"^## (\w+)$", text, re.MULTILINE)]
    assert sorted(titles) == sorted(cls.__name__ for cls in classes())


def test_the_list_of_add_ons_says_where_each_can_be(shown: Mapping[str, str]) -> None:
    rows = {line.split("`")[1]: line for line in shown["addons/README.md"].splitlines() if line.startswith("| [")}
    assert "|  | left out: Auto Mode brings load balancing | yes | yes |" in rows["aws-load-balancer-controller"]
    assert "| left out: Auto Mode brings block storage | but for its DaemonSet |" in rows["aws-ebs-csi-driver"]
    assert "| no | [MetricsServer](metrics-server.md#metricsserver) | yes |" in rows["vertical-pod-autoscaler"]
    assert "| no |  | yes | no | yes | `quay.io` |" in rows["prometheus-node-exporter"]


def test_the_list_of_add_ons_says_what_is_installed_and_what_it_may_call(shown: Mapping[str, str], root: Path) -> None:
    rows = {line.split("`")[1]: line for line in shown["addons/README.md"].splitlines() if line.startswith("| [")}
    lock = tomllib.loads((root / "addons/versions.toml").read_text(encoding="utf-8"))
    assert f"| Helm | `{lock['charts']['keda']['version']}` | on request |" in rows["keda"]
    assert f"| EKS | `{lock['eks'][DEFAULT]['vpc-cni']}` | `AmazonEKS_CNI_Policy` |" in rows["vpc-cni"]
    contracts = {path.stem for path in (root / "addons" / "contracts").iterdir()}
    assert {name for name, line in rows.items() if f"/addons/contracts/{name}.json)" in line} == contracts
    assert {name for name, line in rows.items() if "| no chart was had |" in line} == rows.keys() - contracts


def test_the_page_of_an_add_on_says_what_its_charts_install(shown: Mapping[str, str]) -> None:
    page = shown["addons/secrets-store-csi-driver.md"]
    assert page.count("\n## What the chart ") == 2
    assert "| `DaemonSet.apps kube-system/secrets-store-csi-driver` |" in page
    assert "Images: `public.ecr.aws/aws-secrets-manager/secrets-store-csi-driver-provider-aws`." in page


def test_every_field_of_every_value_says_what_it_is() -> None:
    assert [
        f"{cls.__name__}.{name}" for cls in classes() for name in field_types(cls) if not docstrings(cls).get(name)
    ] == []


def test_every_field_has_a_row_and_a_paragraph(shown: Mapping[str, str]) -> None:
    text = "".join(shown.values())
    for cls in classes():
        part = text.partition(f"\n## {cls.__name__}\n")[2].partition("\n## ")[0].partition(HEADER)[0]
        rows = re.findall(r"^\| `(\w+)` \|", part.partition("| field |")[2], re.MULTILINE)
        paragraphs = re.findall(r"^\*\*`(\w+)`\*\* \S", part, re.MULTILINE)
        assert sorted(rows) == sorted(paragraphs) == sorted(field_types(cls)), cls


def test_every_link_between_pages_leads_somewhere(shown: Mapping[str, str]) -> None:
    anchors = {file: list(_anchors(text)) for file, text in shown.items()}
    assert [file for file, found in anchors.items() if len(found) != len({*found})] == []
    count = 0
    for file, text in shown.items():
        for target in re.findall(r"\]\((?!https?:)([^)]*)\)", re.sub("`[^`]*`", "", text)):
            path, _, anchor = target.partition("#")
            there = (FOLDER / file).parent.joinpath(path).resolve()
            if there.suffix == ".json":
                assert there.is_file(), (file, target)
                continue
            to = there.relative_to(FOLDER.resolve()).as_posix()
            assert to in shown, (file, target)
            assert not anchor or anchor in anchors[to], (file, target)
            count += 1
    assert count > 100


def _anchors(text: str) -> Iterator[str]:
    """As GitHub makes them: https://docs.github.com/en/get-started/writing-on-github (section links)."""
    for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        yield re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def test_every_import_line_works(shown: Mapping[str, str]) -> None:
    lines = [line for text in shown.values() for line in re.findall(r"^`(from \S+ import \w+)`$", text, re.MULTILINE)]
    assert len(lines) == len(classes())
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)  # noqa: S102  # what the pages say is what is tested
    assert {cls.__name__: cls for cls in classes()}.items() <= names.items()


# --- How it is said ---------------------------------------------------------------------------------------------------


def test_a_row_of_a_table(shown: Mapping[str, str]) -> None:
    compute = shown["compute.md"].partition("## ManagedNodes")[2].partition("## ")[0]
    assert "| `instance_types` | tuple of text | required | the node group is replaced |" in compute
    assert "| `disk_gib` | whole number, 20 to 16,384 GiB | `50` |  |" in compute
    assert '| `desired` | whole number, 0 to 5,000 nodes, `"unmanaged"` or `None` | `None` |  |' in compute
    assert "| `taints` | tuple of [Taint](compute.md#taint) | `()` |  |" in compute
    assert "| `session_manager` | `True` or `False` | `False` |  |" in compute
    repair = "| `node_repair` | `True` or `False` or [NodeRepair](compute.md#noderepair) | `True` |  |"
    assert repair in compute
    assert "create-only" not in shown["connections.md"]


def test_a_paragraph_of_a_field(shown: Mapping[str, str]) -> None:
    assert (
        "**`interface_endpoints`** AWS services reached inside the VPC, for example "
        '("ecr.api", "ecr.dkr"), beside those that get an endpoint by themselves; each costs by hour and zone.\n\n'
        "- must hold no duplicate (remove the repeated one)\n"
        '- each: must be the name of an AWS service (write for example "ecr.api"); at most 64 characters; '
        r"`[a-z0-9-]+(\.[a-z0-9-]+)*`" in shown["network.md"]
    )


def test_an_add_on(shown: Mapping[str, str]) -> None:
    text = shown["addons/external-dns.md"]
    assert "| AWS permissions | of the service account `external-dns` |" in text
    assert "| `assume_role` | [Role](../access.md#role) or `None` | `None` |" in text
    assert text.index("| `zones` |") < text.index("| `chart_version` |")
    assert "| with Auto Mode only | refused: Auto Mode brings node pools of its own |" in shown["addons/karpenter.md"]
    assert "[NodePool](../node-pools.md#nodepool)" in shown["addons/karpenter.md"]
    assert "## NodeClass" in shown["addons/karpenter.md"]


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (int, "whole number"),
        (Annotated[int, between(1, 9)], "whole number, 1 to 9"),
        (Annotated[tuple[Annotated[int, between(1, 9)], ...], NOT_EMPTY], "tuple of whole number, 1 to 9"),
        (Annotated[int, between(1, 5000, "nodes")] | None, "whole number, 1 to 5,000 nodes or `None`"),
        (Mapping[str, Any], "mapping of text to any JSON value"),
        (tuple[Literal["a", "b"], ...], 'tuple of `"a"` or `"b"`'),
        (Literal["a", "b"] | None, '`"a"`, `"b"` or `None`'),
        (Annotated[tuple[str, ...], NOT_EMPTY], "tuple of text"),
        (Quota, "[Quota](teams.md#quota)"),
    ],
)
def test_a_type_in_words(hint: Any, expected: str) -> None:
    assert words(hint, "teams.md") == expected


def test_rules_of_what_stands_within() -> None:
    name = matches("[a-z]", "must be a letter", 'write "a"')
    hint = Annotated[Mapping[Annotated[str, name], tuple[Annotated[int, between(1, 2)], ...]], NOT_EMPTY] | None
    assert [(each.of, each.rule.says, each.is_range) for each in rules(hint)] == [
        ("", "must not be empty", False),
        ("each key", "must be a letter", False),
        ("each of each value", "must be 1 to 2", True),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"', r'"\""'),
        (("a",), '("a",)'),
        (("a", 1), '("a", 1)'),
        (Quota(), "Quota()"),
        (TeamNamespace("a", quota=Quota(pods=7)), 'TeamNamespace(name="a", quota=Quota(pods=7))'),
    ],
)
def test_a_value_as_somebody_writes_it(value: object, expected: str) -> None:
    assert written(value) == expected


def test_defaults() -> None:
    assert default(ManagedNodes, "name") is None
    assert default(ManagedNodes, "labels") == "{}"
    assert default(AutoMode, "node_pools") == '("general-purpose", "system")'


def test_where_people_import_from() -> None:
    found = [importable(cls) for cls in (ManagedNodes, ApplicationTeam, Manifests, ExternalDns)]
    assert found == ["blueprint", "blueprint.teams", "blueprint.teams", "addons.external_dns"]


class Base(Value):
    """One."""

    first: str
    """Of the base,
    in two lines."""
    second: str
    third: str = field(default="")
    """A text."""


class Below(Base):
    """Another."""

    first: str
    second: str
    """Of its own."""
    fourth: str = ""
    "One line."


def test_docstrings_of_fields() -> None:
    assert docstrings(Below) == {
        "first": "Of the base,\nin two lines.",
        "second": "Of its own.",
        "third": "A text.",
        "fourth": "One line.",
    }
    assert docstrings(AutoMode)["name"] == docstrings(Compute)["name"]


def test_a_docstring_is_no_markup() -> None:
    text = prose('A <b> *c* of `x<y>`, see https://example.com/a_b. Write "https://example.org" | @someone')
    assert "<b>" not in text
    assert "*c*" not in text
    assert "`x<y>`" in text
    assert "(https://example.com/a_b)." in text
    assert "(https://example.org" not in text
    assert "@someone" not in text


# --- The command ------------------------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_the_command_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: Mapping[str, str]) -> None:
    """What it says is tested with `make diagram`."""
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    (tmp_path / "addons").mkdir()
    (tmp_path / "addons" / "gone.md").write_text(f"{HEADER}\n\n# gone\n", encoding="utf-8")
    assert main(["reference"]) == 0
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")} == set(shown)
    assert main(["reference", "--check"]) == 0
