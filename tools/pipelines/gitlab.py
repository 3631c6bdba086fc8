"""A pipeline of GitLab that delivers the fleet wave by wave, and looks for drift when it is scheduled."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import indent
from typing import Any

from blueprint.pipelines import GitLabCi
from blueprint.planning.document import Plan
from blueprint.planning.fleet import FleetPlan, PlannedWave
from tools.pipelines import scripts
from tools.pipelines.roles import role_arns
from tools.pipelines.text import PipelineJob, yaml_of
from tools.status import CannotError

FOLDER, DRIFT = ".gitlab", "drift"
MINUTES, SESSION_MINUTES = 30, 60
NEEDS = 50
"""Jobs that one waits for at most. https://docs.gitlab.com/ci/yaml/#needs"""
_ABOUT = """
`include: {local: .gitlab/deploy.yml}` in .gitlab-ci.yml takes it, with `deliver` among the stages there. Each cluster
is deployed by a job of its own, the clusters of a wave at once. When one fails, those of later waves are not touched.
Retry the job when its cause is mended: GitLab refuses what is older than the last deployment (Settings, CI/CD, "Prevent
outdated deployment jobs").

A scheduled pipeline looks for drift instead, and says in an issue what it found where there is a GITLAB_TOKEN:
docs/fleet.md.
"""
_COMMENTS = {"interruptible: false": "CloudFormation would go on by itself"}
_REVIEW = f"""\
if [ "$CI_PIPELINE_SOURCE" != schedule ]; then
  last="$CI_API_V4_URL/projects/$CI_PROJECT_ID/jobs/artifacts/$CI_COMMIT_BRANCH/raw/delivered.txt?job=delivered"
  if [ -z "$BASE" ]; then
    answer=$(curl -sS -o delivered.txt -w '%{{http_code}}' --header "JOB-TOKEN: $CI_JOB_TOKEN" "$last")
    case $answer in
      200) BASE=$(cat delivered.txt) ;;
      404) echo "Nothing was delivered before." ;;
      *) echo "GitLab does not tell which commit was delivered last: $answer" >&2; false ;;
    esac
  fi
{indent(scripts.REVIEW, "  ")}fi
"""
"""The job `delivered` of the last pipeline that succeeded says its commit.
https://docs.gitlab.com/api/job_artifacts/#download-a-single-artifact-file-by-reference-name
What was merged before keeps nobody from looking for drift."""
_CREDENTIALS = """\
mkdir -p .aws && printf %s "$AWS_TOKEN" >.aws/token
export AWS_WEB_IDENTITY_TOKEN_FILE="$PWD/.aws/token" AWS_ROLE_SESSION_NAME="gitlab-$CI_JOB_ID"
"""
"""Variables that boto3 and the CDK's command line read.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html"""
_DRIFT = f"""\
mkdir -p "{DRIFT}/drift-$CLUSTER"
{scripts.drift(f'"{DRIFT}/drift-$CLUSTER/drift.txt"')}"""
_REPORT = f"""\
mkdir -p {DRIFT}
{scripts.TOOLS} fleet --json >fleet.json
.venv/bin/python -m tools.forge.issue --drift {DRIFT} --fleet fleet.json
"""


