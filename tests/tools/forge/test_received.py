"""What a stranger's job may hand over, and what comes of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.tools.forge.reviews import BASE, DANGER, written
from tools.forge.received import ReceivedError, harmless, load
from tools.review.dangers import Danger


def test_a_review_is_read(tmp_path: Path) -> None:
    found = load(written(tmp_path, "# Review\n", added_later={"x": 1}))
    assert found.base == BASE
    assert found.dangers == (Danger(**DANGER),)
    assert (found.touched, found.untouched) == (("prod",), ("dev", "prod-eu"))
    assert found.markdown == "# Review\n"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"base": None}, "base is no commit"),
        ({"base": "main; rm"}, "base is no commit"),
        ({"dangers": {}}, "dangers is no list"),
        ({"dangers": [DANGER] * 2001}, "dangers is no list of at most 2000"),
        ({"dangers": ["x"]}, r"dangers\[0\] is no object"),
        ({"dangers": [DANGER, {**DANGER, "why": 1}]}, r"dangers\[1\].why is no text"),
        ({"dangers": [{key: value for key, value in DANGER.items() if key != "fix"}]}, "fix is no text"),
        ({"dangers": [{**DANGER, "what": "x" * 10_001}]}, "what is no text of at most 10,000"),
        ({"dangers": [{**DANGER, "rule": "`moves`"}]}, "rule is no name"),
        ({"dangers": [{**DANGER, "rule": "a" * 101}]}, "rule is no name"),
        ({"dangers": [{**DANGER, "cluster": "prod\n"}]}, "cluster is no name"),
        ({"dangers": [{**DANGER, "cluster": ""}]}, "cluster is no name"),
        ({"touched": "prod"}, "touched is no list"),
        ({"touched": [1]}, "touched is no list"),
        ({"untouched": ["@everyone"]}, "untouched is no list"),
        ({"untouched": None}, "untouched is no list"),
    ],
)
def test_another_shape_is_refused(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ReceivedError, match=message):
        load(written(tmp_path, **changed))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_what_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    written(tmp_path)
    (tmp_path / "review.json").write_text(text)
    with pytest.raises(ReceivedError, match=r"review\.json is no"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["review.json", "review.md"])
def test_a_link_is_not_followed(tmp_path: Path, name: str) -> None:
    written(tmp_path / "review")
    secret = tmp_path / "secret"
    secret.write_text(json.dumps({"token": "s3cret"}))
    (tmp_path / "review" / name).unlink()
    (tmp_path / "review" / name).symlink_to(secret)
    with pytest.raises(ReceivedError, match=f"{name} cannot be read"):
        load(tmp_path / "review")


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "review.md").unlink()
    os.mkfifo(tmp_path / "review.md")
    with pytest.raises(ReceivedError, match="no regular file"):
        load(tmp_path)


def test_missing_large_and_binary_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReceivedError, match=r"review\.json cannot be read"):
        load(tmp_path)
    written(tmp_path)
    (tmp_path / "review.md").write_bytes(b"x" * 5_000_001)
    with pytest.raises(ReceivedError, match="more than 5,000,000 bytes"):
        load(tmp_path)
    (tmp_path / "review.md").write_bytes(b"\xff")
    with pytest.raises(ReceivedError, match="not UTF-8"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ping @octocat and (@org/team)", "ping @\u200boctocat and (@\u200borg/team)"),
        ("&#64;a &#x40;b &#X0040;c &commat;d", "@\u200ba @\u200bb @\u200bc @\u200bd"),
        ("@&#111;ctocat @<b>x</b>", "@\u200b&#111;ctocat @\u200b<b>x</b>"),
        ("**a**@octocat _@octocat", "**a**@\u200boctocat _@\u200boctocat"),
        ("admin@example.com image@sha256:0", "admin@example.com image@sha256:0"),
        ("/merge\n  /label ~x\n\t/approve", "\u200b/merge\n  \u200b/label ~x\n\t\u200b/approve"),
        ("text\r/merge", "text/merge"),
        ("a\x00b\x1b[31m\u202ec\u2066d", "ab[31mcd"),
        ("a/b\n- /x\n10.0.0.0/16", "a/b\n- /x\n10.0.0.0/16"),
    ],
)
def test_what_a_forge_would_act_upon_is_only_shown(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_a_hostile_text_takes_no_time(tmp_path: Path) -> None:
    # Each of these took minutes with a pattern that could match across lines.
    for text in ("\n" * 1_000_000, " " * 1_000_000, "@" * 1_000_000, "&#" + "0" * 1_000_000):
        harmless(text)
