"""Pictures as SVG: nothing leaves its box, and nothing lies over another."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import combinations

import pytest

from blueprint.network import SubnetKind
from blueprint.planning.document import Plan, Subnet
from tests.plans import nodes, part, planned
from tests.tools.test_picture import DEV, HOSTILE
from tools.picture.describe import picture
from tools.picture.letters import width, wrapped
from tools.picture.model import SIGNS
from tools.picture.svg import WIDTH, svg

LONG = "a-name-that-is-much-longer-than-any-box-can-ever-be-" * 4
KINDS: tuple[SubnetKind, ...] = ("private", "public", "control-plane")
SIX_ZONES = tuple(
    Subnet(kind, f"us-west-2{zone}", f"10.100.{third}.128/25")
    for kind in KINDS
    for third, zone in enumerate("abcdef", start=100)
)
CROWD = planned(
    DEV,
    subnets=SIX_ZONES,
    compute=tuple(nodes(f"{LONG}{number}", *(LONG,) * 5, max=9, image=LONG) for number in range(30)),
    addons=tuple(part(f"M{number}" * 30, "W" * 60, namespaces=(LONG,), by="Helm") for number in range(9)),
)
PAIRS = {
    "as it is": (DEV, DEV),
    "new": (None, DEV),
    "gone": (DEV, None),
    "private": (planned(DEV, public_ranges=()), planned(DEV, public_ranges=(), nat_gateways=0)),
    "crowd": (DEV, CROWD),
    "bare": (DEV, planned(DEV, addons=(), teams=(), compute=(), interface_endpoints=(), nat_gateways=0)),
    "hostile": (
        DEV,
        planned(DEV, addons=tuple(part(name, name, by="EKS") for name in HOSTILE if name.isprintable())),
    ),
}


@pytest.fixture(params=PAIRS)
def drawn(request: pytest.FixtureRequest) -> ET.Element:
    sides: tuple[Plan | None, Plan | None] = PAIRS[request.param]
    return ET.fromstring(svg(picture(*sides), "p"))  # noqa: S314  # our own


Area = tuple[float, float, float, float]


def area(rectangle: ET.Element) -> Area:
    x, y, wide, high = (float(rectangle.get(name, "")) for name in ("x", "y", "width", "height"))
    return x, y, x + wide, y + high


def within(inner: Area, outer: Area) -> bool:
    return inner[0] >= outer[0] and inner[1] >= outer[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def texts(element: ET.Element) -> Iterator[tuple[str, Area]]:
    for each in element.iter("text"):
        size, x, y = float(each.get("font-size", "")), float(each.get("x", "")), float(each.get("y", ""))
        long = width(each.text or "", size, bold=each.get("class") in ("name", "change", "heading", "sign"))
        left = x - long / 2 if each.get("text-anchor") == "middle" else x
        yield each.text or "", (left, y - size, left + long, y + size / 3)


def test_no_text_leaves_its_box(drawn: ET.Element) -> None:
    boxes = [each for each in drawn.iter("g") if (each.get("class") or "").startswith("box")]
    assert len(boxes) > 3
    for box in boxes:
        (frame,) = (area(each) for each in box.iter("rect") if each.get("class") == "frame")
        assert [text for text, at in texts(box) if not within(at, frame)] == []
    everything = (0.0, 0.0, float(WIDTH), float((drawn.get("viewBox") or "").split()[3]))
    assert [text for text, at in texts(drawn) if not within(at, everything)] == []


def test_no_two_boxes_or_panels_overlap(drawn: ET.Element) -> None:
    for kind in ("frame", "panel"):
        found = [area(each) for each in drawn.iter("rect") if (each.get("class") or "").split()[0] == kind]
        assert [
            (one, other)
            for one, other in combinations(found, 2)
            if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
        ] == []


def test_no_two_texts_overlap(drawn: ET.Element) -> None:
    for one, other in combinations(texts(drawn), 2):
        (_, (left, top, right, bottom)), (_, (start, above, end, below)) = one, other
        assert not (left < end and start < right and top + 2 < below and above + 2 < bottom), (one, other)


def test_says_what_it_shows(drawn: ET.Element) -> None:
    title, words = drawn.find("title"), drawn.find("desc")
    assert title is not None
    assert words is not None
    assert (title.text or "").startswith("dev: account ")
    assert len(words.text or "") > 20
    assert drawn.get("aria-labelledby") == f"{title.get('id')} {words.get('id')}"


def test_no_status_by_colour_alone(drawn: ET.Element) -> None:
    for box in (each for each in drawn.iter("g") if (each.get("class") or "").startswith("box")):
        status = (box.get("class") or "").split()[1]
        signs = [each.text for each in box.iter("text") if each.get("class") == "sign"]
        assert signs == ([SIGNS[status]] if status != "same" else [])  # type: ignore[index]  # all of its keys
        assert [each.get("class") for each in box.iter("rect")].count("hatch") == (status == "removed")


def test_every_box_of_the_model_is_drawn() -> None:
    model = picture(None, DEV)
    drawn = svg(model, "p")
    assert drawn.count('<g class="box ') == len(list(model.boxes))
    assert drawn.count('class="arrow"') == 2
    assert svg(picture(*[planned(DEV, public_ranges=())] * 2), "p").count('class="arrow"') == 1
    assert svg(picture(*[planned(DEV, public_ranges=(), nat_gateways=0)] * 2), "p").count('class="arrow"') == 0


def test_two_pictures_share_no_id() -> None:
    one, other = (svg(picture(None, DEV), id) for id in ("a", "b"))
    assert one != other
    assert one == other.replace('"b-', '"a-').replace("#b-", "#a-").replace(" b-words", " a-words")
    assert svg(picture(None, DEV), "a") == one


@pytest.mark.parametrize("text", [LONG, "short", "W" * 99, "", "one two " * 30, "\N{SNOWMAN}" * 40, *HOSTILE])
@pytest.mark.parametrize("limit", [40, 100, 400])
def test_lines_fit_and_lose_nothing_but_what_is_cut(text: str, limit: float) -> None:
    lines = wrapped(text, 12, limit, 3)
    assert len(lines) <= 3
    assert all(width(line, 12) <= limit for line in lines)
    shown = "".join(lines).replace(" ", "")
    whole = "".join(text.split())
    assert shown == whole or (shown.endswith("…") and whole.startswith(shown[:-1]))
