"""The guide to leaving this project names what is there; its commands of AWS: tests/lifecycle/test_leaving.py."""

from __future__ import annotations

import re
from pathlib import Path

from tests.templates import Templates
from tools.review.dangers import RULES


def test_what_it_names_is_there(root: Path, templates: Templates) -> None:
    text = (root / "docs" / "leaving.md").read_text(encoding="utf-8")
    assert {"keeps-resources", "leaves-behind"} <= {*RULES} & {*re.findall(r"`([a-z-]+)`", text)}
    assert [path for path in re.findall(r"`(tests/[\w/.]+)`", text) if not (root / path).exists()] == []
    kept = [id for (cluster, _), each in templates.items() if cluster == "prod" for id in each["Resources"]]
    named = re.findall(r"`(?:…)?((?:Kubectl|CustomVpc)\w*)…?`?", text)
    assert {"Kubectl", "KubectlAccess", "CustomVpcRestrictDefaultSG"} <= {*named}
    assert [part for part in named if part != "KubectlProvider" and not any(part in id for id in kept)] == []
