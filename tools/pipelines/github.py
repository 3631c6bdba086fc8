"""Workflows of GitHub: one that delivers the fleet wave by wave, and one that looks for drift."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from blueprint.pipelines import GitHubActions
from blueprint.planning.document import Plan
from blueprint.planning.fleet import FleetPlan, PlannedWave
from tools.pipelines import scripts
from tools.pipelines.roles import role_arns
from tools.pipelines.text import PipelineJob, yaml_of
from tools.status import CannotError

FOLDER = ".github/workflows"
RUNNER, MINUTES, SESSION_MINUTES = "ubuntu-24.04", 30, 60
MATRIX = 256
"""Jobs that one matrix makes at most. https://docs.github.com/en/actions/reference/limits"""
_USES = re.compile(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40}) # (v(\d+)\.(\d+)\.(\d+))")
_DEPLOY = """
Each cluster is deployed by a job of its own, the clusters of a wave at once. When one fails, those of later waves are
not touched. Mend the cause in AWS, and "Re-run failed jobs" goes on from there, as long as nothing newer is merged; or
merge what mends it, and the next run begins with the first wave: docs/fleet.md.

What deploys runs no Python of this project: it hands to the CDK's command line what a job without credentials wrote,
and checks by its digest that it is the same. Who approves is said in the settings of the repository, for the
environment of each cluster's name.
"""
_DRIFT = """
Whether AWS is still as deployed, and which versions lag: an issue says it, and is closed when there is nothing to say.
"""
_COMMENTS = {
    "actions: read": "earlier runs, and the settings of environments",
    "cancel-in-progress: false": "CloudFormation would go on by itself",
    "fail-fast: false": "what CloudFormation has begun, it ends",
    "fetch-depth: 0": "the review compares revisions",
    "id-token: write": "AWS gives credentials for it",
    "issues: write": "one issue, which it opens, writes and closes",
}
_NEWEST = """\
newest=$(gh api "repos/$GITHUB_REPOSITORY/commits/$BRANCH" --jq .sha)
if [ "$newest" != "$GITHUB_SHA" ]; then
  echo "$newest is newer, and this would take it back: let its own run deploy, which has all of this as well." >&2
  exit 1
fi
"""
_SINCE = """\
runs="repos/$GITHUB_REPOSITORY/actions/workflows/deploy.yml/runs?branch=$BRANCH&status=success&per_page=1"
[ -n "$BASE" ] || BASE=$(gh api "$runs" --jq '.workflow_runs[0].head_sha // empty')
echo "The last commit that was delivered is ${BASE:-not known: nothing was}."
echo "base=$BASE" >>"$GITHUB_OUTPUT"
"""
"""A run that succeeds has delivered the whole fleet.
https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-workflow"""
_ASKED = """\
reviewers='[.protection_rules[]? | select(.type == "required_reviewers") | .reviewers[]] | length'
if [ "$(gh api "repos/$GITHUB_REPOSITORY/environments/$CLUSTER" --jq "$reviewers")" -gt 0 ] 2>/dev/null; then
  exit 0
fi
echo "clusters/fleet.py says that somebody approves, but the environment $CLUSTER has no required reviewers" >&2
exit 1
"""
"""GitHub makes an environment that is missing, without any protection.
https://docs.github.com/en/rest/deployments/environments#get-an-environment"""
_SUMMARY = """\
.venv/bin/python -m tools fleet >fleet.txt
{ echo '```'; cat fleet.txt; echo '```'; [ ! -f review/review.md ] || cat review/review.md; } >summary.md
head -c 1000000 summary.md >>"$GITHUB_STEP_SUMMARY"
"""
"""GitHub takes a MiB. https://docs.github.com/en/actions/reference/limits"""
_REPORT = """\
.venv/bin/python -m tools fleet --json >fleet.json
.venv/bin/python -m tools.forge.issue --drift drift --fleet fleet.json --results "$RESULTS"
"""
_CLUSTER = {"CLUSTER": "${{ matrix.cluster }}"}


class PinnedActions:
    """Actions by the commits to which the workflows that are there pin them: Renovate moves these."""

    def __init__(self, folder: Path) -> None:
        found: dict[str, tuple[tuple[int, ...], str, str]] = {}
        for path in sorted(folder.glob("*.yml")):
            for name, commit, version, *numbers in _USES.findall(path.read_text(encoding="utf-8")):
                pinned = (tuple(map(int, numbers)), f"{name}@{commit}", version)
                found[name] = max(found.get(name, pinned), pinned)
        self._found = found

    def __getitem__(self, name: str) -> str:
        """What stands behind `uses:`. Raises CannotError where no workflow pins the action."""
        if name not in self._found:
            raise CannotError(f"no workflow in {FOLDER} pins {name} to a commit: take one that is there from Git")
        return self._found[name][1]

    @property
    def versions(self) -> Mapping[str, str]:
        """Of each, by what stands behind `uses:`."""
        return {uses: version for _, uses, version in self._found.values()}