def texts(fleet: FleetPlan, pipeline: GitLabCi) -> dict[str, str]:
    """The file, by its place in the repository."""
    on_branch = f'$CI_COMMIT_BRANCH == "{pipeline.branch}"'
    delivers = [{"if": f'{on_branch} && $CI_PIPELINE_SOURCE != "schedule"'}]
    looks = [{"if": f'{on_branch} && $CI_PIPELINE_SOURCE == "schedule"'}]
    document: dict[str, Any] = {
        ".fleet": {
            "stage": "deliver",
            "image": "python:3.13-bookworm",
            "interruptible": False,
            "timeout": f"{MINUTES} minutes",
            "variables": {"GIT_DEPTH": 0},
            "before_script": ["make setup"],
        },
        "synth": {
            "extends": ".fleet",
            "rules": [{"if": on_branch}],
            "script": [scripts.SYNTH, _REVIEW, f'{scripts.PACK}echo "DIGEST=$digest" >digest.env\n'],
            "artifacts": {
                "paths": ["assembly.tar", "review/"],
                "reports": {"dotenv": "digest.env"},
                "expire_in": "30 days",
            },
        },
    }
    before: list[str] = []
    for wave in fleet.waves:
        jobs = _wave(wave, before, delivers)
        document |= jobs
        before = [name for name in jobs if name.startswith("watch-")]
    document["delivered"] = {
        "extends": ".fleet",
        "needs": before,
        "rules": delivers,
        "before_script": [],
        "script": ['printf %s "$CI_COMMIT_SHA" >delivered.txt'],
        "artifacts": {"paths": ["delivered.txt"], "expire_in": "never"},
    }
    for plan in fleet.clusters:
        script = [scripts.UNPACK, _CREDENTIALS, _DRIFT]
        artifacts = {"paths": [f"{DRIFT}/"], "when": "on_failure", "expire_in": "30 days"}
        job = {**_job(plan, "drift", ["synth"], looks, SESSION_MINUTES, script), "artifacts": artifacts}
        document[f"drift-{plan.facts.name}"] = {**job, "resource_group": f"deploy-{plan.facts.name}"}
    document["report"] = {
        "extends": ".fleet",
        "stage": ".post",  # it gets what all jobs before it found, without naming more of them than `needs` takes
        "rules": [{"if": f"{looks[0]['if']} && $GITLAB_TOKEN", "when": "always"}],
        "script": [_REPORT],
    }
    return {f"{FOLDER}/deploy.yml": yaml_of(document, _ABOUT, _COMMENTS)}


def _wave(wave: PlannedWave, before: Sequence[str], rules: Sequence[PipelineJob]) -> dict[str, PipelineJob]:
    """Three jobs for each cluster: whether its account is ready, the deploy, and what becomes of it."""
    if len(wave.clusters) >= NEEDS:
        raise CannotError(
            f"The wave {wave.name} has more clusters than a job of GitLab waits for: {NEEDS - 1}. Divide it."
        )
    jobs: dict[str, PipelineJob] = {}
    names = [plan.facts.name for plan in wave.clusters]
    ready = [f"ready-{name}" for name in names]
    for plan, name in zip(wave.clusters, names, strict=True):
        script = [_CREDENTIALS, scripts.READY]
        jobs[f"ready-{name}"] = _job(plan, "check", ["synth", *before], rules, MINUTES, script)
    manual = [{**rule, "when": "manual"} for rule in rules] if wave.promotion.approval else rules
    for plan, name in zip(wave.clusters, names, strict=True):
        script = [scripts.UNPACK, _CREDENTIALS, scripts.DEPLOY]
        jobs[f"deploy-{name}"] = {
            **_job(plan, "deploy", ["synth", *ready], manual, SESSION_MINUTES, script),
            "environment": {"name": name},
            "resource_group": f"deploy-{name}",
            # Else a job that waits for somebody would count as done.
            **({"allow_failure": False} if wave.promotion.approval else {}),
        }
    for plan, name in zip(wave.clusters, names, strict=True):
        minutes = MINUTES + wave.promotion.soak_minutes
        script = [_CREDENTIALS, scripts.READY, scripts.WATCH]
        jobs[f"watch-{name}"] = _job(plan, "check", [f"deploy-{name}"], rules, minutes, script)
    return jobs


def _job(
    plan: Plan, role: str, needs: Sequence[str], rules: Sequence[PipelineJob], minutes: int, script: Sequence[str]
) -> PipelineJob:
    arns = role_arns(plan)
    return {
        "extends": ".fleet",
        "needs": list(needs),
        "rules": list(rules),
        "timeout": f"{minutes} minutes",
        "id_tokens": {"AWS_TOKEN": {"aud": arns["audience"]}},
        "variables": {"CLUSTER": plan.facts.name, "AWS_ROLE_ARN": arns[role], "AWS_REGION": plan.facts.region},
        "script": list(script),
    }
