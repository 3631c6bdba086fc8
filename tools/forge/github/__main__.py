"""Puts a review into its pull request: one comment, the commit status `dangers`, and the job's summary.

    GITHUB_TOKEN=… python -m tools.forge.github --run ID --review FOLDER

The status is the gate. The exit status is 0 when it was set, whatever it says: the run belongs to the default branch,
which no pull request may turn red. It is 1 when the policy of that branch has mistakes, and 2 when GitHub fails.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.forge.comment import comment, headline, shown_in
from tools.forge.github.api import GitHub, PullRequest, Run
from tools.forge.policy import Policy, PolicyError, load
from tools.forge.received import ReceivedError
from tools.forge.received import load as received
from tools.forge.rest import ForgeError, Rest
from tools.forge.verdict import Approved, Shown, approvals, judged
from tools.status import Status

ROOT = Path(__file__).parents[3]
EVENTS = ("pull_request", "pull_request_review", "merge_group")


def main(arguments: Sequence[str], environment: Mapping[str, str], root: Path = ROOT) -> int:
    """Exit status: 0, 1 or 2, as above."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.forge.github", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--run", type=int, required=True, metavar="ID", help="the workflow run that made the review")
    parser.add_argument("--review", type=Path, required=True, metavar="FOLDER", help="what that run uploaded")
    parser.add_argument("--bot", default="github-actions[bot]", metavar="LOGIN", help="whom the token belongs to")
    options = parser.parse_args(arguments)
    missing = [name for name in ("GITHUB_TOKEN", "GITHUB_REPOSITORY") if not environment.get(name)]
    if missing:
        print(f"{' and '.join(missing)} must be set: see .github/workflows/verdict.yml", file=sys.stderr)
        return Status.FAILED
    try:
        rest = Rest(environment.get("GITHUB_API_URL", "https://api.github.com"), _headers(environment))
        graphql = Rest(environment.get("GITHUB_GRAPHQL_URL", "https://api.github.com/graphql"), _headers(environment))
        github = GitHub(rest, graphql, environment["GITHUB_REPOSITORY"], options.bot)
        run = github.run(options.run)
        pull = github.pull_request(run) if run.event in EVENTS else None
        if not pull:
            print(f"Nothing to do: no open pull request has {run.head[:7]} as its head; a newer run speaks for it")
            return Status.DONE
        return _judged(github, rest, run, pull, options.review, root, environment)
    except ForgeError as error:
        print(error, file=sys.stderr)
    except (KeyError, TypeError, ValueError) as error:
        print(f"GitHub's answer is not what its documentation says: {error!r}", file=sys.stderr)
    return Status.FAILED


def _judged(
    github: GitHub, rest: Rest, run: Run, pull: PullRequest, folder: Path, root: Path, environment: Mapping[str, str]
) -> int:
    if run.conclusion != "success":
        github.status(run.head, "error", f"make review did not succeed: {run.conclusion}", run.url)
        print(f"#{pull.number}: make review did not succeed")
        return Status.DONE
    try:
        policy = load(root)
        review = received(folder)
    except PolicyError as error:
        github.status(run.head, "error", "Not judged: review-policy.toml of the default branch is broken", run.url)
        print(error, file=sys.stderr)
        return Status.REFUSED
    except ReceivedError as error:
        github.status(run.head, "error", "Not judged: the review is not what make review writes", run.url)
        print(f"#{pull.number}: {error}")
        return Status.DONE
    existing = github.comment(pull.number)
    verdict, shown = judged(
        policy,
        review,
        github.edited(pull),
        (shown_in(existing.body) if existing else None, Shown(pull.head, "", rest.now)),
        lambda shown: _approved(github, pull, policy, shown),
    )
    body = comment(verdict, policy, review, shown, f"{run.url}#artifacts")
    where = run.url
    if run.event != "merge_group" and (review.touched or verdict.blocking or verdict.warnings or existing):
        where = github.write(pull.number, existing, body)
    if path := environment.get("GITHUB_STEP_SUMMARY"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(body)
    github.status(run.head, "success" if verdict.passes else "failure", headline(verdict), where)
    print(f"#{pull.number}: {headline(verdict)}")
    return Status.DONE


def _approved(github: GitHub, pull: PullRequest, policy: Policy, shown: Shown) -> Approved:
    rules = policy.approvals
    labels = list(github.labelled(pull, rules.label)) if rules.label else []
    reviews = list(github.reviewed(pull)) if rules.review else []
    decision = github.decision(pull.number) if reviews and rules.code_owners else None
    return approvals(rules, [*labels, *reviews], github.authors(pull), shown, decision)


def _headers(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {environment['GITHUB_TOKEN']}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
