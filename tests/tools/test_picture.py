"""Pictures of clusters: what stands in them, as boxes and as Mermaid."""

from __future__ import annotations

import re
from itertools import cycle
from typing import Any

import pytest

from blueprint.planning.document import Plan, PlannedRoute, Subnet
from tests.plans import fargate, nodes, part, planned, subnets
from tools.picture import mermaid
from tools.picture.describe import MOST_BOXES, picture
from tools.picture.model import SIGNS, Box, ClusterPicture
from tools.picture.things import INSTALLERS

ARGO_CD: Any = {"namespaces": ("argocd",), "after": ("cert-manager",), "by": "Helm"}
DEV = planned(
    name="dev",
    account="111111111111",
    region="us-west-2",
    version="1.35",
    public_ranges=("203.0.113.0/24",),
    deletion_protection=True,
    cidrs=("10.0.0.0/16",),
    subnets=subnets("private", "public"),
    nat_gateways=1,
    interface_endpoints=("sts", "ecr.api"),
    compute=(nodes("system", "m7g.large"), fargate("batch", "batch")),
    addons=(
        part("vpc-cni", "v1.22.4", by="EKS", accounts=("aws-node",)),
        part("argo-cd", "10.1.1", **ARGO_CD),
        part("cert-manager", "1.21.1", namespaces=("cert-manager",), by="Helm"),
    ),
    teams=(part("payments", namespaces=("payments", "payments-jobs")),),
)
HOSTILE = (
    '"]; click b_internet "javascript:alert(1)"',
    "<img src=x onerror=alert(1)>",
    "%%{init: {'theme':'dark'}}%%",
    "end",
    "`markdown`",
    "1. a list",
    "- a list",
    "```\n# out of the block",
    "--> b_nat",
    "#35; &amp; \\n",
    "a\u202eb\x1b[31m",
    "]]>|{[(",
)


def boxes(drawn: ClusterPicture) -> dict[str, Box]:
    return {box.id: box for box in drawn.boxes}


def text(box: Box) -> list[str]:
    return [line.text for line in box.lines]


def test_a_cluster_as_it_is() -> None:
    drawn = picture(DEV, DEV)
    found = boxes(drawn)
    assert (drawn.title, drawn.status) == ("dev: account 111111111111, us-west-2", "same")
    assert {box.status for box in found.values()} == {"same"}
    assert [group.title for group in drawn.groups] == [
        *("", "VPC 10.0.0.0/16", "Compute"),
        *("Add-ons, installed by EKS", "Add-ons, installed by Helm", "Teams"),
    ]
    assert [group.title for group in drawn.network.groups] == ["Zone us-west-2a", "Zone us-west-2b"]
    assert [(box.title, text(box)) for box in drawn.network.groups[1].boxes] == [
        ("private", ["10.0.1.0/24"]),
        ("public", ["10.0.3.0/24"]),
    ]
    assert text(found["control-plane"]) == [
        *("Kubernetes 1.35", "API open to the VPC, 203.0.113.0/24", "deletion protection on")
    ]
    assert text(found["compute/system"]) == [
        *("managed nodes", "nodes 2 to 4", "types m7g.large"),
        *("image AL2023_ARM_64_STANDARD 1.35.6-20260714", "Kubernetes 1.35"),
    ]
    assert text(found["compute/batch"]) == ["Fargate", "namespaces batch"]
    assert text(found["EKS/vpc-cni"]) == ["v1.22.4", "AWS permissions of aws-node"]
    assert text(found["team/payments"]) == ["namespaces payments, payments-jobs"]
    assert [(arrow.source, arrow.target) for arrow in drawn.arrows] == [
        ("internet", "control-plane"),
        ("nat", "internet"),
        ("compute/system", "control-plane"),
        ("compute/batch", "control-plane"),
        ("Helm/argo-cd", "Helm/cert-manager"),
    ]


def test_a_private_cluster_without_nat_does_not_know_the_internet() -> None:
    drawn = picture(*[planned(DEV, public_ranges=(), nat_gateways=0, internet=False)] * 2)
    assert "internet" not in boxes(drawn)
    assert "API open to the VPC" in text(boxes(drawn)["control-plane"])


