"""The guides to networks name what is there, and each example of a network has a page that leads back to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import blueprint

PAGES = {
    "existing_vpc": "existing-networks",
    "isolated": "isolated-networks",
    "pod_ranges": "ways-out",
    "ipv6": "ipv6",
    "dual_stack_ingress": "ipv6",
    "local_zone": "local-zones",
}


@pytest.mark.parametrize("example", PAGES)
def test_an_example_says_what_it_is_for_and_has_a_page(example: str, root: Path) -> None:
    opening = (root / "examples" / f"{example}.py").read_text(encoding="utf-8").partition('"""')[2].partition('"""')[0]
    first, _, rest = opening.partition("\n\n")
    assert first.endswith((".", ":"))
    assert rest.strip()
    assert f"docs/{PAGES[example]}.md" in opening
    page = (root / "docs" / f"{PAGES[example]}.md").read_text(encoding="utf-8")
    assert f"(../examples/{example}.py)" in page


@pytest.mark.parametrize("page", ["ways-out", "hosted-zones", "isolated-networks", "leaving", "local-zones"])
def test_what_a_guide_writes_is_there(page: str, root: Path) -> None:
    """Values, their fields, commands and files."""
    text = (root / "docs" / f"{page}.md").read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    values = {name for name in re.findall(r"\b([A-Z]\w+)\(", blocks) if hasattr(blueprint, name)}
    assert values
    for name in values:
        fields = {*getattr(blueprint, name).__dataclass_fields__}
        for given in re.findall(rf"\b{name}\(([^()]*)\)", blocks):
            assert {*re.findall(r"\b(\w+)=", given)} <= fields, name
    for name, field in re.findall(r"`(Blueprint|NewNetwork|Cluster|Mirrors)\.(\w+)`", text):
        assert field in getattr(blueprint, name).__dataclass_fields__
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"(?:`|^)make ([a-z][a-z-]+)", text, re.MULTILINE)
    assert [name for name in commands if f"\n{name}:" not in makefile] == []
    linked = re.findall(r"\]\((?!http)([^)#]+)", text)
    assert [path for path in linked if not (root / "docs" / path).exists()] == []
