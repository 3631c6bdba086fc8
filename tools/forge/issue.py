"""Says in one issue what has drifted and which versions lag; closes it when there is nothing to say.

    GITHUB_TOKEN=… python -m tools.forge.issue --drift FOLDER --fleet FILE --results RESULTS

The folder holds what `cdk drift` printed of each cluster that has drifted, in drift-<cluster>/drift.txt; the file is
`make fleet ARGS=--json`; the results are those of the jobs that looked. Exit status: 0, or 2 when GitHub fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.forge.rest import ForgeError, Rest
from tools.status import Status

MARKER = "<!-- eks-blueprints-drift -->"
TITLE = "The fleet is not as it is written down"
_LIMIT = 60_000
"""Characters; GitHub takes 65,536."""
_MOST = 4_000
"""Of one cluster."""


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Exit status, as above."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.forge.issue", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--drift", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--fleet", type=Path, required=True, metavar="FILE")
    parser.add_argument("--results", required=True)
    options = parser.parse_args(arguments)
    missing = [name for name in ("GITHUB_TOKEN", "GITHUB_REPOSITORY") if not environment.get(name)]
    if missing:
        print(f"{' and '.join(missing)} must be set: see .github/workflows/drift.yml", file=sys.stderr)
        return Status.FAILED
    drifted = {
        path.parent.name.removeprefix("drift-"): path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(options.drift.glob("drift-*/drift.txt"))
    }
    fleet = json.loads(options.fleet.read_text(encoding="utf-8"))
    failed = {*options.results.split()} - {"success"}
    repository = environment["GITHUB_REPOSITORY"]
    run = f"{environment.get('GITHUB_SERVER_URL')}/{repository}/actions/runs/{environment.get('GITHUB_RUN_ID')}"
    text = body(drifted, fleet, run, complete=not failed or bool(drifted))
    headers = {"Authorization": f"Bearer {environment['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}
    try:
        rest = Rest(environment.get("GITHUB_API_URL", "https://api.github.com"), headers)
        print(publish(rest, repository, text))
    except ForgeError as error:
        print(error, file=sys.stderr)
        return Status.FAILED
    return Status.DONE


def body(drifted: Mapping[str, str], fleet: Mapping[str, Any], run: str, *, complete: bool) -> str:
    """What the issue says; empty if there is nothing to say."""
    clusters = [cluster for wave in fleet["waves"] for cluster in wave["clusters"]]
    lags = [f"- `{each['name']}`: {lag}" for each in clusters for lag in each["lags"]]
    parts = [*_drifts(drifted)]
    if not complete:
        parts.append("Not all clusters could be looked at: the run says why.")
    if lags:
        parts.append("\n".join(["## Versions that lag", "", *lags]))
    if not parts:
        return ""
    return "\n\n".join([MARKER, f"Found by [this run]({run}).", *parts])[:_LIMIT] + "\n"


def _drifts(drifted: Mapping[str, str]) -> Iterator[str]:
    for name, said in drifted.items():
        shown = "".join(each if each.isprintable() or each == "\n" else " " for each in said.strip()[-_MOST:])
        # Longer than any in it, so that nothing in it ends the block.
        fence = "`" * max(3, *(len(found) + 1 for found in re.findall("`+", shown) or [""]))
        yield f"## Drift of {name}\n\n{fence}text\n{shown}\n{fence}"


def publish(rest: Rest, repository: str, text: str) -> str:
    """Opens the issue, writes it anew or closes it; what was done, in words."""
    path = f"/repos/{repository}/issues"
    ours = [each for each in rest.pages(f"{path}?state=open") if _is_ours(each)]
    if not text:
        for issue in ours:
            rest.send("PATCH", f"{path}/{issue['number']}", {"state": "closed", "state_reason": "completed"})
        return "closed" if ours else "nothing to say"
    if not ours:
        made = rest.send("POST", path, {"title": TITLE, "body": text})
        return f"opened #{made['number']}"
    issue = ours[0]
    if issue["body"].replace("\r\n", "\n").strip() != text.strip():
        rest.send("PATCH", f"{path}/{issue['number']}", {"body": text})
    return f"#{issue['number']} says it"


def _is_ours(issue: Mapping[str, Any]) -> bool:
    """Whoever opens an issue could write the marker; only those of a bot count."""
    return (
        "pull_request" not in issue
        and (issue.get("user") or {}).get("type") == "Bot"
        and str(issue.get("body") or "").startswith(MARKER)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
