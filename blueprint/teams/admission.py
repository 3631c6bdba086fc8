"""What Kubernetes refuses in a team's namespaces, beyond Pod Security and quotas.

https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, NamedTuple

from blueprint.fields import DnsLabel, between, matches
from blueprint.kubernetes import Manifest
from blueprint.teams.namespaces import TEAM_LABEL, named
from blueprint.value import Rule, Value
from blueprint.workload import WINDOWS

_OF_EVERYBODY = (
    "docker.io",
    "index.docker.io",
    "ghcr.io",
    "quay.io",
    "public.ecr.aws",
    "registry.gitlab.com",
    "gcr.io",
)
"""Registries that give a namespace to whoever signs up."""
# Of the restricted standard: k8s.io/pod-security-admission v0.36.3 policy/check_restrictedVolumes.go
VOLUMES = (
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected"),
    "secret",
)
"""Kinds of volumes of a team's pods, whatever its namespaces' standard is."""
LONGEST_GRACE = 24 * 60 * 60
"""Seconds that a pod of a team may take to end, as `NodePool.drain_hours` has it of nodes."""
ImageRegistry = Annotated[
    str,
    matches(
        r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?(/[a-z0-9][a-z0-9._-]*)*/",
        "must be the beginning of image names up to and with a slash",
        'write "111111111111.dkr.ecr.us-west-2.amazonaws.com/payments/"',
        longest=255,
    ),
    Rule(
        lambda prefix: prefix.rstrip("/") not in _OF_EVERYBODY,
        "everybody may push images there, so it is no restriction",
        'name whose they are, for example "ghcr.io/example/"',
    ),
]


class PriorityClass(Value):
    """How soon a team's pods are scheduled and evicted. https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption

    Pods of a class never preempt others, so that no team can push out another.
    """

    name: DnsLabel
    """Pods name the class as team-<team>-<name>."""
    value: Annotated[int, between(1, 1_000_000)]
    """Pods of a higher one are scheduled first, and evicted last."""

    def manifest(self, team: str) -> Manifest:
        """The class `team-<team>-<name>`; Kubernetes' own begin with system-."""
        meta = named("scheduling.k8s.io/v1", "PriorityClass", f"team-{team}-{self.name}")
        return {**meta, "value": self.value, "preemptionPolicy": "Never", "globalDefault": False}


class PolicyRule(NamedTuple):
    """What must be true of an object, in CEL, and what is told otherwise."""

    expression: str
    message: str


def guards(
    team: str,
    registries: tuple[str, ...],
    priorities: tuple[PriorityClass, ...],
    *,
    own_nodes: bool,
    keeps_off_windows: bool,
) -> Iterator[Manifest]:
    """Policies on what a team's namespaces may hold, and for its own nodes on what others may not."""
    theirs = namespaces_of(team)
    classes = ["", *(f"team-{team}-{priority.name}" for priority in priorities)]
    pods = [
        _changed(
            "priorityClassName",
            f"(has(object.spec.priorityClassName) ? object.spec.priorityClassName : '') in {listed(classes)}",
            "the priority class belongs to the platform or another team",
        )
    ]
    # Those of baseline are more: disks of the account by their id, and file servers, which a node mounts past all
    # network policies. csi-translation-lib plugins/aws_ebs.go (TranslateInTreeInlineVolumeToCSI)
    volumes = " || ".join(f"has(v.{kind})" for kind in VOLUMES)
    pods.append(
        _changed(
            "volumes",
            f"!has(object.spec.volumes) || object.spec.volumes.all(v, {volumes})",
            "a volume of this kind is not of the namespace: claim it by a PersistentVolumeClaim",
        )
    )
    grace = "object.spec.terminationGracePeriodSeconds"
    pods.append(
        _changed(
            "terminationGracePeriodSeconds",
            f"!has({grace}) || {grace} <= {LONGEST_GRACE}",
            "a pod ends within a day of being told to: its namespace and its node cannot go before",
        )
    )
    if keeps_off_windows:
        pods.append(
            _changed(
                "tolerations",
                f"!has(object.spec.tolerations) || !{_tolerates(WINDOWS.key, WINDOWS.value)}",
                "network policies do not hold on Windows nodes: the team says windows=True where it knows that",
            )
        )
    if registries:
        allowed = f"has(v.image.reference) && {listed(registries)}.exists(r, v.image.reference.startsWith(r))"
        pods.append(
            _changed(
                "volumes",
                f"!has(object.spec.volumes) || object.spec.volumes.all(v, !has(v.image) || ({allowed}))",
                f"images come from {', '.join(registries)} only",
            )
        )
        for kind in ("containers", "initContainers", "ephemeralContainers"):
            old = f"oldObject.spec.{kind}"
            there = f"oldObject != null && has({old}) && {old}.exists(o, o.name == c.name && o.image == c.image)"
            every = f"{listed(registries)}.exists(r, c.image.startsWith(r)) || ({there})"
            judged = f"!has(object.spec.{kind}) || object.spec.{kind}.all(c, {every})"
            pods.append(PolicyRule(judged, f"images come from {', '.join(registries)} only"))
    core = ("",)
    yield from policy(f"team-{team}-pods", (core, ("pods", "pods/ephemeralcontainers")), theirs, pods)
    # A pod that names its node needs no toleration. The scheduler names it later, by another request.
    yield from _finalizers(team)
    unplaced = PolicyRule("!has(object.spec.nodeName)", "only the scheduler chooses a node")
    yield from policy(f"team-{team}-placement", (core, ("pods",)), theirs, [unplaced], ("CREATE",))
    addresses = "!has(object.spec.externalIPs) || size(object.spec.externalIPs) == 0"
    services = _changed("externalIPs", addresses, "an external address takes over other's traffic")
    yield from policy(f"team-{team}-services", (core, ("services",)), theirs, [services])
    if own_nodes:
        others = {
            "matchExpressions": [
                {"key": TEAM_LABEL, "operator": "Exists"},
                {"key": TEAM_LABEL, "operator": "NotIn", "values": [team]},
            ]
        }
        theirs_alone = f"!has(object.spec.tolerations) || !{_tolerates(TEAM_LABEL, team)}"
        rule = _changed("tolerations", theirs_alone, f"the nodes belong to team {team}")
        yield from policy(f"team-{team}-nodes", (core, ("pods",)), others, [rule])


