"""What jobs run, the same in all pipelines: programs for Bash, which tests run as well. Each reads its environment."""

from __future__ import annotations

TOOLS = ".venv/bin/python -m tools"

REVIEW = f"""\
if [ -z "$BASE" ] && ! git cat-file -e "HEAD^1^{{commit}}" 2>/dev/null; then
  echo "There is no earlier commit to compare with."
else
  BASE=${{BASE:-HEAD^1}}
  {TOOLS} review --base "$BASE"
  {TOOLS} guard --base "$BASE" ${{ALLOW:+--allow="$ALLOW"}}
fi
"""
"""What is new since BASE, the commit that was delivered last, and no further where a deploy could not take it back.

Not since the commit before: what the guard refused would go by with the next one.
"""

PACK = """\
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf assembly.tar cdk.out
digest=$(sha256sum assembly.tar | cut -d ' ' -f 1)
echo "The assembly of this commit has the SHA-256 digest $digest."
"""
"""The same bytes for the same commit, whenever they are packed."""

UNPACK = """\
echo "$DIGEST  assembly.tar" | sha256sum --check --strict
tar -xf assembly.tar cdk.out
"""
"""Whatever else is in it, a program in the place of the CDK's for example, stays there."""

SYNTH = f"{TOOLS} synth --validate\n"
READY = f'{TOOLS} doctor -- "$CLUSTER"\n'
DEPLOY = '.venv/bin/cdk deploy --app cdk.out "$CLUSTER/*" --require-approval never --progress events\n'
"""Reviewed in the pull request, and approved in the pipeline; nobody can answer a question here."""
WATCH = f'{TOOLS} watch -- "$CLUSTER"\n'


def drift(file: str) -> str:
    """Also writes what it finds into a file. Bash runs with pipefail."""
    return f'.venv/bin/cdk drift --app cdk.out --no-color --fail "$CLUSTER/*" 2>&1 | tee {file}\n'
