"""What builds of the pipeline of AWS run: the same programs as those of GitHub and GitLab."""

from __future__ import annotations

import json

from app import ROOT
from blueprint.planning.code_pipeline import NOTHING, BuildPrograms
from tools.pipelines import scripts

FOLDER = "pipeline"
_REVIEW = f"""\
BASE=HEAD^1
[ "$ALLOW" != {NOTHING} ] || ALLOW=
{scripts.REVIEW}"""
_LOOK = """\
mkdir -p .aws
printf '[default]\\nrole_arn = %s\\ncredential_source = EcsContainer\\n' "$ROLE" >.aws/config
export AWS_CONFIG_FILE="$PWD/.aws/config" AWS_REGION="$REGION" AWS_DEFAULT_REGION="$REGION"
"""
"""boto3 takes on the role by itself, and again before an hour is over: a role taken on by a role lasts no longer.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html"""


def programs() -> BuildPrograms:
    """With the versions that this project has."""
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    return BuildPrograms(
        setup="make setup\n",
        review=_REVIEW,
        synth=f"{scripts.TOOLS} code-pipeline\n",
        folder=FOLDER,
        look=_LOOK,
        ready=scripts.READY,
        watch=f"{scripts.READY}{scripts.WATCH}",
        cli=package["devDependencies"]["aws-cdk"],
    )
