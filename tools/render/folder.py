"""The files of the folder."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from blueprint.contribution import Release
from blueprint.kubernetes import Manifest
from blueprint.planning.document import Plan
from tools.gitops.written import as_yaml
from tools.render import machine
from tools.render.contents import LaptopContents
from tools.render.readme import readme

HEADER = "# Written by make render: change the blueprint, and run it again.\n"
NAMES = ("README.md", "charts", "custom-resources", "hosts", "install.sh", "kind.yaml", "kustomization.yaml", "objects")
"""All that it may have at its top."""


def texts(plan: Plan, made: LaptopContents) -> dict[str, str]:
    """Texts by their paths."""
    found = {"kind.yaml": as_yaml(machine.kind(plan), header=HEADER)}
    if made.has_own:
        found["kustomization.yaml"] = _kustomization(["objects"])
        found |= _kustomized("objects", [(part.name, part.objects) for part in made.parts])
    custom = [(part.name, part.custom_resources) for part in made.parts if part.custom_resources]
    if custom:
        found |= _kustomized("custom-resources", custom)
    releases = [each for part in made.parts for each in part.releases]
    for number, release in enumerate(releases, 1):
        found[_values(number, release)] = as_yaml(release.values, header=HEADER)
    if made.has_ingress:
        found[f"charts/{machine.INGRESS['chart']}.yaml"] = as_yaml(machine.ingress_values(), header=HEADER)
    if made.hosts:
        found["hosts"] = HEADER + "".join(f"127.0.0.1 {host}\n" for host in made.hosts)
    found["install.sh"] = "".join(f"{line}\n" for line in _script(plan, made, releases, has_custom=bool(custom)))
    found["README.md"] = readme(plan, made)
    return dict(sorted(found.items()))


def _kustomized(folder: str, parts: Sequence[tuple[str, Sequence[Manifest]]]) -> dict[str, str]:
    """A file for each part."""
    files = {
        f"{number:02}-{name}.yaml": as_yaml(*objects, header=HEADER)
        for number, (name, objects) in enumerate(((name, objects) for name, objects in parts if objects), 1)
    }
    return {
        f"{folder}/kustomization.yaml": _kustomization([*files]),
        **{f"{folder}/{name}": text for name, text in files.items()},
    }


def _kustomization(resources: Sequence[str]) -> str:
    """In the order of the plan, and not in that which Kustomize has for kinds.

    https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/sortoptions/
    """
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "sortOptions": {"order": "fifo"},
        "resources": [*resources],
    }
    return as_yaml(kustomization, header=HEADER)


def _values(number: int, release: Release) -> str:
    return f"charts/{number:02}-{release.name}.yaml"


def _script(plan: Plan, made: LaptopContents, releases: Sequence[Release], *, has_custom: bool) -> Iterator[str]:
    yield "#!/bin/sh"
    yield f"{HEADER}# Installs all of this folder, in the order of the plan. It can be repeated."
    yield "set -eu"
    yield 'cd "$(dirname "$0")"'
    yield ""
    yield "# Never the cluster on AWS that kubectl may point to."
    yield 'context=${CONTEXT:-"$(kubectl config current-context)"}'
    yield 'if [ -z "${CONTEXT:-}" ]; then'
    yield "  case $context in"
    yield f"  {' | '.join(machine.contexts(plan))}) ;;"
    yield "  *)"
    yield (
        '    echo "kubectl points to $context, which no tool of README.md made: '
        'name it as CONTEXT=$context if you mean it." >&2'
    )
    yield "    exit 1"
    yield "    ;;"
    yield "  esac"
    yield "fi"
    yield ""
    if made.has_own:
        yield 'kubectl --context "$context" apply -k .'
    if made.has_ingress:
        name = machine.INGRESS["chart"]
        yield ""
        yield "# Rancher Desktop brings it."
        yield f'if ! kubectl --context "$context" get deployment {name} --namespace kube-system >/dev/null 2>&1; then'
        ingress = _helm(name, name, machine.INGRESS["repository"], machine.INGRESS["version"], name)
        yield f"  {ingress} --create-namespace \\"
        yield f"    --values charts/{name}.yaml --wait --timeout 6m"
        yield "fi"
    for number, release in enumerate(releases, 1):
        chart = release.chart
        yield ""
        yield f"{_helm(release.name, chart.name, chart.repository, chart.version, release.namespace)} \\"
        yield f"  --values {shlex.quote(_values(number, release))} --wait --timeout {release.timeout_minutes}m"
    if has_custom:
        yield ""
        yield 'kubectl --context "$context" apply -k custom-resources'


def _helm(name: str, chart: str, repository: str, version: str, namespace: str) -> str:
    """https://helm.sh/docs/helm/helm_upgrade/; of an OCI chart the repository is its whole address."""
    source = [repository] if repository.startswith("oci://") else [chart, "--repo", repository]
    words = [name, *source, "--version", version, "--namespace", namespace]
    return f'helm upgrade --install --kube-context "$context" {shlex.join(words)}'
