"""What teams bring into a cluster, and what they are not given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from kubernetes_validate import utils

from addons.karpenter import Karpenter
from blueprint import AutoMode, Blueprint, ExistingSubnet, FargateProfile, FargateSelector, Plan, Role, User, plan
from blueprint.contribution import Contribution
from blueprint.iam import Statement
from blueprint.node_pool import NodePool
from blueprint.references import resolved
from blueprint.teams import (
    ApplicationTeam,
    ContainerDefaults,
    Edge,
    FromInternalLoadBalancer,
    FromLoadBalancer,
    FromTeam,
    Permission,
    PlatformTeam,
    PriorityClass,
    Quota,
    ServiceAccount,
    Share,
    TeamNamespace,
    ToAwsServices,
    ToInternet,
    ToRange,
    ToTeam,
)
from blueprint.versions import SUPPORTED
from examples.existing_vpc import EXISTING_VPC
from tests.blueprint.examples import (
    AUTO,
    SMALL,
    TABLE,
    TEAM,
    assert_reported,
    changed,
    mistake,
    part,
    places,
    with_addons,
    with_network,
    with_teams,
)
from tests.isolation.network import Pod
from tests.isolation.properties import ways_out
from tests.isolation.world import world_of

WIDE = ApplicationTeam(
    "payments",
    owners=(Role("Owner"),),
    developers=(Role("Developer"), Role("Owner")),
    viewers=(Role("Auditor"),),
    deployers=(User("ci", "222222222222"),),
    namespaces=(
        TeamNamespace(
            "shop",
            quota=Quota(cpu="20", memory="40Gi", storage="1Ti", pods=7, services=9),
            container_defaults=ContainerDefaults("50m", "64Mi", "1Gi", "32Gi"),
            pod_security="baseline",
            labels={"example.com/cost-center": "42"},
        ),
        TeamNamespace("shop-jobs"),
    ),
    network=(FromTeam("orders", ports=(8080,)), ToRange("10.9.0.0/24", ports=(5432,)), ToInternet()),
    shares=(Share("shop", "orders", "developer"),),
    permissions=(Permission("argoproj.io", ("rollouts",), ("get", "patch")),),
    service_accounts=(
        ServiceAccount("api", "shop", permissions=(Statement(("s3:GetObject",), ("arn:aws:s3:::b/a",)),)),
    ),
    permissions_boundary="TeamBoundary",
    image_registries=("111111111111.dkr.ecr.us-west-2.amazonaws.com/payments/",),
    priority_classes=(PriorityClass("high", 1000),),
    node_pool=NodePool(),
)
ORDERS = ApplicationTeam("orders", viewers=(Role("Orders"),), network=(ToTeam("payments", ports=(8080,)),))
WITH_KARPENTER = with_addons(Karpenter())


def space(**fields: Any) -> Blueprint:
    return with_teams(changed(TEAM, namespaces=(changed(TeamNamespace("shop"), **fields),)))


def team(**fields: Any) -> Blueprint:
    return with_teams(changed(TEAM, **fields))


HERE = "teams[0].namespaces[0]"
MISTAKES = [
    mistake("nobody", team(developers=()), "teams[0].developers", "has people", "developers=("),
    mistake("by name", team(developers=("Dev",)), "teams[0].developers[0]", "Role or User", "PermissionSet(…)"),
    mistake("one role", team(owners=Role("Dev")), "teams[0].owners", "a tuple of", "owners=(Role(…),)"),
    mistake("everybody", team(viewers=(Role("*"),)), "teams[0].viewers[0].name", "no wildcard", "Break"),
    mistake("capitals", team(name="Payments"), "teams[0].name", "lowercase", '"payments"'),
    mistake("64 letters", team(name="a" * 64), "teams[0].name", "1 to 63", '"payments"'),
    mistake(
        "half of all addresses",
        team(network=(ToInternet(), ToRange("8.0.0.0/7", ports=(1,)))),
        "teams[0].network[1].cidr",
        "the range is /8 or smaller",
        "write ToInternet(), or a smaller range",
    ),
    mistake(
        "a service account for nothing",
        team(service_accounts=(ServiceAccount("api", "payments"),)),
        "teams[0].service_accounts[0].permissions",
        "without AWS permissions is the workload's own business",
        "give it permissions or secrets",
    ),
    mistake(
        "certificates for names of others",
        team(permissions=(Permission("acme.cert-manager.io", ("orders",), ("get", "create")),)),
        "teams[0].permissions[0].verbs",
        "certificates for names that are not its own",
        "let it read them",
    ),
    mistake(
        "namespace twice",
        team(namespaces=(TeamNamespace("a"),) * 2),
        "teams[0].namespaces[1].name",
        "duplicate namespace",
        "rem",
    ),
    mistake("namespaces by name", team(namespaces=("a",)), HERE, "must be TeamNamespace", "TeamNamespace(…)"),
    mistake(
        "privileged pods", space(pod_security="privileged"), f"{HERE}.pod_security", "must be 'baseline'", "'baseline'"
    ),
    mistake("unknown level", space(pod_security="none"), f"{HERE}.pod_security", "'restricted'", "'"),
    *(
        mistake(f"of AWS {prefix}", space(name=f"{prefix}shop"), f"{HERE}.name", "AWS looks for", "choose")
        for prefix in ("aws-", "amazon-", "eks-")
    ),
    mistake("not ours", space(name="kube-shop"), f"{HERE}.name", "belongs to Kubernetes", "choose"),
    # Where AWS looks for what Fargate logs to: https://docs.aws.amazon.com/eks/latest/userguide/fargate-logging.html
    mistake("logs of Fargate", space(name="aws-observability"), f"{HERE}.name", "AWS looks for", "choose"),
    # https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces (the warning on top-level domains)
    mistake("the internet", space(name="com"), f"{HERE}.name", "top-level domain", "choose"),
    mistake(
        "guarding label", space(labels={"blueprint/team": "x"}), f"{HERE}.labels['blueprint/team']", "choose", "own"
    ),
    mistake(
        "own level",
        space(labels={"pod-security.kubernetes.io/enforce": "privileged"}),
        f"{HERE}.labels['pod-security.kubernetes.io/enforce']",
        "choose",
        "own",
    ),
    mistake("no quota", space(quota=None), f"{HERE}.quota", "must be Quota", "quota=Quota(…)"),
    mistake("number for CPU", space(quota=changed(Quota(), cpu=8)), f"{HERE}.quota.cpu", "str", '"8"'),
    mistake(
        "more requested than allowed",
        space(container_defaults=ContainerDefaults(memory_request="0.5Gi")),
        f"{HERE}.container_defaults.memory_request",
        "not exceed its limit (256Mi)",
        "raise memory_limit",
    ),
    mistake(
        "more than any container",
        space(container_defaults=ContainerDefaults(memory_limit="17Gi")),
        f"{HERE}.container_defaults.memory_limit",
        "not exceed its most (16Gi)",
        "raise memory_max",
    ),
    mistake(
        "more of the disk than there is",
        space(container_defaults=ContainerDefaults(ephemeral_storage_request="3Gi")),
        f"{HERE}.container_defaults.ephemeral_storage_request",
        "not exceed its limit (2Gi)",
        "raise ephemeral_storage_limit",
    ),
    mistake("no ConfigMap", space(quota=Quota(config_maps=0)), f"{HERE}.quota.config_maps", "1 to 10000", "write"),
    mistake(
        "service account twice",
        team(
            service_accounts=(ServiceAccount("a", "payments", (Statement(("s3:GetObject",), ("arn:aws:s3:::a/b",)),)),)
            * 2
        ),
        "teams[0].service_accounts[1]",
        "duplicate",
        "into one",
    ),
    *(
        mistake(
            f"service account {name}",
            team(
                service_accounts=(
                    ServiceAccount(name, "payments", (Statement(("s3:GetObject",), ("arn:aws:s3:::a/b",)),)),
                )
            ),
            "teams[0].service_accounts[0].name",
            "made with the namespace",
            "another name",
        )
        for name in ("default", "secrets-reader")
    ),
    mistake(
        "name of a node pool",
        with_addons(Karpenter(), base=team(name="a" * 59, node_pool=NodePool())),
        "teams[0].name",
        "at most 63 characters",
        "shorter",
    ),
    mistake(
        "fixed nodes",
        with_addons(Karpenter(), base=team(node_pool=NodePool(static_nodes=2))),
        "teams[0].node_pool.static_nodes",
        "come when its pods need them",
        "leave it out",
    ),
    mistake(
        "unknown node class",
        with_addons(Karpenter(), base=team(node_pool=NodePool(node_class="gpu"))),
        "teams[0].node_pool.node_class",
        "no node class of that name",
        "default",
    ),
    mistake(
        "nothing reserved",
        with_addons(Karpenter(), base=team(node_pool=NodePool(capacity=("RESERVED",)))),
        "teams[0].node_pool.capacity",
        "names no reservation",
        "leave RESERVED out",
    ),
    mistake("GB", space(quota=Quota(memory="16GB")), f"{HERE}.quota.memory", "quantity", '"4Gi"'),
    mistake("no pods", space(quota=Quota(pods=0)), f"{HERE}.quota.pods", "1 to 5000 pods", "write"),
    mistake(
        "unknown side", team(network=(ToTeam("x", ports=(1,)),)), "teams[0]", "does not let payments in", "FromTeam"
    ),
    mistake("uninvited", team(network=(FromTeam("x", ports=(1,)),)), "teams[0]", "does not connect", "ToTeam"),
    mistake("no port", team(network=(FromLoadBalancer(ports=()),)), "teams[0].network[0].ports", "empty", "one"),
    mistake("port 0", team(network=(ToInternet(ports=(0,)),)), "teams[0].network[0].ports[0]", "1 to 65535", "write"),
    mistake(
        "the world", team(network=(ToRange("0.0.0.0/0", ports=(1,)),)), "teams[0].network[0].cidr", "every", "ToInt"
    ),
    mistake("twice", team(network=(ToInternet(), ToInternet())), "teams[0].network[1]", "duplicate", "one"),
    mistake(
        "shared abroad",
        with_teams(changed(TEAM, shares=(Share("x", "orders"),)), changed(TEAM, name="orders")),
        "teams[0].shares[0].namespace",
        "of the team",
        "one of",
    ),
    mistake("shared with none", team(shares=(Share("payments", "x"),)), "teams[0]", "an unknown team", "none"),
    mistake("shared with itself", team(shares=(Share("payments", "payments"),)), "teams[0]", "with itself", "none"),
    mistake(
        "all",
        team(permissions=(Permission("*", ("pods",), ("get",)),)),
        "teams[0].permissions[0].api_group",
        "*",
        "argoproj.io",
    ),
    mistake(
        "lifts its guards",
        team(permissions=(Permission("networking.k8s.io", ("networkpolicies",), ("delete",)),)),
        "teams[0].permissions[0].api_group",
        "not of Kubernetes",
        "argoproj.io",
    ),
    mistake(
        "takes over DNS names",
        team(permissions=(Permission("externaldns.k8s.io", ("dnsendpoints",), ("create",)),)),
        "teams[0].permissions[0].api_group",
        "snapshot.storage.k8s.io",
        "argoproj.io",
    ),
    mistake(
        "nearly a harmless group",
        team(permissions=(Permission("policy.gateway.networking.k8s.io", ("policies",), ("create",)),)),
        "teams[0].permissions[0].api_group",
        "not of Kubernetes",
        "argoproj.io",
    ),
    mistake(
        "reads Secrets",
        team(permissions=(Permission("", ("secrets",), ("get",)),)),
        "teams[0].permissions[0].api_group",
        "not of Kubernetes",
        "argoproj.io",
    ),
    mistake(
        "impersonates",
        team(permissions=(changed(Permission("a.b", ("users",), ("get",)), verbs=("impersonate",)),)),
        "teams[0].permissions[0].verbs[0]",
        "must be",
        "get",
    ),
    mistake(
        "account abroad",
        team(service_accounts=(changed(WIDE.service_accounts[0], namespace="x"),)),
        "teams[0].service_accounts[0].namespace",
        "of the team",
        "one of",
    ),
    mistake(
        "own access",
        team(
            service_accounts=(
                ServiceAccount("a", "payments", (Statement(("eks:CreateAccessEntry",), ("arn:aws:eks:::cluster/a",)),)),
            )
        ),
        "teams[0].service_accounts[0].permissions[0].actions",
        "gives access to the account or to a cluster",
        "platform",
    ),
    mistake(
        "credentials of the node",
        team(network=(ToRange("169.254.169.254/32", ports=(80,)),)),
        "teams[0].network[0].cidr",
        "credentials",
        "name the range",
    ),
    *(
        mistake(
            f"a range with {cidr}",
            team(network=(ToRange(cidr, ports=(80,)),)),
            "teams[0].network[0].cidr",
            "credentials",
            "name the range",
        )
        # Of the metadata, of the credentials of pods and of tasks, and of what is around them.
        for cidr in (
            *("169.254.0.0/15", "169.0.0.0/8", "169.254.169.0/24", "169.254.170.2/32", "169.254.170.22/31"),
            *("127.0.0.53/32", "127.0.0.0/8", "224.0.0.0/8", "239.255.0.0/16", "255.255.255.255/32", "0.0.0.0/8"),
        )
    ),
    mistake("any image", team(image_registries=("*",)), "teams[0].image_registries[0]", "with a slash", "dkr.ecr"),
    # Whoever signs up has a namespace there: of Docker Hub, GitHub, Red Hat, AWS, GitLab and Google.
    *(
        mistake(
            f"images of everybody in {host}",
            team(image_registries=(f"{host}/",)),
            "teams[0].image_registries[0]",
            "everybody may push",
            "ghcr.io/example/",
        )
        for host in (
            *("docker.io", "index.docker.io", "ghcr.io", "quay.io", "public.ecr.aws", "registry.gitlab.com", "gcr.io"),
        )
    ),
    mistake("quote in CEL", team(image_registries=("a'/",)), "teams[0].image_registries[0]", "slash", "dkr.ecr"),
    mistake(
        "above all", team(priority_classes=(PriorityClass("x", 2**31),)), "teams[0].priority_classes[0].value", "1", "w"
    ),
    mistake(
        "a priority class twice",
        team(priority_classes=(PriorityClass("x", 1), PriorityClass("x", 2))),
        "teams[0].priority_classes[1].name",
        "priority class",
        "rename one",
    ),
    mistake("nodes by nobody", team(node_pool=NodePool()), "teams[0]", "needs the add-on karpenter", "Karpenter()"),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def contribution(team: ApplicationTeam | PlatformTeam, base: Blueprint = SMALL) -> Contribution:
    return part(plan(with_teams(team, base=base)), team.name)


def wide() -> Plan:
    return plan(with_teams(WIDE, ORDERS, base=WITH_KARPENTER))


def objects(team: ApplicationTeam, kind: str, base: Blueprint = SMALL) -> list[Mapping[str, Any]]:
    return [one for one in resolved(contribution(team, base).objects, {}) if one["kind"] == kind]


def wide_objects(kind: str) -> list[Mapping[str, Any]]:
    references = {"role-arn:shop/api": "arn"}
    return [one for one in resolved(part(wide(), "payments").objects, references) if one["kind"] == kind]


def test_a_platform_team_administers_or_looks_on_and_owns_nothing() -> None:
    viewers = ("team:platform:viewer",)
    for access, groups, policy, kinds in (
        ("admin", (), "AmazonEKSClusterAdminPolicy", []),
        ("read-only", viewers, "AmazonEKSViewPolicy", ["ClusterRole", "ClusterRoleBinding"]),
    ):
        platform = changed(PlatformTeam("platform", members=(Role("Engineer"),)), access=access)
        made = plan(with_teams(platform))
        assert [(entry.groups, [one.name for one in entry.policies]) for entry in made.people] == [(groups, [policy])]
        assert made.teams[0].contribution.namespaces == ()
        assert [one["kind"] for one in made.teams[0].contribution.objects] == kinds


def test_people_act_through_groups_and_through_no_access_policy() -> None:
    found = {entry.principal.rpartition(":")[2]: entry for entry in wide().people}
    assert {name: entry.groups for name, entry in found.items()} == {
        "role/Owner": ("team:payments:owner", "team:payments:developer"),
        "role/Developer": ("team:payments:developer",),
        "role/Auditor": ("team:payments:viewer",),
        "user/ci": ("team:payments:deployer",),
        "role/Orders": ("team:orders:viewer",),
    }
    assert not any(entry.policies for entry in found.values())


def test_a_principal_of_several_teams_has_one_entry() -> None:
    platform = PlatformTeam("platform", members=TEAM.developers)
    (entry,) = plan(with_teams(TEAM, changed(TEAM, name="orders"), platform)).people
    assert entry.groups == ("team:orders:developer", "team:payments:developer")
    assert [policy.name for policy in entry.policies] == ["AmazonEKSClusterAdminPolicy"]


def test_namespaces_are_those_named_or_the_name() -> None:
    assert [namespace.name for namespace in contribution(TEAM).namespaces] == ["payments"]
    shop, jobs = part(wide(), "payments").namespaces
    assert (shop.pod_security, jobs.pod_security) == ("baseline", "restricted")
    labels = shop.manifest()["metadata"]["labels"]
    assert labels["blueprint/team"] == "payments"
    assert labels["example.com/cost-center"] == "42"
    assert labels["pod-security.kubernetes.io/enforce"] == "baseline"


def test_quota_and_what_a_container_gets_that_does_not_say() -> None:
    found = wide_objects("ResourceQuota")
    shop, jobs = (one for one in found if one["metadata"]["name"] == "team")
    # https://kubernetes.io/docs/concepts/policy/resource-quotas (compute, storage, object count)
    assert shop["spec"]["hard"] == {
        "configmaps": "500",
        "count/controllerrevisions.apps": "2000",
        "count/cronjobs.batch": "100",
        "count/deployments.apps": "100",
        "count/horizontalpodautoscalers.autoscaling": "100",
        "count/ingresses.networking.k8s.io": "50",
        "count/jobs.batch": "500",
        "count/poddisruptionbudgets.policy": "100",
        "count/replicasets.apps": "2000",
        "count/statefulsets.apps": "100",
        "limits.ephemeral-storage": "200Gi",
        "limits.memory": "40Gi",
        "persistentvolumeclaims": "50",
        "pods": "7",
        "requests.amd.com/gpu": "0",
        "requests.aws.amazon.com/neuron": "0",
        "requests.aws.amazon.com/neuroncore": "0",
        "requests.aws.amazon.com/neurondevice": "0",
        "requests.cpu": "20",
        "requests.ephemeral-storage": "200Gi",
        "requests.habana.ai/gaudi": "0",
        "requests.memory": "40Gi",
        "requests.nvidia.com/gpu": "0",
        "requests.storage": "1Ti",
        "requests.vpc.amazonaws.com/efa": "0",
        "secrets": "500",
        "services": "9",
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }
    assert jobs["spec"]["hard"]["pods"] == "50"
    (limits,) = wide_objects("LimitRange")[0]["spec"]["limits"]
    assert limits == {
        "type": "Container",
        "default": {"memory": "1Gi", "ephemeral-storage": "2Gi"},
        "defaultRequest": {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "256Mi"},
        "max": {"memory": "32Gi", "ephemeral-storage": "20Gi"},
    }


def powers(role: str, team: ApplicationTeam = TEAM) -> set[tuple[str, str]]:
    (found,) = (one for one in objects(team, "Role") if one["metadata"]["name"] == role)
    return {(resource, verb) for rule in found["rules"] for resource in rule["resources"] for verb in rule["verbs"]}


def test_each_role_may_do_more_than_the_one_before() -> None:
    viewer, deployer, developer, owner = map(powers, ("viewer", "deployer", "developer", "owner"))
    assert viewer < deployer < developer < owner
    assert {verb for _, verb in viewer} == {"get", "list", "watch"}
    assert ("deployments", "patch") in deployer
    assert ("pods/portforward", "create") in developer - deployer
    assert {("secrets", "get"), ("pods/exec", "create")} <= owner - developer


def test_nobody_lifts_the_guard_rails() -> None:
    guards = (
        "resourcequotas",
        "limitranges",
        "networkpolicies",
        "roles",
        "rolebindings",
        "serviceaccounts",
        "namespaces",
    )
    writes = {resource for resource, verb in powers("owner") if verb not in ("get", "list", "watch")}
    assert writes.isdisjoint(guards)
    assert all("*" not in word for pair in powers("owner") for word in pair)
    assert objects(TEAM, "ServiceAccount")[0]["automountServiceAccountToken"] is False


def test_further_permissions_reach_those_who_change_workloads() -> None:
    for role in wide_objects("Role"):
        words = [resource for rule in role["rules"] for resource in rule["resources"]]
        assert ("rollouts" in words) is (role["metadata"]["name"] != "viewer")


@pytest.mark.parametrize("version", SUPPORTED)
def test_of_kubernetes_own_groups_none_can_be_granted(version: str) -> None:
    """All that the API server of a minor knows, by the schemas of kubernetes-validate."""
    file = f"kubernetes-json-schema/v{version}.0-local/_definitions.json"
    definitions = utils.schema_contents(file, version)["$defs"].values()
    groups = {each["group"] for one in definitions for each in one.get("x-kubernetes-group-version-kind", ())}
    assert {"", "apps", "networking.k8s.io", "rbac.authorization.k8s.io", "storage.k8s.io"} < groups
    for each in groups:
        assert places(team(permissions=(Permission(each, ("things",), ("get",)),)))


@pytest.mark.parametrize(
    ("group", "resource"),
    [
        ("metrics.k8s.io", "pods"),
        ("gateway.networking.k8s.io", "httproutes"),
        ("snapshot.storage.k8s.io", "volumesnapshots"),
    ],
)
def test_harmless_groups_can_be_granted(group: str, resource: str) -> None:
    asked = changed(TEAM, permissions=(Permission(group, (resource,), ("get", "create")),))
    assert {(resource, "create")} <= powers("deployer", asked) - powers("viewer", asked)


def test_a_shared_namespace_lets_the_other_teams_people_in_with_the_role() -> None:
    bindings = {
        one["metadata"]["name"]: one for one in wide_objects("RoleBinding") if one["metadata"]["namespace"] == "shop"
    }
    assert {name: [each["name"] for each in one["subjects"]] for name, one in bindings.items()} == {
        "owner": ["team:payments:owner"],
        "developer": ["team:payments:developer", "team:orders:developer"],
        "viewer": ["team:payments:viewer"],
        "deployer": ["team:payments:deployer"],
    }
    assert bindings["developer"]["roleRef"]["name"] == "developer"


def test_what_is_no_longer_declared_is_gone_without_pruning() -> None:
    """Of NetworkPolicies, Roles and RoleBindings kubectl prunes none: they may not come or go with a declaration."""
    kept = ("NetworkPolicy", "Role", "RoleBinding")

    def names(team: ApplicationTeam) -> set[tuple[str, str, str]]:
        found = (one for kind in kept for one in objects(team, kind))
        return {(one["kind"], one["metadata"]["namespace"], one["metadata"]["name"]) for one in found}

    more = changed(TEAM, network=(ToInternet(), FromLoadBalancer(ports=(80,)), ToRange("10.9.0.0/24", ports=(5432,))))
    assert names(more) == names(changed(TEAM, network=(), shares=(), permissions=()))


def test_traffic_is_denied_but_for_the_declared() -> None:
    shop = {one["metadata"]["name"]: one["spec"] for one in wide_objects("NetworkPolicy")}
    assert shop["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert shop["same-namespace"]["egress"] == [{"to": [{"podSelector": {}}]}]
    assert shop["dns"]["egress"][0]["to"][0]["podSelector"] == {"matchLabels": {"k8s-app": "kube-dns"}}
    port = [{"port": 8080, "protocol": "TCP"}]
    orders = {"namespaceSelector": {"matchLabels": {"blueprint/team": "orders"}}}
    assert {"from": [orders], "ports": port} in shop["declared"]["ingress"]
    blocks = [peer["ipBlock"] for rule in shop["declared"]["egress"] for peer in rule["to"] if "ipBlock" in peer]
    assert {"cidr": "10.9.0.0/24"} in blocks
    (internet,) = (block for block in blocks if block["cidr"] == "0.0.0.0/0")
    assert "10.0.0.0/8" in internet["except"]
    (rule,) = next(one for one in objects(TEAM, "NetworkPolicy", AUTO) if one["metadata"]["name"] == "dns")["spec"][
        "egress"
    ]
    assert sorted(rule) == ["ports"]


def test_what_a_permission_creates_is_counted() -> None:
    """https://kubernetes.io/docs/concepts/policy/resource-quotas (object count quota of custom resources)"""
    allowed = (
        Permission("argoproj.io", ("rollouts", "rollouts/scale"), ("create", "patch")),
        Permission("kafka.strimzi.io", ("kafkatopics",), ("get", "delete")),
    )
    few = changed(TEAM, permissions=allowed, namespaces=(TeamNamespace("shop", quota=Quota(custom_objects=7)),))
    (hard,) = (one["spec"]["hard"] for one in objects(few, "ResourceQuota") if one["metadata"]["name"] == "team")
    assert hard["count/rollouts.argoproj.io"] == "7"
    assert not [key for key in hard if "strimzi" in key or "/scale" in key]