def texts(fleet: FleetPlan, pipeline: GitHubActions, actions: PinnedActions) -> dict[str, str]:
    """The files, by their places in the repository."""
    jobs = _Jobs(pipeline, actions)
    deploy: dict[str, PipelineJob] = {"synth": jobs.synth(review=True)}
    before = "synth"
    for wave in fleet.waves:
        deploy |= jobs.wave(wave, before)
        before = f"watch-{wave.name}"
    allow = {"description": "Logical ids of what no deploy can take back, for the guard to let pass", "type": "string"}
    base = {"description": "What to compare with; by itself the commit that was delivered last", "type": "string"}
    files = {
        "deploy": (
            {"push": {"branches": [pipeline.branch]}, "workflow_dispatch": {"inputs": {"allow": allow, "base": base}}},
            deploy,
            _DEPLOY,
        ),
        "drift": (
            {"schedule": [{"cron": pipeline.drift_schedule}], "workflow_dispatch": None},
            {"synth": jobs.synth(review=False), **jobs.drift(fleet.clusters)},
            _DRIFT,
        ),
    }
    comments = {**_COMMENTS, **actions.versions}
    return {
        f"{FOLDER}/{name}.yml": yaml_of(
            {
                "name": name,
                "on": events,
                "permissions": {"contents": "read"},
                # With pipefail, which `run` has only by this name.
                "defaults": {"run": {"shell": "bash"}},
                # Of those that wait, GitHub keeps the newest.
                "concurrency": {"group": name, "cancel-in-progress": False},
                "jobs": content,
            },
            about,
            comments,
        )
        for name, (events, content, about) in files.items()
    }


