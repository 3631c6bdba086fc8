"""`make diagram`: the committed pages, and what a page says."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from app import CLUSTERS
from blueprint import inventory
from blueprint.planning.document import Subnet
from tests.plans import part, planned
from tests.tools.test_picture import DEV
from tools.__main__ import main
from tools.commands import diagram
from tools.picture.page import HEADER, page


@pytest.mark.thorough
def test_writes_what_is_missing_or_stale_and_removes_what_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = sorted(f"{plan.facts.name}.md" for plan in inventory.planned(CLUSTERS))
    folder = tmp_path / "clusters"
    folder.mkdir()
    monkeypatch.setattr(diagram, "FOLDER", folder)
    (folder / "gone.md").write_text(f"{HEADER}\n\n# gone\n", encoding="utf-8")
    (folder / "README.md").write_text("by hand\n", encoding="utf-8")
    (folder / "prod.md").write_text(f"{HEADER}\nstale\n", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(["diagram", "--check"]) == 1
    lines = [line.rpartition("/")[2] for line in capsys.readouterr().err.splitlines()]
    assert sorted(lines[:-2]) == sorted(
        f"{name}: {'is out of date' if name == 'prod.md' else 'is missing'}" for name in names
    )
    assert lines[-2:] == [
        "gone.md: is about what is gone",
        "Run `make diagram` and commit what it writes.",
    ]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert main(["diagram", "--check", "--json"]) == 1
    reasons = {path.rpartition("/")[2]: why for path, why in json.loads(capsys.readouterr().out).items()}
    assert reasons == dict(line.split(": ") for line in lines[:-1])
    assert main(["diagram"]) == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted(["README.md", *names])
    assert (folder / "README.md").read_text(encoding="utf-8") == "by hand\n"
    pages = {name: (folder / name).read_text(encoding="utf-8") for name in names}
    for name, text in pages.items():
        assert text.startswith(f"{HEADER}\n\n# {name.removesuffix('.md')}\n")


def test_a_page_has_all_of_a_cluster() -> None:
    found = page(DEV)
    assert "| `API` | `open to 203.0.113.0/24`<br>`open to the VPC` |" in found
    assert "| `public` | `us-west-2b` | `10.0.3.0/24` | `251` |" in found
    assert (
        "| `system` | `managed nodes` | `2 to 4` | `m7g.large` | `AL2023_ARM_64_STANDARD 1.35.6-20260714` | `1.35` |  |"
        in found
    )
    assert "| `batch` | `Fargate` |  |  |  |  | `batch` |" in found
    assert "| `argo-cd` | `10.1.1` | `Helm` | `argocd` | `cert-manager` |  |" in found
    assert "| `vpc-cni` | `v1.22.4` | `EKS` |  |  | `aws-node` |" in found
    assert "| `payments` | `payments`<br>`payments-jobs` |  |" in found
    assert found.count("```mermaid\nflowchart LR\n") == 2
    assert [line for line in found.splitlines() if line.startswith("## ")] == [
        *("## Identity", "## Network and compute", "## Subnets", "## Compute"),
        *("## Add-ons and teams", "## Add-ons", "## Teams"),
    ]


def test_a_page_of_a_bare_cluster_has_no_empty_parts() -> None:
    found = page(planned(DEV, addons=(), teams=(), interface_endpoints=(), public_ranges=()))
    assert "## Add-ons" not in found
    assert "## Teams" not in found
    assert "| `interface endpoints` | `none` |" in found
    assert "| `API` | `open to the VPC only` |" in found


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        (("10.0.0.0/17", "10.0.192.0/18"), "16,384 of the 65,536 addresses of `10.0.0.0/16` are in no subnet; the"),
        (("10.0.0.0/17", "10.0.192.0/18"), "the largest free range is `10.0.128.0/18`."),
        (("10.0.0.0/17", "10.0.128.0/17"), "0 of the 65,536 addresses of `10.0.0.0/16` are in no subnet; no range is"),
        ((), "the largest free range is `10.0.0.0/16`."),
    ],
)
def test_free_room(ranges: tuple[str, ...], said: str) -> None:
    subnets = tuple(Subnet("private", "us-west-2a", each) for each in ranges)
    assert said in page(planned(DEV, subnets=subnets))


def test_of_a_vpc_that_is_there_already_nobody_knows_what_is_free() -> None:
    found = page(planned(DEV, vpc_id="vpc-1", nat_gateways=0))
    assert "| `VPC` | `vpc-1, the owner's`<br>`10.0.0.0/16` |" in found
    assert "| `NAT gateways` | `the owner's` |" in found
    assert "are in no subnet" not in found


def test_free_room_and_subnets_make_the_whole_network() -> None:
    subnets = tuple(
        Subnet("private", "us-west-2a", f"10.0.{third}.{fourth}/27") for third in (7, 3) for fourth in (64, 96)
    )
    text = page(planned(DEV, subnets=subnets))
    free = int(text.partition("each subnet. ")[2].partition(" of the")[0].replace(",", ""))
    assert free + sum(IPv4Network(each.cidr).num_addresses for each in subnets) == 2**16


def test_a_name_with_markup_stays_a_name() -> None:
    found = page(planned(DEV, teams=(part("a|b`</td><script>", namespaces=("```\n# no heading",)),)))
    assert "<script>" not in found
    assert "\n# no" not in found