def test_load_balancers_come_from_the_public_subnets() -> None:
    behind = changed(TEAM, network=(FromLoadBalancer(ports=(80,)),))
    made = plan(with_teams(behind))
    found = {one["metadata"]["name"]: one["spec"] for one in objects(behind, "NetworkPolicy")}
    peers = [peer["ipBlock"]["cidr"] for peer in found["declared"]["ingress"][0]["from"]]
    assert peers == [subnet.cidr for subnet in made.network.subnets if subnet.kind == "public"]
    assert len(peers) == 3


def test_internal_load_balancers_come_from_the_private_subnets() -> None:
    """stacks/network.py tags these for them, `kubernetes.io/role/internal-elb`."""
    behind = changed(TEAM, network=(FromInternalLoadBalancer(ports=(80, 443)), FromLoadBalancer(ports=(8080,))))
    made = plan(with_teams(behind))
    (declared,) = (one for one in objects(behind, "NetworkPolicy") if one["metadata"]["name"] == "declared")
    internal, public = declared["spec"]["ingress"]
    assert [each["port"] for each in internal["ports"]] == [80, 443]
    ranges = [peer["ipBlock"]["cidr"] for peer in internal["from"]]
    assert ranges == ["10.0.0.0/19", "10.0.32.0/19", "10.0.64.0/19"]
    assert ranges == [subnet.cidr for subnet in made.network.subnets if subnet.kind == "private"]
    assert not {peer["ipBlock"]["cidr"] for peer in public["from"]} & set(ranges)
    note = made.teams[0].contribution.notes[-1]
    assert note.startswith("internal load balancers reach its pods on port 80 and 443, and so do nodes")
    public_only = contribution(changed(TEAM, network=(FromLoadBalancer(ports=(8080,)),)))
    assert not any("load balancers" in each for each in public_only.notes)