def _tolerates(key: str, value: str) -> str:
    """Whether a pod that has tolerations tolerates a taint, in CEL."""
    named = f"(has(t.key) ? t.key : '{key}') == '{key}'"
    means = f"((has(t.operator) && t.operator == 'Exists') || (has(t.value) && t.value == '{value}'))"
    return f"object.spec.tolerations.exists(t, {named} && {means})"


def _finalizers(team: str) -> Iterator[Manifest]:
    """Nobody of a team keeps an object, and with it its namespace, from being deleted: finalizers are controllers'.

    Kubernetes itself gives each claim one while it is made: plugin/pkg/admission/storage/storageobjectinuseprotection
    """
    people = "has(request.userInfo.groups) && request.userInfo.groups.exists(g, g.startsWith('team:'))"
    new, old = (f"{one}.metadata.finalizers" for one in ("object", "oldObject"))
    there = f"oldObject != null && has({old}) && f in {old}"
    rule = PolicyRule(
        f"!has({new}) || {new}.all(f, f == 'kubernetes.io/pvc-protection' || ({there}))",
        "a finalizer would keep the object, and its namespace, from being deleted",
    )
    name, only_if = f"team-{team}-finalizers", {"people": people}
    yield from policy(name, (("*",), ("*",)), namespaces_of(team), [rule], only_if=only_if, everything=True)


def _changed(field: str, holds: str, message: str) -> PolicyRule:
    """A rule about a field of the spec, for what is new in it.

    What was there before the rule stays as it is: else nobody could change it any more, not even a controller that
    removes its finalizer so that it can go.
    https://kubernetes.io/docs/concepts/workloads/controllers/job (job tracking with finalizers)
    """
    new, old = f"object.spec.{field}", f"oldObject.spec.{field}"
    same = f"oldObject != null && has({old}) && has({new}) && {new} == {old}"
    return PolicyRule(f"({holds}) || ({same})", message)


def namespaces_of(team: str) -> Mapping[str, Any]:
    """Selects a team's namespaces."""
    return {"matchLabels": {TEAM_LABEL: team}}


def policy(
    name: str,
    resources: tuple[Iterable[str], Iterable[str]],
    namespaces: Mapping[str, Any],
    rules: Iterable[PolicyRule],
    operations: tuple[str, ...] = ("CREATE", "UPDATE"),
    only_if: Mapping[str, str] | None = None,
    *,
    everything: bool = False,
) -> Iterator[Manifest]:
    """A policy and its binding, on resources of API groups in these namespaces; `only_if` has conditions by name.

    A kind that the cluster does not know is no matter. What is in no namespace is chosen by no selector, and so must be
    left out where the resources are `everything`.
    """
    api = "admissionregistration.k8s.io/v1"
    groups, kinds = map(list, resources)
    # Kubernetes' own stable kinds have one version each, others any.
    versions = ["v1"] if set(groups) <= {"", "networking.k8s.io"} else ["*"]
    made: dict[str, Any] = {
        "apiGroups": groups,
        "apiVersions": versions,
        "operations": list(operations),
        "resources": kinds,
    }
    made |= {"scope": "Namespaced"} if everything else {}
    conditions = [{"name": title, "expression": expression} for title, expression in (only_if or {}).items()]
    yield named(
        api,
        "ValidatingAdmissionPolicy",
        name,
        spec={
            "failurePolicy": "Fail",
            "matchConstraints": {"namespaceSelector": namespaces, "resourceRules": [made]},
            **({"matchConditions": conditions} if conditions else {}),
            "validations": [{"expression": rule.expression, "message": rule.message} for rule in rules],
        },
    )
    yield named(
        api,
        "ValidatingAdmissionPolicyBinding",
        name,
        spec={"policyName": name, "validationActions": ["Deny"], "matchResources": {"namespaceSelector": namespaces}},
    )


def listed(words: Iterable[str]) -> str:
    """A list of texts in CEL."""
    return "[" + ", ".join(f"'{word}'" for word in words) + "]"