def test_a_hub_leads_to_the_internet_where_a_route_says_so() -> None:
    out, company = (PlannedRoute(to, f"tgw-{to[:2]}", "transit-gateway") for to in ("0.0.0.0/0", "10.0.0.0/8"))
    drawn = picture(*[planned(DEV, public_ranges=(), nat_gateways=0, routes=(out, company))] * 2)
    arrows = {(arrow.source, arrow.target) for arrow in drawn.arrows}
    assert [id for id in boxes(drawn) if id.startswith("hub/")] == ["hub/tgw-0.", "hub/tgw-10"]
    assert "routes 10.0.0.0/8" in text(boxes(drawn)["hub/tgw-10"])
    assert ("hub/tgw-0.", "internet") in arrows
    assert ("hub/tgw-10", "internet") not in arrows


def test_a_vpc_that_is_there_already() -> None:
    """It has no gateways of ours, and its subnets their ids; a zone may have several of a kind."""
    subnets = tuple(
        Subnet("private", f"us-west-2{zone}", f"10.0.{place}.0/24", f"subnet-{place}")
        for place, zone in enumerate("aab")
    )
    network: dict[str, Any] = {"vpc_id": "vpc-1", "cidrs": ("10.0.0.0/16", "100.64.0.0/16"), "nat_gateways": 0}
    owned = planned(DEV, public_ranges=(), subnets=subnets, **network)
    drawn = picture(owned, owned)
    assert drawn.network.title == "VPC vpc-1 10.0.0.0/16, 100.64.0.0/16"
    assert text(boxes(drawn)["routes"]) == ["the owner's"]
    assert [(box.id, text(box)) for group in drawn.network.groups for box in group.boxes] == [
        ("subnet/private/us-west-2a", ["10.0.0.0/24, subnet-0"]),
        ("subnet/private/us-west-2a/2", ["10.0.1.0/24, subnet-1"]),
        ("subnet/private/us-west-2b", ["10.0.2.0/24, subnet-2"]),
    ]
    ways = {(arrow.source, arrow.target) for arrow in drawn.arrows}
    assert ("routes", "internet") in ways
    cut_off = planned(owned, internet=False)
    assert not {"routes", "internet"} & {*boxes(picture(cut_off, cut_off))}


def test_a_change_says_what_changes_and_nothing_else() -> None:
    after = planned(
        DEV,
        version="1.36",
        public_ranges=(),
        nat_gateways=2,
        compute=(nodes("system", "m7g.large", capacity="SPOT", max=9, version="1.36"),),
        node_pools=("system",),
        addons=(
            DEV.addons[0],
            part("argo-cd", "10.2.0", **{**ARGO_CD, "after": ()}),
            part("new", by="Helm"),
        ),
    )
    drawn = picture(DEV, after)
    assert {box.id: (box.status, [line.text for line in box.lines if line.changed]) for box in drawn.boxes} == {
        **{box.id: ("same", []) for box in drawn.boxes},
        "control-plane": (
            "changed",
            ["Kubernetes 1.35 → 1.36", "API open to \N{MINUS SIGN}203.0.113.0/24"],
        ),
        "nat": ("changed", ["1 → 2"]),
        "compute/system": (
            "changed",
            ["managed nodes → managed nodes, spot", "nodes 2 to 4 → 2 to 9", "Kubernetes 1.35 → 1.36"],
        ),
        "compute/auto-mode": ("added", []),
        "compute/batch": ("removed", []),
        "Helm/argo-cd": ("changed", ["10.1.1 → 10.2.0", "after \N{MINUS SIGN}cert-manager"]),
        "Helm/cert-manager": ("removed", []),
        "Helm/new": ("added", []),
    }
    assert drawn.words.startswith("changed: EKS control plane (Kubernetes 1.35 → 1.36, API open to")
    assert "removed: batch;" in drawn.words


