"""Each guard is needed: where one is missing or loose, a property notices. And teams can still work."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from addons.external_dns import ExternalDns
from addons.karpenter import Karpenter
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from blueprint import AutoMode, FargateProfile, FargateSelector, Role
from blueprint.access import AccessEntry, AccessPolicy
from blueprint.errors import BlueprintError
from blueprint.iam import Statement
from blueprint.node_pool import NodePool
from blueprint.secrets import SecretsManagerSecret
from blueprint.teams import (
    ApplicationTeam,
    FromInternalLoadBalancer,
    FromLoadBalancer,
    FromTeam,
    Permission,
    PlatformTeam,
    PriorityClass,
    ServiceAccount,
    Share,
    TeamNamespace,
    ToInternet,
    ToRange,
    ToTeam,
)
from tests.blueprint.examples import SMALL
from tests.isolation.admission import Request, refusals
from tests.isolation.exposure import CERTIFICATE, ROUTES, Sent, admits, ingress, own_exposure
from tests.isolation.fleets import READ_S3
from tests.isolation.network import Pod
from tests.isolation.pod_security import ENFORCE, admitted
from tests.isolation.properties import (
    ALONE,
    CLAIMS,
    GUARDS,
    PROPERTIES,
    assumable,
    broken,
    pod_identity,
    refused_for_affinity,
    running,
    tolerations,
    ways_out,
)
from tests.isolation.rbac import can, service_account
from tests.isolation.test_pod_security import pod
from tests.isolation.world import ISSUER, World, world_of
from tools.kubernetes.access import API, access_objects

INTERNAL = {"from": [{"ipBlock": {"cidr": "10.0.0.0/19"}}], "ports": [{"port": 80, "protocol": "TCP"}]}
PORTS = [{"port": port, "protocol": "TCP"} for port in range(8000, 8024)]
VERBS: Any = ("create", "update", "patch", "delete", "deletecollection")
Break = Callable[[World], World]
NET, VAP, VAP_BINDING = "NetworkPolicy", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
GUARDS_OF_ADMISSION = ("team-a-pods", "team-b-services", "team-c-nodes")
TAG = "aws:RequestTag/"

A = ApplicationTeam(
    "a",
    owners=(Role("Ada"),),
    developers=(Role("Ana"),),
    viewers=(Role("Abe"),),
    deployers=(Role("APipeline"),),
    namespaces=(TeamNamespace("a-web"), TeamNamespace("a-jobs", pod_security="baseline")),
    network=(ToTeam("b", (8080,)), ToInternet()),
    service_accounts=(ServiceAccount("app", "a-web", (READ_S3,), (SecretsManagerSecret("a/db"),)),),
    hosts=("a.example.com", "*.a.example.com"),
    certificates=(f"{CERTIFICATE}000000000001", f"{CERTIFICATE}000000000002"),
    issuers=("letsencrypt",),
    permissions_boundary="TeamBoundary",
    image_registries=("example.com/a/",),
    priority_classes=(PriorityClass("batch", 5),),
    node_pool=NodePool(),
)
B = ApplicationTeam(
    "b",
    developers=(Role("Ben"),),
    viewers=(Role("Bea"),),
    network=(FromTeam("a", (8080,)), FromLoadBalancer((443,))),
    shares=(Share("b", "a", "viewer"),),
    hosts=("b.example.com",),
    service_accounts=(ServiceAccount("app", "b", (READ_S3,)),),
)
C = ApplicationTeam("c", developers=(Role("Cid"),), node_pool=NodePool())
PLATFORM = PlatformTeam("platform", members=(Role("Engineer"),))
OPERATORS = PlatformTeam("operators", members=(Role("Operator"),), access="read-only")
DNS_ON_FARGATE = FargateProfile("dns", selectors=(FargateSelector("external-dns"),))
BLUEPRINT = replace(
    SMALL,
    compute=(*SMALL.compute, DNS_ON_FARGATE),
    addons=(*SMALL.addons, ExternalDns(zones=("Z1",)), Karpenter(), SecretsStoreCsiDriver()),
    teams=(A, B, C, PLATFORM, OPERATORS),
)
WORLD = world_of(BLUEPRINT)


def named(one: Any, kind: str, name: str | None, namespace: str | None) -> bool:
    metadata = one["metadata"]
    return (
        one["kind"] == kind
        and name in (None, metadata["name"])
        and namespace in (None, metadata.get("namespace", metadata["name"]))
    )


def without(kind: str, name: str | None = None, namespace: str | None = None) -> Break:
    return lambda world: replace(world, objects=[one for one in world.objects if not named(one, kind, name, namespace)])


def edited(kind: str, name: str, namespace: str | None, edit: Callable[[Any], object]) -> Break:
    """Changes a copy of the objects of this name; there must be one."""

    def change(world: World) -> World:
        objects = copy.deepcopy(world.objects)
        found = [one for one in objects if named(one, kind, name, namespace)]
        assert found
        for one in found:
            edit(one)
        return replace(world, objects=objects)

    return change


def added(*objects: Any) -> Break:
    return lambda world: replace(world, objects=[*world.objects, *objects])


def allowing(role: str, resource: str, *verbs: str, group: str = "", namespace: str = "a-web") -> Break:
    rule = {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}
    return edited("Role", role, namespace, lambda one: one["rules"].append(rule))


def bound(space: str, role: str, kind: str, name: str, **rest: str) -> Break:
    return added(
        {
            "apiVersion": f"{API}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "extra", "namespace": space},
            "roleRef": {"apiGroup": API, "kind": "Role", "name": role},
            "subjects": [{"kind": kind, "name": name, **rest}],
        }
    )


def bound_everywhere(kind: str, name: str, resource: str = "nodes") -> Break:
    rule = {"apiGroups": [""], "resources": [resource], "verbs": ["get"]}
    return added(
        {"apiVersion": f"{API}/v1", "kind": "ClusterRole", "metadata": {"name": "extra"}, "rules": [rule]},
        {
            "apiVersion": f"{API}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "extra"},
            "roleRef": {"apiGroup": API, "kind": "ClusterRole", "name": "extra"},
            "subjects": [{"kind": kind, "name": name}],
        },
    )


def seeing(group: str, resource: str, verb: str = "get") -> Break:
    """The ClusterRole of the operators has one more rule."""
    rule = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
    return edited("ClusterRole", "team-operators-viewer", None, lambda one: one["rules"].append(rule))


def entering(name: str, *groups: str, policy: Any = None, namespaces: tuple[str, ...] = ()) -> Break:
    """The role of this name gets an access entry with these groups beside its own."""
    arn = Role(name).arn(SMALL.account)
    entry = AccessEntry(arn, groups=groups, policies=(AccessPolicy(policy, namespaces),) if policy else ())
    return lambda world: replace(
        world, entries=(*world.entries, entry), objects=[*world.objects, *map(dict, access_objects([entry]))]
    )


def trusting(name: str, edit: Callable[[Any], object]) -> Break:
    def change(world: World) -> World:
        trusts = copy.deepcopy(world.trusts)
        edit(trusts[name]["Statement"][0])
        return replace(world, trusts=trusts)

    return change


def unconditional(statement: Any, key: str) -> None:
    del statement["Condition"]["StringEquals"][key]


def both(*breaks: Break) -> Break:
    def change(world: World) -> World:
        for each in breaks:
            world = each(world)
        return world

    return change


def spec(change: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda one: change(one["spec"])


def labelled(key: str, value: str) -> Callable[[Any], object]:
    return lambda one: one["metadata"]["labels"].update({key: value})


def judged(change: Callable[[Any], object]) -> Callable[[Any], object]:
    """Changes which requests an admission policy looks at."""
    return lambda one: change(one["spec"]["matchConstraints"]["resourceRules"][0])


def unlabelled(namespace: Any) -> None:
    del namespace["metadata"]["labels"]["blueprint/team"]


def unvalidated(policy: Any, index: int) -> None:
    del policy["validations"][index]


def unquoted(quota: Any, what: str) -> None:
    del quota["hard"][what]


def unlimited(limits: Any, what: str, resource: str) -> None:
    del limits["limits"][0][what][resource]


def forgetful(policy: Any) -> None:
    """Judges what is there as if it were new."""
    for each in policy["validations"]:
        each["expression"] = each["expression"].replace("oldObject != null", "false")


def unruled(text: str) -> Callable[[Any], object]:
    """Without the only validation of a policy in whose expression a text stands."""

    def edit(one: Any) -> None:
        (found,) = (rule for rule in one["spec"]["validations"] if text in rule["expression"])
        one["spec"]["validations"].remove(found)

    return edit


def patterned(statement: Any) -> None:
    values = statement["Condition"].pop("StringEquals")
    statement["Condition"]["StringLike"] = {**values, f"{TAG}kubernetes-namespace": "*"}


def peer(direction: str, change: Callable[[Any], object]) -> Callable[[Any], object]:
    """Changes the ipBlock of a policy's only rule."""
    peers = {"ingress": "from", "egress": "to"}[direction]
    return lambda one: change(one["spec"][direction][0][peers][0]["ipBlock"])


