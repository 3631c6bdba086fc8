"""What stands beside the files, for the person who has them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from blueprint.planning.document import Plan
from tools.render import machine
from tools.render.contents import LaptopContents


def readme(plan: Plan, made: LaptopContents) -> str:
    """As Markdown."""
    return "\n".join(_lines(plan, made)) + "\n"


def _lines(plan: Plan, made: LaptopContents) -> Iterator[str]:
    name = plan.facts.name
    yield "<!-- Written by make render: change the blueprint, and run it again. -->"
    yield f"# {name} on a laptop"
    yield ""
    yield f"What of the cluster {name} makes sense outside of AWS, for Kubernetes {machine.kubernetes(plan)}."
    yield ""
    yield "## A cluster"
    for tool, commands in machine.start(plan).items():
        yield ""
        yield f"{tool}:"
        yield ""
        yield from _shell(*commands)
    yield ""
    yield "Rancher Desktop has one node."
    yield ""
    yield "## All that is here, in one go"
    yield ""
    yield from _shell("sh install.sh")
    yield ""
    yield "## Step by step"
    yield ""
    yield from _shell(
        *(["kubectl apply -k .  # namespaces, rights, quotas, policies, workloads"] if made.has_own else []),
        "less install.sh     # the charts, as plain helm commands with their values in charts/",
        *(["kubectl apply -k custom-resources"] if any(part.custom_resources for part in made.parts) else []),
    )
    yield ""
    yield (
        "Argo CD takes this folder, and `custom-resources`, as Kustomize folders of a Git repository: an Application"
        " whose `path` it is, and another one for the charts' custom resources."
    )
    if made.hosts:
        (http, node), _ = machine.PORTS.values()
        yield ""
        yield "## Names"
        yield ""
        yield "Add the lines of `hosts` to `/etc/hosts`. Ingresses are answered by Traefik:"
        yield ""
        yield f"- kind: `http://NAME:{http}`"
        named = machine.name(plan)
        yield f"- minikube: at `minikube --profile {named} ip`, port {node}; that address takes the place of 127.0.0.1"
        yield "- Rancher Desktop: `http://NAME`"
    if made.secrets:
        yield ""
        yield "## Secrets that AWS keeps"
        yield ""
        yield "Pods that name these do not start before somebody makes them, with values for the laptop alone:"
        yield ""
        yield from _shell(*(_secret(*secret, keys) for secret, keys in made.secrets.items()))
    if made.without_role:
        yield ""
        yield "## Without permissions in AWS"
        yield ""
        yield from (f"- `{each}`" for each in made.without_role)
    yield from _table("Left out", "why", made.left_out)
    yield from _table("Changed", "how", {place: ", ".join(told) for place, told in made.changed.items()})
    yield ""
    yield "## What is not the same"
    yield ""
    yield "- Images come from where they come from on AWS; `kind load docker-image` brings what a laptop cannot pull."
    yield "- A volume is on one node, in one pod at a time: a claim for ReadWriteMany waits for ever."
    yield "- Requests are those of the cluster on AWS: pods for which no node has room stay Pending."
    yield "- The names of people are AWS roles there. Here an administrator tries their groups:"
    yield "  `kubectl auth can-i --list --as=somebody --as-group=GROUP --namespace NAMESPACE`."


def _secret(namespace: str, name: str, keys: tuple[str, ...]) -> str:
    literals = [f"--from-literal={key}=VALUE" for key in keys or ("KEY",)]
    return shlex.join(["kubectl", "--namespace", namespace, "create", "secret", "generic", name, *literals])


def _shell(*commands: str) -> Iterator[str]:
    yield "```sh"
    yield from commands
    yield "```"


def _table(title: str, column: str, rows: Mapping[str, str]) -> Iterator[str]:
    if rows:
        yield ""
        yield f"## {title}"
        yield ""
        yield f"| what | {column} |"
        yield "| --- | --- |"
        yield from (f"| `{what}` | {text} |" for what, text in rows.items())
