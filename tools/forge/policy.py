"""`review-policy.toml`: which dangers stop a pull request, in which clusters, and whose approval lets it pass."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from blueprint import toml
from blueprint.errors import Key, Problem, Quoted, report
from blueprint.fields import one_of
from blueprint.hints import Form
from blueprint.sources import FLEET_FILE
from blueprint.value import Rule, Value
from tools.review.dangers import RULES as DANGERS
from tools.review.dangers import Enforcement

FILE = "review-policy.toml"

RepositoryRole = Literal["write", "maintain", "admin"]
"""The least that somebody must be allowed in the repository. GitLab: Developer, Maintainer, Owner."""
Needs = Literal["any", "all"]

RULES: Mapping[str, Enforcement] = {
    **{rule: handling.gate for rule, handling in DANGERS.items()},
    "edits-review": "block",
}
"""Every rule, and what it does where the policy says nothing.

`edits-review` is the only one that the review does not find itself: the pull request changes the code that writes it.
"""


RuleName = Annotated[str, one_of(tuple(RULES), "there is no such rule", f"write one of {', '.join(RULES)}")]
Actions = Annotated[Mapping[RuleName, Enforcement], Form("a table of rules", '{ moves = "warn" }')]
Switch = Annotated[bool, Form("true or false", "true")]
Label = Annotated[
    str,
    Rule(
        # https://docs.github.com/en/rest/issues/labels gives no limit; the web form has 50.
        lambda text: len(text) <= 50 and text.isprintable() and text == text.strip(),
        "must be one line of at most 50 characters, without spaces around it",
        'write the name of a label, or "" where none approves',
    ),
]


class Approvals(Value):
    """What lets a pull request pass in spite of dangers that block. The author's own approval never counts."""

    label: Label = "approved: dangers"
    """The name of a label; an empty one means that no label approves."""
    review: Switch = True
    """Whether an approving review of the head commit approves."""
    code_owners: Switch = True
    """Whether a review counts only while GitHub calls the pull request approved by the rules of its branch: with
    `Require review from Code Owners` that takes the owners of every changed file."""
    permission: RepositoryRole = "write"
    needs: Needs = "any"
    """Whether one of label and review is enough, or both are needed where both are switched on."""

    def problems(self) -> Iterator[Problem]:
        """The gate must have a way through."""
        if not self.label and not self.review:
            yield Problem((), Quoted("<nothing>"), "something must approve", "name a label, or let reviews approve")


class Policy(Value):
    """What `review-policy.toml` says."""

    approvals: Annotated[Approvals, Form("a table", "{ review = true }")] = Approvals()
    dangers: Actions = field(default_factory=dict)
    clusters: Annotated[Mapping[str, Actions], Form("a table of tables", '{ "prod*" = { moves = "block" } }')] = field(
        default_factory=dict
    )
    """A glob over names of clusters, and its own actions; of several that match, the last one counts."""

    def action(self, rule: str, cluster: str) -> Enforcement:
        """What a danger does. A rule that this revision does not know blocks: nobody has judged it yet."""
        for glob, actions in reversed([*self.clusters.items()]):
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
    files = [file for file in (root / "clusters").glob("*.py") if file.name not in ("__init__.py", FLEET_FILE)]
    names = [file.stem.replace("_", "-") for file in files]
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(
            [Problem((), Quoted(error), "the file must be UTF-8 text", "save it as UTF-8", FILE)]
        ) from None
    return parse(text, sorted(names))


def parse(text: str, clusters: Collection[str]) -> Policy:
    """The policy in a file's text. Raises PolicyError with every mistake."""
    policy, problems = toml.read(Policy, text, FILE)
    for glob in policy.clusters if isinstance(policy.clusters, Mapping) else ():
        if not any(fnmatchcase(name, glob) for name in clusters):
            rule = "must match a file in clusters/"
            fix = f"write the name of a cluster, or a glob over {', '.join(clusters) or '<none>'}"
            problems.append(Problem((), glob, rule, fix, toml.place(FILE, ("clusters", Key(glob)))))
    if problems:
        raise PolicyError(problems)
    return policy
