"""`review-policy.toml`: which dangers stop a pull request, in which clusters, and whose approval lets it pass."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, get_args

from blueprint.errors import Problem, Quoted, report

FILE = "review-policy.toml"

Enforcement = Literal["block", "warn"]
"""`block` stops the pull request until it is approved; `warn` only shows the danger."""
RepositoryRole = Literal["write", "maintain", "admin"]
"""The least that somebody must be allowed in the repository. GitLab: Developer, Maintainer, Owner."""
Needs = Literal["any", "all"]

RULES: Mapping[str, Enforcement] = {
    "deletes-state": "block",
    "replaces-state": "block",
    "create-only": "block",
    "mixed-eks-update": "block",
    "skips-minor": "block",
    "changes-owner": "block",
    "resets-nodes": "block",
    "opens-endpoint": "block",
    "removes-protection": "block",
    "widens-admin": "block",
    "moves": "block",
    "leaves-behind": "warn",
    "renames-resource": "block",
    "edits-review": "block",
}
"""Every rule, and what it does where the policy says nothing.

`edits-review` is the only one that the review does not find itself: the pull request changes the code that writes it.
"""


@dataclass(frozen=True)
class Approvals:
    """What lets a pull request pass in spite of dangers that block. The author's own approval never counts."""

    label: str = "approved: dangers"
    """The name of a label; an empty one means that no label approves."""
    review: bool = True
    """Whether an approving review of the head commit approves."""
    code_owners: bool = True
    """Whether a review counts only while GitHub calls the pull request approved by the rules of its branch: with
    `Require review from Code Owners` that takes the owners of every changed file."""
    permission: RepositoryRole = "write"
    needs: Needs = "any"
    """Whether one of label and review is enough, or both are needed where both are switched on."""


@dataclass(frozen=True)
class Policy:
    """What `review-policy.toml` says."""

    approvals: Approvals = Approvals()
    dangers: Mapping[str, Enforcement] = field(default_factory=dict)
    clusters: tuple[tuple[str, Mapping[str, Enforcement]], ...] = ()
    """A glob over names of clusters, and its own actions; of several that match, the last one counts."""

    def action(self, rule: str, cluster: str) -> Enforcement:
        """What a danger does. A rule that this revision does not know blocks: nobody has judged it yet."""
        for glob, actions in reversed(self.clusters):
            if rule in actions and fnmatchcase(cluster, glob):
                return actions[rule]
        return self.dangers.get(rule, RULES.get(rule, "block"))


class PolicyError(Exception):
    """All mistakes in the file; the text is for the user."""

    def __init__(self, problems: Collection[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(report(self.problems, "no pull request can be judged"))


def load(root: Path) -> Policy:
    """The policy of a checkout; its clusters are the files in `clusters/`, none of which is imported.

    Without the file, the defaults. Raises PolicyError.
    """
    path = root / FILE
    if not path.exists():
        return Policy()
    names = [file.stem.replace("_", "-") for file in (root / "clusters").glob("*.py") if file.stem != "__init__"]
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(
            [Problem((), Quoted(error), "the file must be UTF-8 text", "save it as UTF-8", FILE)]
        ) from None
    return parse(text, sorted(names))


def parse(text: str, clusters: Collection[str]) -> Policy:
    """The policy in a file's text. Raises PolicyError with every mistake."""
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyError([Problem((), Quoted(error), "the file must be TOML", "https://toml.io", FILE)]) from None
    problems = [*_unknown(FILE, tables, ("approvals", "dangers", "clusters"))]
    approvals, dangers, globs = (_table(tables, key, FILE, problems) for key in ("approvals", "dangers", "clusters"))
    problems.extend(_approval_problems(approvals))
    problems.extend(_action_problems(f"{FILE}: dangers", dangers))
    for glob in globs:
        place = f"{FILE}: clusters.{glob!r}"
        problems.extend(_action_problems(place, _table(globs, glob, f"{FILE}: clusters", problems)))
        if not any(fnmatchcase(name, glob) for name in clusters):
            fix = f"write the name of a cluster, or a glob over {', '.join(clusters) or '<none>'}"
            problems.append(Problem((place,), glob, "it must match a file in clusters/", fix))
    if problems:
        raise PolicyError(problems)
    return Policy(Approvals(**approvals), dangers, tuple(globs.items()))


def _table(parent: Mapping[str, Any], key: str, place: str, problems: list[Problem]) -> dict[str, Any]:
    found = parent.get(key, {})
    if isinstance(found, dict):
        return found
    problems.append(Problem((f"{place}: {key}",), found, "it must be a table", f"write [{key}] and its keys below it"))
    return {}


def _unknown(place: str, table: Mapping[str, Any], known: Collection[str]) -> Iterator[Problem]:
    for key in table:
        if key not in known:
            yield Problem((f"{place}: {key}",), table[key], "there is no such key", f"write one of {', '.join(known)}")


def _action_problems(place: str, table: Mapping[str, Any]) -> Iterator[Problem]:
    for rule, action in table.items():
        if rule not in RULES:
            yield Problem((place, rule), action, "there is no such rule", f"write one of {', '.join(RULES)}")
        elif action not in get_args(Enforcement):
            yield Problem((place, rule), action, "a danger blocks or warns", 'write "block" or "warn"')


def _approval_problems(table: Mapping[str, Any]) -> Iterator[Problem]:
    place = f"{FILE}: approvals"
    choices = {"permission": get_args(RepositoryRole), "needs": get_args(Needs)}
    yield from _unknown(place, table, ("label", "review", "code_owners", *choices))
    for key in ("review", "code_owners"):
        if not isinstance(table.get(key, True), bool):
            yield Problem((place, key), table[key], "it is switched on or off", "write true or false")
    for key, allowed in choices.items():
        if key in table and table[key] not in allowed:
            yield Problem((place, key), table[key], "there is no such choice", f"write one of {', '.join(allowed)}")
    label = table.get("label", "")
    if not isinstance(label, str) or len(label) > 50 or not (label.isprintable() and label == label.strip()):
        # https://docs.github.com/en/rest/issues/labels gives no limit; the web form has 50.
        rule = "it must be one line of at most 50 characters, without spaces around it"
        yield Problem((place, "label"), label, rule, 'write the name of a label, or "" where none approves')
    if label == "" and "label" in table and table.get("review") is False:
        yield Problem((place,), Quoted("<nothing>"), "something must approve", "name a label, or let reviews approve")