def test_of_many_names_all_that_come_and_go_are_seen() -> None:
    many = tuple(f"10.{number}.0.0/16" for number in range(6))
    before, after = (planned(DEV, public_ranges=ranges) for ranges in (many, (*many[:5], "10.9.0.0/16")))
    assert text(boxes(picture(before, before))["control-plane"])[1] == (
        "API open to the VPC, 10.0.0.0/16, 10.1.0.0/16, 10.2.0.0/16 and 3 more"
    )
    changed = boxes(picture(before, after))["control-plane"]
    assert (changed.status, text(changed)[1]) == ("changed", "API open to +10.9.0.0/16, \N{MINUS SIGN}10.5.0.0/16")


def test_the_order_of_instance_types_counts() -> None:
    one, other = (planned(DEV, compute=(nodes("a", *types),)) for types in (("x", "y"), ("y", "x")))
    assert text(boxes(picture(one, other))["compute/a"])[2] == "types x, y → y, x"


def test_what_moves_from_helm_to_eks_goes_there_and_comes_here() -> None:
    moved = planned(DEV, addons=(part("cert-manager", "1.21.1", by="EKS"), DEV.addons[0]))
    found = boxes(picture(DEV, moved))
    assert (found["Helm/cert-manager"].status, found["EKS/cert-manager"].status) == ("removed", "added")


@pytest.mark.parametrize(("sides", "status"), [((None, DEV), "added"), ((DEV, None), "removed")])
def test_a_cluster_that_comes_or_goes(sides: tuple[Plan | None, Plan | None], status: str) -> None:
    drawn = picture(*sides)
    assert {drawn.status, *(box.status for box in drawn.boxes), *(group.status for group in drawn.groups)} == {status}
    assert drawn.title == "dev: account 111111111111, us-west-2"


def test_a_picture_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="needs a cluster"):
        picture(None, None)


def test_another_range_or_region_stands_in_the_titles() -> None:
    drawn = picture(DEV, planned(DEV, cidrs=("10.1.0.0/16",), region="eu-west-1"))
    assert drawn.title == "dev: account 111111111111, us-west-2 → account 111111111111, eu-west-1"
    assert (drawn.network.title, drawn.network.status) == ("VPC 10.0.0.0/16 → VPC 10.1.0.0/16", "changed")


def test_a_crowd_is_counted_but_not_what_changes() -> None:
    crowd = tuple(part(f"addon-{number:03}", "1", by="Helm") for number in range(100))
    same = planned(DEV, addons=crowd)
    (group,) = (group for group in picture(same, same).software if group.id == "add-ons/Helm")
    assert len(group.boxes) == MOST_BOXES
    assert group.boxes[-1] == Box("add-ons/Helm/rest", f"and {101 - MOST_BOXES} more")
    late = planned(DEV, addons=(*crowd[:-1], part(crowd[-1].name, "2", by="Helm")))
    assert boxes(picture(same, late))["Helm/addon-099"].status == "changed"
    (rest,) = (box for box in picture(None, same).boxes if box.id == "add-ons/Helm/rest")
    assert (text(rest), rest.status) == ([f"+{101 - MOST_BOXES}"], "changed")


def chart_words(chart: str) -> list[str]:
    """What Mermaid shows: the quoted texts, with its entity codes read."""
    quoted = [part for text in re.findall(r'"([^"]*)"', chart) for part in text.split("<br/>")]
    return [re.sub(r"#(\d+);", lambda code: chr(int(code[1])), part) for part in quoted]


def test_mermaid_shows_every_box_and_arrow() -> None:
    drawn = picture(DEV, planned(DEV, version="1.36", teams=()))
    infrastructure, software = mermaid.infrastructure(drawn), mermaid.software(drawn)
    shown = [*chart_words(infrastructure), *chart_words(software)]
    for box in drawn.boxes:
        assert f"{SIGNS[box.status]} {box.title}".strip() in shown
        assert {line.text for line in box.lines} <= {*shown}
    assert "~ EKS control plane" in shown
    assert "\N{MINUS SIGN} payments" in shown
    assert infrastructure.endswith("  class b_control_plane changed")
    assert software.endswith("  class b_team_payments removed")
    assert "  b_Helm_argo_cd -->|" in software


