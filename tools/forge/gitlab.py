"""Puts a review into its merge request: one note; the exit status is the gate.

    GITLAB_TOKEN=… python -m tools.forge.gitlab --review FOLDER

Everything else comes from the variables of a merge request pipeline: docs/review-in-pull-requests.md. Only a label
approves here: GitLab's approvals do not say which commit they are of. Exit status, as of all commands: 0 if the merge
request may pass, 1 if not or if the policy has mistakes, 2 if it cannot be judged.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from blueprint.team_files import is_read
from tools.forge.comment import MARKER, comment, headline, shown_in
from tools.forge.policy import PolicyError, load
from tools.forge.received import ReceivedError
from tools.forge.received import load as received
from tools.forge.rest import ForgeError, Rest
from tools.forge.verdict import Claim, Edited, Shown, approvals, judged
from tools.status import Status

ROOT = Path(__file__).parents[2]
# https://docs.gitlab.com/ci/variables/predefined_variables/
VARIABLES = ("GITLAB_TOKEN", "CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", "CI_COMMIT_SHA", "CI_JOB_URL")
# https://docs.gitlab.com/api/access_requests/ (access levels: Owner, Maintainer, Developer, Reporter, Guest)
_RANKS = ((50, "admin"), (40, "maintain"), (30, "write"), (20, "triage"), (10, "read"))


def main(arguments: Sequence[str], environment: Mapping[str, str], root: Path = ROOT) -> int:
    """Exit status: 0, 1 or 2, as above."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.forge.gitlab", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--review", type=Path, required=True, metavar="FOLDER", help="what make review wrote")
    folder: Path = parser.parse_args(arguments).review
    missing = [name for name in VARIABLES if not environment.get(name)]
    if missing:
        print(f"{', '.join(missing)} must be set: see docs/review-in-pull-requests.md", file=sys.stderr)
        return Status.FAILED
    try:
        return _judged(environment, folder, root)
    except PolicyError as error:
        print(error, file=sys.stderr)
        return Status.REFUSED
    except (ForgeError, ReceivedError) as error:
        print(error, file=sys.stderr)
    except (KeyError, TypeError, ValueError) as error:
        print(f"GitLab's answer is not what its documentation says: {error!r}", file=sys.stderr)
    return Status.FAILED


def _judged(environment: Mapping[str, str], folder: Path, root: Path) -> int:
    policy = load(root)
    policy = replace(policy, approvals=replace(policy.approvals, review=False))
    review = received(folder)
    rest = Rest(environment["CI_API_V4_URL"], {"PRIVATE-TOKEN": environment["GITLAB_TOKEN"]})
    project = f"/projects/{environment['CI_PROJECT_ID']}"
    path = f"{project}/merge_requests/{environment['CI_MERGE_REQUEST_IID']}"
    merge_request = rest.get(path)
    # A pipeline of the merged result runs on a commit of its own, and names the branch's beside it.
    head = environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environment["CI_COMMIT_SHA"]
    if merge_request["sha"] != head:
        raise ForgeError(f"{head[:7]} is no longer the head of the merge request; its newest pipeline speaks for it")
    me = rest.get("/user")["id"]
    notes = list(rest.pages(f"{path}/notes"))
    own = (note for note in notes if note["author"]["id"] == me)
    existing = next((note for note in own if str(note["body"]).startswith(MARKER)), None)
    label = policy.approvals.label
    verdict, shown = judged(
        policy,
        review,
        _edited(rest, project, path, merge_request),
        (shown_in(existing["body"]) if existing else None, Shown(head, "", rest.now)),
        lambda shown: approvals(
            policy.approvals,
            list(_labelled(rest, project, path, label)) if label in merge_request["labels"] else [],
            set(_authors(rest, path, merge_request, notes, label)),
            shown,
        ),
    )
    body = comment(verdict, policy, review, shown, f"{environment['CI_JOB_URL']}/artifacts/browse")
    if existing:
        rest.send("PUT", f"{path}/notes/{existing['id']}", {"body": body})
    elif review.touched or verdict.blocking or verdict.warnings:
        rest.send("POST", f"{path}/notes", {"body": body})
    print(headline(verdict))
    return Status.DONE if verdict.passes else Status.REFUSED


def _edited(rest: Rest, project: str, path: str, merge_request: Mapping[str, Any]) -> Edited:
    """What the merge request changes. GitLab counts "1000+" where it lists no more.

    https://docs.gitlab.com/api/merge_requests/#get-single-mr, https://docs.gitlab.com/api/repository_files/
    """
    diffs = list(rest.pages(f"{path}/diffs"))
    names = {name for diff in diffs for name in (diff["new_path"], diff["old_path"])}
    there = [diff["new_path"] for diff in diffs if is_read(diff["new_path"]) and not diff["deleted_file"]]
    files = f"{project}/repository/files"
    ref = merge_request["sha"]
    teams = {name: b64decode(rest.get(f"{files}/{quote(name, safe='')}?ref={ref}")["content"]) for name in there}
    count = str(merge_request["changes_count"] or ("?" if diffs else "0"))
    return Edited(names, count.isdigit() and len(diffs) >= int(count), teams)


# https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/services/system_notes/commit_service.rb (add_commits)
_PUSHED = re.compile(r"added \d+ commits?\b")


def _authors(
    rest: Rest, path: str, merge_request: Mapping[str, Any], notes: Sequence[Mapping[str, Any]], label: str
) -> Iterator[str]:
    """Who opened it, and who pushed to it since.

    A commit says no user, so whoever has the name of its author or committer counts as that. Who pushed before it was
    opened, GitLab does not tell.
    """
    yield merge_request["author"]["username"]
    yield from (note["author"]["username"] for note in notes if note["system"] and _PUSHED.match(note["body"]))
    commits = rest.pages(f"{path}/commits")
    names = {commit[role].casefold() for commit in commits for role in ("author_name", "committer_name")}
    for event in _labels(rest, path, label):
        if {event["user"]["name"].casefold(), event["user"]["username"].casefold()} & names:
            yield event["user"]["username"]


def _labelled(rest: Rest, project: str, path: str, label: str) -> Iterator[Claim]:
    """Who put the label last. https://docs.gitlab.com/api/resource_label_events/"""
    if events := list(_labels(rest, path, label)):
        last = events[-1]
        user = last["user"]
        yield Claim(
            "label",
            user["username"],
            _permission(rest, project, user["id"]),
            datetime.fromisoformat(last["created_at"]),
        )


def _labels(rest: Rest, path: str, label: str) -> Iterator[Mapping[str, Any]]:
    for event in rest.pages(f"{path}/resource_label_events"):
        if event["action"] == "add" and event["label"] and event["label"]["name"] == label:
            yield event


def _permission(rest: Rest, project: str, user: int) -> str:
    """https://docs.gitlab.com/api/project_members/ (inherited and invited members included)"""
    try:
        level = rest.get(f"{project}/members/all/{user}")["access_level"]
    except ForgeError as error:
        if error.status == 404:
            return "none"
        raise
    return next((name for least, name in _RANKS if level >= least), "none")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