class _Jobs:
    def __init__(self, pipeline: GitHubActions, actions: PinnedActions) -> None:
        self._branch, self._repository = pipeline.branch, pipeline.repository
        self._actions = actions

    def synth(self, *, review: bool) -> PipelineJob:
        """Without credentials, and before anybody is asked to approve."""
        since = {"BASE": "${{ inputs.base }}", "BRANCH": self._branch, "GH_TOKEN": _TOKEN}
        found = {"BASE": "${{ steps.since.outputs.base }}", "ALLOW": "${{ inputs.allow }}"}
        reviewing = [
            {"id": "since", **_run("Since when?", _SINCE, **since)},
            _run("Review and guard", scripts.REVIEW, **found),
            _run("For whoever approves", _SUMMARY),
        ]
        return {
            "name": "synth",
            # Nowhere else: not in a fork, nor in a copy of the project.
            "if": f"github.repository == '{self._repository}' && github.ref == 'refs/heads/{self._branch}'",
            "runs-on": RUNNER,
            "timeout-minutes": MINUTES,
            **({"permissions": {"actions": "read", "contents": "read"}} if review else {}),
            "outputs": {"digest": "${{ steps.pack.outputs.digest }}"},
            "steps": [
                *self._begin(**{"fetch-depth": 0} if review else {}),
                _run("Synthesize", scripts.SYNTH),
                *(reviewing if review else []),
                {"id": "pack", **_run("Pack", f'{scripts.PACK}echo "digest=$digest" >>"$GITHUB_OUTPUT"\n')},
                self._uses("actions/upload-artifact", name="assembly", path="assembly.tar", **_KEPT),
            ],
        }

    def wave(self, wave: PlannedWave, before: str) -> dict[str, PipelineJob]:
        """Three jobs for each cluster: whether its account is ready, the deploy, and what becomes of it."""
        if len(wave.clusters) > MATRIX:
            raise CannotError(f"The wave {wave.name} has more clusters than GitHub makes jobs of: {MATRIX}. Divide it.")
        ready, deploy, watch = (f"{kind}-{wave.name}" for kind in ("ready", "deploy", "watch"))
        watching = MINUTES + wave.promotion.soak_minutes
        asked = [_run("Is somebody asked?", _ASKED, GH_TOKEN=_TOKEN, **_CLUSTER)] if wave.promotion.approval else []
        return {
            ready: {
                **_matrix("ready", list(dict.fromkeys(("synth", before))), wave.clusters, "check", MINUTES),
                "permissions": {"actions": "read", **_READS_AWS} if asked else _READS_AWS,
                "steps": [
                    *self._begin(),
                    *asked,
                    self._credentials("check"),
                    _run("Ready?", scripts.READY, **_CLUSTER),
                ],
            },
            deploy: {
                **_matrix("deploy", ["synth", ready], wave.clusters, "deploy", SESSION_MINUTES),
                "environment": "${{ matrix.cluster }}",
                "concurrency": _ONE_AT_A_TIME,
                "permissions": _READS_AWS,
                "steps": [
                    *self._begin(),
                    *self._assembly(),
                    {
                        "if": "github.run_attempt > 1",
                        **_run("Nothing newer?", _NEWEST, BRANCH=self._branch, GH_TOKEN=_TOKEN),
                    },
                    self._credentials("deploy"),
                    _run("Deploy", scripts.DEPLOY, **_CLUSTER),
                ],
            },
            watch: {
                **_matrix("watch", [deploy], wave.clusters, "check", watching),
                "permissions": _READS_AWS,
                "steps": [
                    *self._begin(),
                    self._credentials("check", watching),
                    _run("Well?", scripts.READY, **_CLUSTER),
                    _run("Watch", scripts.WATCH, **_CLUSTER),
                ],
            },
        }

    def drift(self, plans: Sequence[Plan]) -> dict[str, PipelineJob]:
        """A job for each cluster, and one that says in an issue what they found."""
        kept = {**_KEPT, "if-no-files-found": "ignore"}
        jobs = {
            f"detect-{number + 1}": {
                **_matrix("detect", ["synth"], plans[at : at + MATRIX], "drift", SESSION_MINUTES),
                "concurrency": _ONE_AT_A_TIME,  # a deploy that goes on would look like drift
                "permissions": _READS_AWS,
                "steps": [
                    *self._begin(),
                    *self._assembly(),
                    self._credentials("drift"),
                    _run("Detect", scripts.drift("drift.txt"), **_CLUSTER),
                    {
                        "if": "failure()",
                        **self._uses(
                            "actions/upload-artifact", name="drift-${{ matrix.cluster }}", path="drift.txt", **kept
                        ),
                    },
                ],
            }
            for number, at in enumerate(range(0, len(plans), MATRIX))
        }
        report = {
            "name": "report",
            "needs": list(jobs),
            "if": "${{ !cancelled() && needs.detect-1.result != 'skipped' }}",
            "runs-on": RUNNER,
            "timeout-minutes": MINUTES,
            "permissions": {"contents": "read", "issues": "write"},
            "steps": [
                *self._begin(),
                self._uses("actions/download-artifact", pattern="drift-*", path="drift"),
                _run("Report", _REPORT, GITHUB_TOKEN=_TOKEN, RESULTS="${{ join(needs.*.result, ' ') }}"),
            ],
        }
        return {**jobs, "report": report}

    def _uses(self, action: str, **inputs: Any) -> PipelineJob:
        return {"uses": self._actions[action], "with": inputs}

    def _begin(self, **more: Any) -> list[PipelineJob]:
        """The project with all that it needs, before there are credentials."""
        return [
            self._uses("actions/checkout", **more, **{"persist-credentials": False}),
            self._uses("actions/setup-python", **{"python-version": "3.13"}),
            {"run": "make setup"},
        ]

    def _assembly(self) -> list[PipelineJob]:
        digest = "${{ needs.synth.outputs.digest }}"
        return [
            self._uses("actions/download-artifact", name="assembly"),
            _run("The same?", scripts.UNPACK, DIGEST=digest),
        ]

    def _credentials(self, role: str, minutes: int = 0) -> PipelineJob:
        """Of the role, for as long as the job may take."""
        longer = {"role-duration-seconds": 60 * minutes} if minutes > SESSION_MINUTES else {}
        inputs = {"role-to-assume": f"matrix.{role}", "aws-region": "matrix.region", "audience": "matrix.audience"}
        expressions = {name: f"${{{{ {value} }}}}" for name, value in inputs.items()}
        return self._uses("aws-actions/configure-aws-credentials", **expressions, **longer)


_READS_AWS = {"contents": "read", "id-token": "write"}
_ONE_AT_A_TIME = {"group": "deploy-${{ matrix.cluster }}", "cancel-in-progress": False}
_KEPT = {"if-no-files-found": "error", "retention-days": 30}
_TOKEN = "${{ github.token }}"  # noqa: S105  # an expression


def _matrix(kind: str, needs: Sequence[str], plans: Sequence[Plan], role: str, minutes: int) -> PipelineJob:
    """A job for each cluster."""
    rows = []
    for plan in plans:
        arns = role_arns(plan)
        place = {"cluster": plan.facts.name, "region": plan.facts.region}
        rows.append({**place, "audience": arns["audience"], role: arns[role]})
    return {
        "name": f"{kind} ${{{{ matrix.cluster }}}}",
        "needs": needs,
        "strategy": {"fail-fast": False, "matrix": {"include": rows}},
        "runs-on": RUNNER,
        "timeout-minutes": minutes,
    }


def _run(name: str, script: str, **environment: str) -> PipelineJob:
    return {"name": name, "run": script, **({"env": environment} if environment else {})}
