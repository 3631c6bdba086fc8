"""What the gate asks GitHub, and tells it. https://docs.github.com/en/rest"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode

from blueprint.team_files import is_read
from tools.forge.comment import MARKER, STATUS_LIMIT
from tools.forge.rest import ForgeError, Rest
from tools.forge.verdict import Claim, Edited

CONTEXT = "dangers"
"""The name of the commit status, which a ruleset requires."""
# The branch of a merge group: gh-readonly-queue/main/pr-12-<sha of its base>
_QUEUED = re.compile(r"gh-readonly-queue/.+/pr-(\d{1,10})-[0-9a-f]{40}")
_DECISION = """query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { reviewDecision } }
}"""
_MOST_COMMITS = 250
"""Of a pull request, in a list. https://docs.github.com/en/rest/pulls/pulls#list-commits-on-a-pull-request"""
_RANKS = (("admin", "admin"), ("maintain", "maintain"), ("push", "write"), ("triage", "triage"), ("pull", "read"))


@dataclass(frozen=True)
class Run:
    """The workflow run that made the review. https://docs.github.com/en/rest/actions/workflow-runs"""

    event: str
    conclusion: str
    head: str
    """The pull request's head commit; in a merge queue the merged result."""
    branch: str
    repository: str
    """Where the branch is: the fork, or this repository."""
    url: str


@dataclass(frozen=True)
class PullRequest:
    """An open pull request into the default branch."""

    number: int
    author: str
    head: str
    branch: str
    repository: str
    """Where the branch is; empty when the fork is gone."""
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Comment:
    """The comment that an earlier run left."""

    id: int
    body: str