def declared(namespace: str, direction: str, peer: str, change: Callable[[Any], object]) -> Break:
    """Changes the rule of the declared connections in whose peers a text stands."""

    def edit(one: Any) -> None:
        (rule,) = (rule for rule in one["spec"][direction] if peer in json.dumps(rule))
        change(rule)

    return edited(NET, "declared", namespace, edit)


def unbounded(world: World) -> World:
    teams = tuple(
        replace(
            part,
            contribution=replace(
                part.contribution, grants=tuple(replace(grant, boundary=None) for grant in part.contribution.grants)
            ),
        )
        for part in world.plan.teams
    )
    return replace(world, plan=replace(world.plan, teams=teams))


def granting(name: str, *statements: Statement) -> Break:
    """A role has more permissions."""

    def change(world: World) -> World:
        teams = tuple(
            replace(
                part,
                contribution=replace(
                    part.contribution,
                    grants=tuple(
                        replace(each, statements=(*each.statements, *statements)) if each.name == name else each
                        for each in part.contribution.grants
                    ),
                ),
            )
            for part in world.plan.teams
        )
        return replace(world, plan=replace(world.plan, teams=teams))

    return change


def conditional(policy: Any, without: str) -> None:
    (condition,) = policy["matchConditions"]
    condition["expression"], times = re.subn(without, "", condition["expression"], count=1)
    assert times