def test_aws_services_are_where_their_endpoints_are() -> None:
    """In subnets without pods: 27 addresses at the end of the VPC for each zone, and no others of it."""
    calling = changed(TEAM, network=(ToAwsServices(),))
    made = plan(with_teams(calling, base=with_network(interface_endpoints=("sts",))))
    (declared,) = (
        one["spec"]
        for one in made.teams[0].contribution.objects
        if one["kind"] == "NetworkPolicy" and one["metadata"]["name"] == "declared"
    )
    assert resolved(declared["egress"], {}) == [
        {
            "to": [{"ipBlock": {"cidr": f"10.0.255.{start}/27"}} for start in (224, 192, 160)],
            "ports": [{"port": 443, "protocol": "TCP"}],
        }
    ]
    assert not declared["ingress"]


def test_without_endpoints_aws_services_have_public_addresses() -> None:
    calling = changed(TEAM, network=(ToInternet(), ToAwsServices()))
    assert_reported(with_teams(calling), "teams[0].network[1]", "no subnets for interface endpoints", "ToInternet()")
    owned = changed(EXISTING_VPC, teams=(calling,), network=changed(EXISTING_VPC.network, interface_endpoints=("sts",)))
    assert_reported(owned, "teams[0].network[1]", "no subnets for interface endpoints", "endpoints as well")
    subnet = ExistingSubnet("subnet-0e5180b2df6397a49", "a", "10.0.2.0/27")
    named = changed(owned, network=changed(owned.network, endpoints=(subnet,)))
    assert plan(named).facts.endpoint_ranges == ("10.0.2.0/27",)