LINE = re.compile(
    r"flowchart LR|direction LR|end"
    r'|subgraph \w+\["[^"]*"\]'
    r'|\w+\["[^"]*"\]'
    r'|\w+ ~~~ \w+|\w+ -->(\|"\w+"\|)? \w+'
    r"|style \w+ fill:transparent,stroke:#\w{6}"
    r"|classDef \w+ [\w:#, -]+|class [\w,]+ \w+"
)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_is_more_than_text_to_mermaid(name: str) -> None:
    everywhere = planned(
        DEV,
        version=name,
        cidrs=(name,),
        subnets=(Subnet(name, name, name),),  # type: ignore[arg-type]  # no kind of subnet
        public_ranges=(name,),
        interface_endpoints=(name,),
        compute=(nodes(name, name, image=name, version=name), fargate(f"{name}2", name)),
        node_pools=(name,),
        addons=(
            part(name, name, namespaces=(name,), after=(f"{name}2",), by="Helm", accounts=(name,)),
            part(f"{name}2", by="Helm"),
        ),
        teams=(part(name, namespaces=(name,)),),
    )
    drawn = picture(everywhere, everywhere)
    for chart in (mermaid.infrastructure(drawn), mermaid.software(drawn)):
        lines = [line.strip() for line in chart.splitlines()]
        assert [line for line in lines if not LINE.fullmatch(line)] == []
        assert "<" not in chart.replace("<br/>", "")
        assert "`" not in chart
        assert any(name.startswith(word.rstrip("…")) for word in chart_words(chart) if len(word) > 2)


def test_no_two_boxes_share_an_id_of_mermaid() -> None:
    parts = ("a-b-", "a-b_", "a-b", "a.b", "a_b", "a/b", *(f"{'long' * 20}{number}" for number in range(3)))
    alike = planned(DEV, addons=tuple(part(name, by="Helm") for name in parts))
    chart = mermaid.software(picture(alike, alike))
    ids = re.findall(r"^ +(\w+)\[", chart, re.MULTILINE)
    assert len({*ids}) == len(ids) == len(parts) + 1


def test_charts_of_large_clusters_stay_below_the_limits_of_mermaid() -> None:
    long = "\N{SNOWMAN}" * 200
    crowd = planned(
        DEV,
        compute=tuple(nodes(f"{long}{number}", *(long,) * 9, image=long) for number in range(200)),
        addons=tuple(
            part(
                f"{long}{number}",
                long,
                namespaces=(long,) * 9,
                after=tuple(f"{long}{other}" for other in range(number)),
                by=installer,
            )
            for number, installer in zip(range(300), cycle(INSTALLERS))
        ),
        teams=tuple(part(f"{long}{number}", namespaces=(long,) * 9) for number in range(200)),
    )
    drawn = picture(None, crowd)
    for chart in (mermaid.infrastructure(drawn), mermaid.software(drawn)):
        assert 9_000 < len(chart) < 50_000
        assert chart.count("-->") + chart.count("~~~") < 500


@pytest.mark.parametrize("status", SIGNS)
def test_texts_of_charts_can_be_read(status: str) -> None:
    fill, _, ink = mermaid.COLORS[status]  # type: ignore[index]  # all of its keys
    assert contrast(fill, ink) >= 7


def contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    light, dark = sorted(map(_luminance, (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_a_team_of_other_rules_is_drawn_changed() -> None:
    """Though none of its facts differs: its network, roles and objects have no room in a picture."""
    everything: list[dict[str, Any]] = [{}]
    policies = ({"kind": "NetworkPolicy", "spec": {"egress": rules}} for rules in (everything, []))
    shop, other = (planned(DEV, teams=(part("shop", objects=(policy,)),)) for policy in policies)
    (box,) = (box for box in picture(shop, other).boxes if box.id == "team/shop")
    assert box.status == "changed"
    assert [line.text for line in box.lines if line.changed] == ["network, roles or objects differ"]
    assert {box.status for box in picture(shop, shop).boxes} == {"same"}