def overlooking(rule: Any, kind: str) -> None:
    rule["resources"].remove(kind)


def owning(text: str, loose: str) -> Callable[[Any], object]:
    """Has another text in all expressions of a policy."""

    def edit(one: Any) -> None:
        assert text in json.dumps(one["spec"]["validations"])
        one["spec"]["validations"] = json.loads(json.dumps(one["spec"]["validations"]).replace(text, loose))

    return edit


OF_EXPOSURE: Mapping[str, tuple[str, ...]] = {
    "ingresses": ("defaultBackend", "object.spec.rules", "object.spec.tls"),
    "published": ("clusterIP", "ExternalName"),
    "gateways": ("object.spec.listeners", "object.spec.infrastructure"),
    "routes": ("object.spec.hostnames",),
}
LIMITED = ("hostname", "internal-hostname", "scheme", "certificate-arn", "cluster-issuer", "load-balancer-attributes")
OF_ANNOTATIONS = (".all(k,", *(f"/{name}'].matches" for name in LIMITED))
NAMES = {"names_have_owners"}
EXPOSURE_BREAKS: list[tuple[str, Break, set[str]]] = [
    *((f"nothing judges {name}", without(VAP, f"team-a-{name}"), NAMES) for name in OF_EXPOSURE),
    *((f"{name} judged and taken", without(VAP_BINDING, f"team-a-{name}"), NAMES) for name in OF_EXPOSURE),
    *(
        (f"{rule} of {name}", edited(VAP, f"team-a-{name}", None, unruled(rule)), NAMES)
        for name, own in OF_EXPOSURE.items()
        for rule in (*OF_ANNOTATIONS, *own)
    ),
    *(
        (
            f"new {name} only",
            edited(VAP, f"team-a-{name}", None, judged(lambda rule: rule.update(operations=["CREATE"]))),
            NAMES,
        )
        for name in OF_EXPOSURE
    ),
    *(
        (f"{name} when {only}", edited(VAP, f"team-a-{name}", None, spec(partial(conditional, without=part))), NAMES)
        for name in OF_EXPOSURE
        for only, part in (
            ("they are new, by a condition", r" \|\| .*"),
            ("their spec changes", r"(?<=oldObject.spec) \|\| .*"),
            ("their annotations change", r" \|\| object.spec != oldObject.spec"),
        )
    ),
    *(
        (
            f"no {kind}",
            edited(VAP, f"team-a-{name}", None, judged(partial(overlooking, kind=kind))),
            NAMES,
        )
        for name, kinds in (("gateways", ("gateways", "listenersets", "tcproutes", "udproutes")), ("routes", ROUTES))
        for kind in kinds
    ),
    ("a host that only ends so", edited(VAP, "team-b-ingresses", None, owning("'^(", "'(")), NAMES),
    ("a host that only begins so", edited(VAP, "team-b-ingresses", None, owning(")$'", ")'")), NAMES),
    ("any character for a dot", edited(VAP, "team-b-ingresses", None, owning("[.]", ".")), NAMES),
    ("challenges under a wildcard", edited(VAP, "team-a-ingresses", None, owning("[a-z0-9*][", "[a-z0-9*_][")), NAMES),
]
BREAKS: list[tuple[str, Break, set[str]]] = [
    *EXPOSURE_BREAKS,
    # Network
    ("no policies", without(NET, namespace="b"), {"pods_stay_apart", "doors_stay_shut"}),
    (
        "no default",
        both(without(NET, "default-deny", "c"), without(NET, "same-namespace", "c"), without(NET, "declared", "c")),
        {"pods_stay_apart", "doors_stay_shut"},
    ),
    (
        "all namespaces are the same",
        edited(NET, "same-namespace", "c", spec(lambda s: s["ingress"].append({"from": [{"namespaceSelector": {}}]}))),
        {"pods_stay_apart"},
    ),
    (
        "everybody is let in",
        declared("b", "ingress", '{"blueprint/team": "a"}', lambda rule: rule.update({"from": []})),
        {"doors_stay_shut"},
    ),
    (
        "all ports of an edge",
        both(
            declared("b", "ingress", '{"blueprint/team": "a"}', lambda rule: rule.pop("ports")),
            declared("a-web", "egress", '{"blueprint/team": "b"}', lambda rule: rule.pop("ports")),
        ),
        {"pods_stay_apart"},
    ),
    (
        "an edge of nobody",
        both(
            edited(NET, "declared", "b", spec(lambda s: s["ingress"].append({}))),
            edited(NET, "dns", "c", spec(lambda s: s["egress"].append({"to": [{"namespaceSelector": {}}]}))),
        ),
        {"pods_stay_apart"},
    ),
    (
        "a foreign namespace with a team's label",
        edited("Namespace", "external-dns", None, labelled("blueprint/team", "a")),
        {"pods_stay_apart"},
    ),
    (
        "the internet with private addresses",
        declared("a-web", "egress", "0.0.0.0/0", lambda rule: rule["to"][0]["ipBlock"].pop("except")),
        {"doors_stay_shut"},
    ),
    (
        "load balancers anywhere",
        declared("b", "ingress", "ipBlock", lambda rule: rule["from"][0]["ipBlock"].update(cidr="0.0.0.0/0")),
        {"doors_stay_shut"},
    ),
    (
        "internal load balancers without being asked",
        edited(NET, "declared", "c", spec(lambda s: s["ingress"].append(INTERNAL))),
        {"pods_stay_apart", "doors_stay_shut"},
    ),
    (
        "more ports than are kept",
        edited(
            NET,
            "declared",
            "b",
            spec(lambda s: s["egress"].append({"to": [{"podSelector": {}}], "ports": PORTS})),
        ),
        {"all_ports_are_kept"},
    ),
    ("DNS of anybody", edited(NET, "dns", "c", spec(lambda s: s["egress"][0].pop("to"))), {"doors_stay_shut"}),
    (
        "instance metadata",
        edited(NET, "pod-identity", "c", peer("egress", lambda block: block.update(cidr="169.254.0.0/16"))),
        {"doors_stay_shut"},
    ),
    # RBAC
    (
        "network policies",
        allowing("developer", "networkpolicies", "delete", group="networking.k8s.io"),
        {"guard_rails_stay"},
    ),
    ("quotas", allowing("deployer", "resourcequotas", "patch"), {"guard_rails_stay"}),
    ("limits", allowing("owner", "limitranges", "deletecollection"), {"guard_rails_stay"}),
    ("labels of the namespace", allowing("owner", "namespaces", "patch"), {"guard_rails_stay"}),
    ("bindings", allowing("owner", "rolebindings", "create", group=API), {"guard_rails_stay"}),
    ("roles", allowing("owner", "roles", "escalate", group=API), {"guard_rails_stay"}),
    ("impersonation", allowing("developer", "serviceaccounts", "impersonate"), {"guard_rails_stay"}),
    ("tokens", allowing("developer", "serviceaccounts/token", "create"), {"guard_rails_stay"}),
    ("any subresource", allowing("developer", "*/status", "patch"), {"guard_rails_stay"}),
    ("everything", allowing("developer", "*", "*", group="*"), {"guard_rails_stay", "no_foreign_secret"}),
    ("secrets", allowing("viewer", "secrets", "list"), {"no_foreign_secret"}),
    ("shells", allowing("developer", "pods/exec", "get"), {"no_foreign_secret"}),
    ("viewers", allowing("viewer", "pods", "delete"), {"viewers_only_look"}),
    ("another team", bound("b", "developer", "Group", "team:a:developer"), {"nothing_elsewhere"}),
    (
        "another role of a partner",
        bound("b", "owner", "Group", "team:a:viewer"),
        {"no_foreign_secret", "viewers_only_look"},
    ),
    ("everybody", bound("b", "viewer", "Group", "system:authenticated"), {"nothing_elsewhere", "few_administrators"}),
    (
        "another team's pods",
        bound("b", "viewer", "ServiceAccount", "default", namespace="a-web"),
        {"nothing_elsewhere"},
    ),
    ("pods", bound("b", "viewer", "Group", "system:serviceaccounts"), {"nothing_elsewhere"}),
    ("the whole cluster", bound_everywhere("Group", "team:a:viewer"), {"nothing_elsewhere"}),
    ("the webhooks", bound_everywhere("Group", "team:a:owner", "webhooks"), {"nothing_elsewhere"}),
    # Access
    ("a stranger", entering("Eve", "team:a:viewer"), {"nothing_elsewhere"}),
    ("a member of two teams", entering("Cid", "team:a:developer"), {"nothing_elsewhere"}),
    ("a viewer as owner", entering("Abe", "team:a:owner"), {"no_foreign_secret", "viewers_only_look"}),
    ("masters", entering("Ana", "system:masters"), {"few_administrators", "nothing_elsewhere"}),
    ("one more administrator", entering("Ana", policy="AmazonEKSClusterAdminPolicy"), {"few_administrators"}),
    (
        "an operator",
        entering("Operator", policy="AmazonEKSClusterAdminPolicy"),
        {"few_administrators", "viewers_only_look"},
    ),
    ("an operator sees secrets", entering("Operator", policy="AmazonEKSAdminViewPolicy"), {"no_foreign_secret"}),
    *(
        (f"operators see {resource}", seeing(group, resource), {"no_foreign_secret"})
        for group, resource in (("", "secrets"), ("", "*"), ("*", "*"), ("", "nodes/proxy"), ("", "pods/exec"))
    ),
    ("operators make tokens", seeing("", "serviceaccounts/token", "create"), {"no_foreign_secret"}),
    ("operators drain nodes", seeing("", "nodes", "patch"), {"viewers_only_look"}),
    ("AWS's editors", entering("Ana", policy="AmazonEKSEditPolicy", namespaces=("a-web",)), {"guard_rails_stay"}),
    ("AWS's viewers", entering("Ana", policy="AmazonEKSViewPolicy"), {"nothing_elsewhere"}),
    ("nobody to break the glass", without("ClusterRoleBinding"), {"few_administrators"}),
    # Pods
    (
        "no Pod Security",
        edited("Namespace", "a-jobs", None, lambda one: one["metadata"]["labels"].pop(ENFORCE)),
        {"pods_stay_in_their_node"},
    ),
    (
        "a weaker level",
        edited("Namespace", "a-web", None, labelled(ENFORCE, "baseline")),
        {"pods_stay_in_their_node"},
    ),
    ("no quota", without("ResourceQuota", namespace="b"), {"claims_are_bounded", "pods_repel_nobody"}),
    ("affinities to others", without("ResourceQuota", "affinity-to-others", "b"), {"pods_repel_nobody"}),
    (
        "room for affinities to others",
        edited("ResourceQuota", "affinity-to-others", "b", spec(lambda s: s["hard"].update(pods="1"))),
        {"pods_repel_nobody"},
    ),
    *(
        (f"no rule on {what}", edited(VAP, "team-a-pods", None, unruled(text)), {"admission_refuses"})
        for what, text in (
            ("kinds of volumes", "has(v.configMap)"),
            ("images of volumes", "v.image.reference"),
            ("how long a pod may end", "terminationGracePeriodSeconds"),
        )
    ),
    ("finalizers of people", without(VAP, "team-a-finalizers"), {"controllers_hold"}),
    ("finalizers judged and taken", without(VAP_BINDING, "team-a-finalizers"), {"controllers_hold"}),
    (
        "finalizers of new objects only",
        edited(VAP, "team-a-finalizers", None, judged(lambda rule: rule.update(operations=["CREATE"]))),
        {"controllers_hold"},
    ),
    (
        "finalizers of Kubernetes' own kinds only",
        edited(VAP, "team-a-finalizers", None, judged(lambda rule: rule.update(apiGroups=["", "apps", "batch"]))),
        {"controllers_hold"},
    ),
    (
        "finalizers of controllers",
        edited(VAP, "team-a-finalizers", None, spec(lambda s: s.pop("matchConditions"))),
        {"controllers_hold"},
    ),
    (
        "no end of pods",
        edited("ResourceQuota", "team", "b", spec(lambda s: s["hard"].pop("pods"))),
        {"claims_are_bounded"},
    ),
    (
        "a quota of some pods",
        edited("ResourceQuota", "team", "b", spec(lambda s: s.update(scopes=["NotTerminating"], hard={"pods": "9"}))),
        {"claims_are_bounded"},
    ),
    (
        "node ports",
        edited("ResourceQuota", "team", "b", spec(lambda s: s["hard"].pop("services.nodeports"))),
        {"claims_are_bounded"},
    ),
    *(
        (
            f"no end of {what}",
            edited("ResourceQuota", "team", "b", spec(partial(unquoted, what=what))),
            {"claims_are_bounded"},
        )
        for what in sorted(CLAIMS - {"pods"})
    ),
    ("no limits", without("LimitRange", namespace="b"), {"claims_are_bounded"}),
    *(
        (
            f"no {what} of {resource}",
            edited("LimitRange", "team", "b", spec(partial(unlimited, what=what, resource=resource))),
            {"claims_are_bounded"},
        )
        for what, resource in (
            *(("default", each) for each in ("memory", "ephemeral-storage")),
            *(("defaultRequest", each) for each in ("cpu", "memory", "ephemeral-storage")),
            *(("max", each) for each in ("memory", "ephemeral-storage")),
        )
    ),
    # Admission
    *((f"no policy on {name}", without(VAP, name), {"admission_refuses"}) for name in GUARDS_OF_ADMISSION),
    *((f"{name} not bound", without(VAP_BINDING, name), {"admission_refuses"}) for name in GUARDS_OF_ADMISSION),
    (
        "only a warning",
        edited(VAP_BINDING, "team-a-pods", None, spec(lambda s: s.update(validationActions=["Warn"]))),
        {"admission_refuses"},
    ),
    (
        "new pods only",
        edited(VAP, "team-a-pods", None, judged(lambda rule: rule.update(operations=["CREATE"]))),
        {"admission_refuses"},
    ),
    (
        "no ephemeral containers",
        edited(VAP, "team-a-pods", None, judged(lambda rule: rule["resources"].pop())),
        {"admission_refuses"},
    ),
    *(
        (
            f"validation {index} of pods",
            edited(VAP, "team-a-pods", None, spec(partial(unvalidated, index=index))),
            {"admission_refuses"},
        )
        for index in range(4)
    ),
    *(
        (f"{name} judges what is there", edited(VAP, name, None, spec(forgetful)), {"what_is_there_can_go"})
        for name in GUARDS_OF_ADMISSION
    ),
    ("a namespace without its label", edited("Namespace", "a-jobs", None, unlabelled), {"admission_refuses"}),
    # AWS
    *(
        (
            f"a trust without {key}",
            trusting("a-web/app", partial(unconditional, key=f"{TAG}{key}")),
            {"roles_stay_apart"},
        )
        for key in ("eks-cluster-arn", "kubernetes-namespace", "kubernetes-service-account")
    ),
    ("no conditions", trusting("b/app", lambda one: one.pop("Condition")), {"roles_stay_apart"}),
    (
        "a pattern",
        trusting("b/app", patterned),
        {"roles_stay_apart"},
    ),
    ("anybody", trusting("b/app", lambda one: one.update(Principal={"AWS": "*"})), {"roles_stay_apart"}),
    (
        "any token of the cluster",
        trusting("external-dns/external-dns", partial(unconditional, key=f"{ISSUER}:sub")),
        {"roles_stay_apart"},
    ),
    ("no boundary", unbounded, {"bounded"}),
    *(
        (f"{action} on {resource}", granting("b/app", Statement((action,), (resource,))), {"roles_keep_to_their_own"})
        for action, resource in (
            ("sts:Assume*", "arn:aws:iam::*:role/*"),
            ("lambda:InvokeFunction", "arn:aws:lambda:*:*:function:*"),
            ("s3:PutObject", "*"),
            ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:a/*"),
        )
    ),
]


def test_the_fleet_is_sound() -> None:
    assert ways_out(WORLD) == []


@pytest.mark.parametrize(("change", "expected"), [pytest.param(*rest, id=id) for id, *rest in BREAKS])
def test_a_missing_guard_is_noticed(change: Break, expected: set[str]) -> None:
    assert broken(change(WORLD), [each for each in PROPERTIES if each.__name__ in expected]) == expected


@pytest.mark.parametrize("name", ["default-deny", "same-namespace"])
def test_each_of_two_policies_denies_by_default(name: str) -> None:
    assert broken(without(NET, name)(WORLD)) == set()


def actor(name: str) -> Any:
    return next(one.user for one in WORLD.people if one.user.name.endswith(f"/{name}"))


WORK = [
    # who, verb, group, resource, subresource, allowed in a-web, in b
    ("Ada", "create", "", "secrets", "", True, False),
    ("Ada", "create", "", "pods", "exec", True, False),
    ("Ana", "patch", "apps", "deployments", "", True, False),
    ("Ana", "delete", "", "pods", "", True, False),
    ("Ana", "get", "", "secrets", "", False, False),
    ("APipeline", "create", "networking.k8s.io", "ingresses", "", True, False),
    ("APipeline", "create", "", "pods", "exec", False, False),
    ("Abe", "list", "", "pods", "", True, True),
    ("Abe", "get", "", "pods", "log", True, True),
    ("Abe", "patch", "apps", "deployments", "", False, False),
    ("Ben", "patch", "apps", "deployments", "", False, True),
    # What kubectl 1.32 sends for `scale`, with and without --current-replicas, and for `top pod`.
    *(("APipeline", verb, "apps", "deployments", "scale", True, False) for verb in ("get", "patch", "update")),
    *(("Ana", verb, "apps", "statefulsets", "scale", True, False) for verb in ("get", "patch", "update")),
    ("Abe", "patch", "apps", "deployments", "scale", False, False),
    ("Abe", "list", "metrics.k8s.io", "pods", "", True, True),
    ("Ben", "list", "metrics.k8s.io", "pods", "", False, True),
    ("Operator", "get", "", "pods", "log", True, True),
    ("Operator", "list", "metrics.k8s.io", "pods", "", True, True),
    ("Operator", "get", "", "secrets", "", False, False),
    ("Engineer", "delete", "", "namespaces", "", True, True),
    ("BreakGlass", "get", "", "secrets", "", True, True),
]


@pytest.mark.parametrize(("who", "verb", "group", "resource", "subresource", "own", "other"), WORK)
def test_people_can_work(
    who: str, verb: str, group: str, resource: str, subresource: str, own: bool, other: bool
) -> None:
    for namespace, expected in (("a-web", own), ("b", other)):
        request = {"group": group, "subresource": subresource, "namespace": namespace}
        assert can(WORLD.objects, actor(who), verb, resource, **request) is expected


def test_pods_reach_what_was_declared() -> None:
    network = WORLD.network
    web, jobs, b, c = (Pod(name, {}, f"10.0.9.{index}") for index, name in enumerate(("a-web", "a-jobs", "b", "c")))
    dns = Pod("kube-system", {"k8s-app": "kube-dns"}, "10.0.9.9")
    assert network.open_ports(web, Pod("a-web", {"app": "db"}, "10.0.9.8"))[0] == ("TCP", 1, 65535)
    for each in (web, jobs):
        assert network.open_ports(each, b) == (("TCP", 8080, 8080),)
        assert network.open_ports(each, "8.8.8.8") == (("TCP", 443, 443),)
    for each in (web, b, c):
        assert set(network.open_ports(each, dns)) == {("TCP", 53, 53), ("UDP", 53, 53)}
        assert network.open_ports(each, "169.254.170.23") == (("TCP", 80, 80),)
    for public in WORLD.plan.facts.load_balancer_ranges:
        assert network.open_ports(public.replace(".0/", ".9/").partition("/")[0], b) == (("TCP", 443, 443),)
    assert network.open_ports(web, jobs) == network.open_ports(web, c) == network.open_ports(b, web) == ()


def test_internal_load_balancers_reach_a_team_and_no_team_reaches_another() -> None:
    """The pods of a team that names no range are held back by their own policies, those of an add-on by nobody's."""
    open_team = replace(B, network=(*B.network, FromInternalLoadBalancer((8443,))))
    ranging = replace(C, network=(ToRange("10.0.0.0/16", (8443, 9000)),))
    world = world_of(replace(BLUEPRINT, teams=(A, open_team, ranging, PLATFORM, OPERATORS)))
    b = Pod("b", {}, "10.0.9.3")
    assert world.network.open_ports("10.0.31.250", b) == (("TCP", 8443, 8443),)
    assert world.network.open_ports(Pod("external-dns", {}, "10.0.9.4"), b) == (("TCP", 8443, 8443),)
    assert world.network.open_ports(Pod("a-web", {}, "10.0.9.5"), b) == (("TCP", 8080, 8080),)
    assert world.network.open_ports(Pod("c", {}, "10.0.9.6"), b) == (("TCP", 8443, 8443),)
    assert world.network.open_ports(b, Pod("a-web", {}, "10.0.9.5")) == ()
    assert ways_out(world) == []


def test_dns_of_auto_mode_has_no_pod() -> None:
    world = world_of(replace(BLUEPRINT, compute=(AutoMode(),), addons=(), teams=(replace(C, node_pool=None),)))
    assert set(world.network.open_ports(Pod("c"), "10.200.0.9")) == {("TCP", 53, 53), ("UDP", 53, 53)}
    assert ways_out(world) == []


def test_a_pod_has_the_role_of_its_service_account() -> None:
    arn = f"arn:aws:eks:us-west-2:{SMALL.account}:cluster/dev"
    for namespace in ("a-web", "b"):
        session = pod_identity(WORLD, namespace, "app", arn)
        assert assumable(WORLD.trusts[f"{namespace}/app"], session)
    token = {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": "system:serviceaccount:external-dns:external-dns"}
    assert assumable(WORLD.trusts["external-dns/external-dns"], token)


MINE = [
    ("pods", running("example.com/a/web/app")),
    ("pods", running("example.com/a/app", priorityClassName="team-a-batch", tolerations=[{"key": "x", "value": "c"}])),
    ("services", {"metadata": {}, "spec": {"type": "ClusterIP"}}),
    ("pods", running("example.com/a/app", volumes=[{"name": "a", "image": {"reference": "example.com/a/data"}}])),
    ("pods", running("example.com/a/app", volumes=[{"name": "a", "emptyDir": {}}, {"name": "b", "secret": {}}])),
    ("pods", running("example.com/a/app", terminationGracePeriodSeconds=3600)),
    ("pods", running("example.com/a/app", tolerations=[tolerations("a")[0]])),
    ("pods", running("example.com/a/app", tolerations=[tolerations("a")[1]])),
]


def test_a_pod_of_an_older_rule_gets_an_image_of_the_new_one() -> None:
    """Each container by itself: the one that changes is judged, the other is as it was."""

    def pod(*images: str) -> Any:
        containers = [{"name": str(number), "image": image} for number, image in enumerate(images)]
        return {"spec": {"containers": containers}}

    old = pod("old.example.com/app", "old.example.com/sidecar")
    for images, taken in (
        (("example.com/a/app", "old.example.com/sidecar"), True),
        (("old.example.com/sidecar", "old.example.com/sidecar"), False),
        (("old.example.com/app", "old.example.com/newer"), False),
    ):
        request = Request("pods", "a-web", pod(*images), operation="UPDATE", old=old)
        assert (list(refusals(WORLD.admission, request)) == []) is taken


def test_no_pod_names_a_node_of_another_team() -> None:
    assert any(refusals(WORLD.admission, Request("pods", "b", running("app", nodeName="ip-10-0-0-1.ec2.internal"))))


def test_a_pod_may_stand_apart_from_its_own() -> None:
    assert not refused_for_affinity(WORLD, "a-web", running("example.com/a/app", affinity=ALONE))


@pytest.mark.parametrize(("resource", "mine"), MINE)
def test_admission_takes_what_is_the_team_s(resource: str, mine: Any) -> None:
    assert list(refusals(WORLD.admission, Request(resource, "a-web", mine))) == []


LEAKS = [
    pytest.param(group, resource)
    for group, resource in sorted({(group, f"{name}/{sub}" if sub else name) for group, name, sub, _ in GUARDS})
]


@pytest.mark.parametrize(("group", "resource"), LEAKS)
def test_no_permission_lifts_a_guard(group: str, resource: str) -> None:
    team = replace(C, node_pool=None, permissions=(Permission(group, (resource,), VERBS),))
    try:
        world = world_of(replace(SMALL, teams=(team,)))
    except BlueprintError:
        return
    assert ways_out(world) == []


def test_hardened_pods_are_admitted() -> None:
    spaces = {one["metadata"]["name"]: one for one in WORLD.of_kind("Namespace")}
    assert all(admitted(spaces[name], pod()) for name in WORLD.owner)


def test_a_pod_of_a_team_has_no_rights() -> None:
    assert not can(WORLD.objects, service_account("a-web", "app"), "get", "pods", namespace="a-web")


def test_a_team_shows_what_is_its_own() -> None:
    assert [sent.what for sent in own_exposure(WORLD, "a") if not admits(WORLD, "a-web", sent)] == []
    assert len(list(own_exposure(WORLD, "a"))) > 30


def test_a_controller_may_take_its_finalizer_away_whatever_the_rules_say_now() -> None:
    old = ingress("www.example.org")
    new = {**old, "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
    changed = Sent("a finalizer less", "networking.k8s.io", "ingresses", new, old)
    assert admits(WORLD, "b", changed)
    assert not admits(WORLD, "b", changed._replace(old=None))