MANY = tuple(range(8000, 8021))


@pytest.mark.parametrize(
    "network",
    [
        (FromLoadBalancer(MANY), ToInternet(MANY)),
        (FromInternalLoadBalancer(MANY), FromLoadBalancer(MANY), ToRange("10.0.0.0/16", MANY), ToInternet(MANY)),
        (ToTeam("orders", MANY), ToTeam("search", tuple(range(21)[1:]))),
    ],
)
def test_so_many_ports_are_kept(network: tuple[Edge, ...]) -> None:
    assert list(changed(TEAM, network=network).problems()) == []


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ((FromLoadBalancer((*MANY, 80)),), "into its pods"),
        ((FromLoadBalancer(MANY), FromTeam("orders", (80,))), "into its pods"),
        ((FromLoadBalancer(MANY), FromInternalLoadBalancer((80,))), "into its pods"),
        ((ToRange("10.0.0.0/16", MANY), ToInternet((443,))), "out of them"),
        ((ToRange("10.0.0.0/16", MANY), ToTeam("orders", (443,))), "out of them"),
        ((ToTeam("orders", MANY), ToAwsServices()), "out of them"),
        ((ToTeam("orders", (*MANY, 80)),), "out of them"),
    ],
)
def test_more_ports_than_the_network_keeps(network: tuple[Edge, ...], words: str) -> None:
    (problem,) = changed(TEAM, network=network).problems()
    assert (problem.place, problem.value) == ("network", 22)
    assert problem.rule.startswith(f"at most 21 ports {words}")