class GitHub:
    """One repository."""

    def __init__(self, rest: Rest, graphql: Rest, repository: str, bot: str) -> None:
        self._rest = rest
        self._graphql = graphql
        self._repository = repository
        self._bot = bot

    def run(self, number: int) -> Run:
        """The run of a number."""
        found = self._get(f"/actions/runs/{number}")
        repository = (found["head_repository"] or {}).get("full_name", "")
        branch = found["head_branch"] or ""
        return Run(found["event"], found["conclusion"] or "", found["head_sha"], branch, repository, found["html_url"])

    def pull_request(self, run: Run) -> PullRequest | None:
        """Whose review the run made: what GitHub says, never what the run's files say.

        None if the pull request is closed, or its head has moved on: the newer run speaks for it then.
        """
        default = self._get("")["default_branch"]
        queued = _QUEUED.fullmatch(run.branch)
        if run.event == "merge_group":
            found = [self._get(f"/pulls/{queued[1]}")] if queued else []
        else:
            # Two pull requests of one branch into the same base cannot be open at once.
            head = f"{run.repository.partition('/')[0]}:{run.branch}"
            query = urlencode({"state": "open", "base": default, "head": head})
            pulls = self._rest.pages(f"/repos/{self._repository}/pulls?{query}")
            found = [pull for pull in pulls if pull["head"]["sha"] == run.head and _fork(pull) == run.repository]
        for pull in found:
            if pull["state"] == "open" and pull["base"]["ref"] == default:
                labels = tuple(label["name"] for label in pull["labels"])
                head = pull["head"]
                return PullRequest(pull["number"], pull["user"]["login"], head["sha"], head["ref"], _fork(pull), labels)
        return None

    def comment(self, number: int) -> Comment | None:
        """Our own comment: nobody else's is taken for it, whatever marker it holds."""
        for found in self._rest.pages(f"/repos/{self._repository}/issues/{number}/comments"):
            if found["user"] and found["user"]["login"] == self._bot and str(found["body"]).startswith(MARKER):
                return Comment(found["id"], found["body"])
        return None

    def write(self, number: int, existing: Comment | None, body: str) -> str:
        """Puts the comment, or changes it in place. Returns its address."""
        if existing:
            path = f"/repos/{self._repository}/issues/comments/{existing.id}"
            return str(self._rest.send("PATCH", path, {"body": body})["html_url"])
        path = f"/repos/{self._repository}/issues/{number}/comments"
        return str(self._rest.send("POST", path, {"body": body})["html_url"])

    def edited(self, pull: PullRequest) -> Edited:
        """The files that the pull request changes, and the text of those of teams.

        GitHub lists 3,000. https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
        """
        path = f"/pulls/{pull.number}"
        files = list(self._rest.pages(f"/repos/{self._repository}{path}/files"))
        now = self._get(path)
        if now["head"]["sha"] != pull.head:
            raise ForgeError(f"{pull.head[:7]} is no longer the head; a newer run speaks for it")
        names = {name for file in files for name in (file["filename"], file.get("previous_filename")) if name}
        there = [file for file in files if is_read(file["filename"]) and file["status"] != "removed"]
        teams = {file["filename"]: b64decode(self._get(f"/git/blobs/{file['sha']}")["content"]) for file in there}
        return Edited(names, len(files) >= now["changed_files"], teams)

    def authors(self, pull: PullRequest) -> frozenset[str] | None:
        """Who opened it, and who wrote, committed or pushed what it consists of; None of too many commits.

        Whom a commit names is its author's choice, so pushes count as well, where the token may see them: not in a fork
        that is private. https://docs.github.com/en/rest/repos/repos#list-repository-activities
        """
        commits = list(self._rest.pages(f"/repos/{self._repository}/pulls/{pull.number}/commits"))
        if len(commits) >= _MOST_COMMITS:
            return None
        people = [commit[role] for commit in commits for role in ("author", "committer")]
        known = {commit["sha"] for commit in commits}
        query = urlencode({"ref": f"refs/heads/{pull.branch}"})
        try:
            pushes = list(self._rest.pages(f"/repos/{pull.repository}/activity?{query}")) if pull.repository else []
        except ForgeError as error:
            if error.status not in (403, 404):
                raise
            pushes = []
        people += [push["actor"] for push in pushes if push["after"] in known]
        return frozenset({pull.author, *(person["login"] for person in people if person)})

    def labelled(self, pull: PullRequest, label: str) -> Iterator[Claim]:
        """Who put the label last, if it is there. https://docs.github.com/en/rest/issues/events"""
        if label.casefold() not in map(str.casefold, pull.labels):
            return
        last: Mapping[str, Any] | None = None
        for event in self._rest.pages(f"/repos/{self._repository}/issues/{pull.number}/events"):
            if event["event"] == "labeled" and event["label"]["name"].casefold() == label.casefold():
                last = event
        if last and last["actor"]:
            yield self._claim("label", last["actor"]["login"], last["created_at"])

    def reviewed(self, pull: PullRequest) -> Iterator[Claim]:
        """Whose last word in a review is an approval. https://docs.github.com/en/rest/pulls/reviews"""
        last: dict[str, Mapping[str, Any]] = {}
        for review in self._rest.pages(f"/repos/{self._repository}/pulls/{pull.number}/reviews"):
            if review["user"] and review["state"] in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
                last[review["user"]["login"]] = review
        for login, review in last.items():
            if review["state"] == "APPROVED":
                yield self._claim("review", login, review["submitted_at"], review["commit_id"] or "")

    def decision(self, number: int) -> str | None:
        """What all reviews come to by the rules of the branch; only GitHub's GraphQL interface tells it.

        https://docs.github.com/en/graphql/reference/objects#pullrequest
        """
        owner, _, name = self._repository.partition("/")
        variables = {"owner": owner, "name": name, "number": number}
        answer = self._graphql.send("POST", "", {"query": _DECISION, "variables": variables})
        if answer.get("errors"):
            raise ForgeError(f"GraphQL: reviewDecision of #{number} cannot be read")
        found = answer["data"]["repository"]["pullRequest"]["reviewDecision"]
        return None if found is None else str(found)

    def status(self, sha: str, state: Literal["success", "failure", "error"], description: str, url: str) -> None:
        """Sets the commit status."""
        body = {"state": state, "context": CONTEXT, "description": description[:STATUS_LIMIT], "target_url": url}
        self._rest.send("POST", f"/repos/{self._repository}/statuses/{sha}", body)

    def _claim(self, how: Literal["label", "review"], login: str, at: str, commit: str = "") -> Claim:
        return Claim(how, login, self._permission(login), datetime.fromisoformat(at), commit)

    def _permission(self, login: str) -> str:
        """The highest role, whatever grants it; a custom role counts as the one that it is made from.

        https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
        """
        try:
            found = self._get(f"/collaborators/{quote(login, safe='')}/permission")
        except ForgeError as error:
            if error.status == 404:  # apps, and people who left
                return "none"
            raise
        allowed = (found.get("user") or {}).get("permissions") or {}
        return next((name for key, name in _RANKS if allowed.get(key) is True), "none")

    def _get(self, path: str) -> Any:
        return self._rest.get(f"/repos/{self._repository}{path}")


def _fork(pull: Mapping[str, Any]) -> str:
    return str((pull["head"]["repo"] or {}).get("full_name", ""))