@pytest.mark.parametrize("base", [SMALL, AUTO])
def test_the_most_ports_fit_into_what_the_agent_keeps(base: Blueprint) -> None:
    """On Auto Mode DNS is open to any address; an address in the range may be a pod of the namespace itself."""
    network = (
        FromInternalLoadBalancer(MANY),
        FromTeam("payments", MANY),
        ToRange("10.0.0.0/16", MANY),
        ToTeam("payments", MANY),
    )
    world = world_of(with_teams(changed(TEAM, network=network), base=base))
    pod, other = Pod("payments", {}, "10.0.0.9"), Pod("payments", {"app": "x"}, "10.0.0.10")
    most = 24 if base is AUTO else 22
    assert world.network.entries(pod, "Egress", other) == most
    assert world.network.entries(pod, "Ingress", other) == 22
    assert ways_out(world) == []


def test_an_aws_role_belongs_to_one_service_account_and_is_bounded() -> None:
    made = part(wide(), "payments")
    (grant,) = made.grants
    assert (grant.name, grant.boundary, grant.irsa) == ("shop/api", "TeamBoundary", False)
    assert made.notes[-1] == "who may create pods in shop may act as the AWS role of shop/api"


def test_says_that_the_namespace_is_the_boundary() -> None:
    """Whoever creates pods mounts the Secrets. kubernetes.io, RBAC good practices: workload creation"""
    (note,) = part(plan(with_teams(TEAM)), TEAM.name).notes
    assert "who may create pods in payments may read its Secrets, by mounting them" in note
    assert "what they log" in note
    assert "a namespace of its own" in note
    accounts = {one["metadata"]["name"] for one in wide_objects("ServiceAccount")}
    assert accounts == {"default", "api"}


def test_images_priorities_and_addresses_are_judged_on_admission() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in wide_objects("ValidatingAdmissionPolicy")}
    assert sorted(policies) == [
        f"team-payments-{name}"
        for name in (
            "finalizers",
            "gateways",
            "ingresses",
            "nodes",
            "placement",
            "pods",
            "published",
            "routes",
            "services",
        )
    ]
    rules = " ".join(each["expression"] for each in policies["team-payments-pods"]["validations"])
    # Containers of three kinds, and images as volumes
    assert rules.count("'111111111111.dkr.ecr.us-west-2.amazonaws.com/payments/'") == 4
    assert "['', 'team-payments-high']" in rules
    bindings = wide_objects("ValidatingAdmissionPolicyBinding")
    assert {one["spec"]["policyName"] for one in bindings} == set(policies)
    assert all(one["spec"]["validationActions"] == ["Deny"] for one in bindings)
    (priority,) = wide_objects("PriorityClass")
    assert (priority["metadata"]["name"], priority["preemptionPolicy"]) == ("team-payments-high", "Never")


def test_a_node_pool_of_its_own_is_tainted_and_labelled() -> None:
    (pool,) = wide_objects("NodePool")
    template = pool["spec"]["template"]
    assert pool["metadata"]["name"] == "team-payments"
    assert template["metadata"]["labels"] == {"blueprint/team": "payments"}
    taint = {"key": "blueprint/team", "value": "payments", "effect": "NoSchedule"}
    assert template["spec"]["taints"] == [taint]


def test_a_namespace_named_after_another_team() -> None:
    named = changed(TEAM, namespaces=(TeamNamespace("orders"),))
    both = with_teams(named, changed(TEAM, name="orders"))
    assert places(both) == ["teams[1]"]


@pytest.mark.parametrize("compute", [AUTO.compute, SMALL.compute, (*SMALL.compute, AutoMode())])
def test_teams_fit_every_kind_of_nodes(compute: Any) -> None:
    assert plan(with_teams(TEAM, base=changed(SMALL, compute=compute))).teams[0].name == "payments"


def test_teams_do_not_fit_fargate() -> None:
    profile = FargateProfile("shop", selectors=(FargateSelector("payments"),))
    assert places(with_teams(TEAM, base=changed(SMALL, compute=(*SMALL.compute, profile)))) == ["teams[0]"]


def test_the_name_of_a_team_is_a_namespace_unless_it_has_some() -> None:
    assert places(team(name="kube-shop", namespaces=())) == ["teams[0].name"]
    assert plan(team(name="kube-shop", namespaces=(TeamNamespace("shop"),))).teams
