"""The scheduler puts the pods of every kind of cluster where the plan says that they run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from blueprint.planning.document import FargateNodes, Plan
from blueprint.planning.planner import plan
from blueprint.workload import Workload
from examples.auto_pools import AUTO_POOLS
from examples.launched import LAUNCHED
from tests.isolation.test_pod_security import HARDENED, POD_CONTEXT
from tests.kubernetes.cluster import NEWEST, wait
from tests.kubernetes.test_local import of_version, publish, reaching, running_lab
from tests.lifecycle.cluster import VARIANTS, own
from tests.lifecycle.lab import Lab
from tests.lifecycle.templates import remove
from tools.kubernetes.client import Client
from tools.kubernetes.objects import ApiObjects
from tools.kubernetes.programs import MissingPrograms, plays_kubelets, programs_for

CLUSTERS = {
    **{name: VARIANTS[name] for name in ("auto", "fargate", "isolated", "mixed", "self-managed", "full")},
    "launched": own(LAUNCHED),
    "auto-pools": own(AUTO_POOLS),
}


@pytest.fixture
def lab(name: str) -> Iterator[Lab]:
    """With the newest version: where pods run is a matter of the clusters."""
    programs = programs_for(NEWEST)
    assert not isinstance(programs, MissingPrograms), programs.reason
    if not plays_kubelets(programs):
        pytest.skip("nothing plays the kubelets")
    with running_lab(NEWEST, {name: CLUSTERS[name]}) as (made, _):
        yield made


@pytest.mark.parametrize("name", CLUSTERS)
def test_pods_run_where_the_plan_says(lab: Lab, name: str) -> None:
    planned = plan(of_version(CLUSTERS[name], NEWEST))
    world = lab.world()
    publish(world)
    world.put_all(name, until="cluster")
    template = world.template("addons", name)
    if any(is_beside_the_point(each["Properties"]) for each in template["Resources"].values()):
        remove(template["Resources"], is_beside_the_point)
    assert world.put("addons", template=template) == "CREATE_COMPLETE", world.reasons("addons")
    with reaching(world) as client:
        pods = dict(started(client, planned))
        assert pods
        for path, places in pods.items():
            wait(lambda path=path: is_ready(client, path), f"{path}: {status(client, path)}")
            place = place_of(client.ask("GET", f"/api/v1/nodes/{node_of(client, path)}").body["metadata"]["labels"])
            assert place in {words(each, planned) for each in places}, path


@pytest.mark.parametrize("name", ["fargate"])
def test_fargate_takes_the_pods_that_its_profiles_select(lab: Lab, name: str) -> None:
    world = lab.world()
    world.put_all(name, until="cluster")
    daemon = {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent", "uid": "1"}
    with reaching(world) as client:
        objects = ApiObjects(client)
        assert not objects.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "batch"}}).refused
        for space in ("batch", "default", "kube-system"):
            await_account(client, space)

        def taken(namespace: str, labels: Mapping[str, str], **more: Any) -> str:
            asked = pod("asked", Workload("asked", namespace=namespace, labels=labels))
            answer = objects.create({**asked, "metadata": {**asked["metadata"], **more}}, dry_run=True)
            assert not answer.refused, answer.refused
            return place_of(answer.body["spec"].get("nodeSelector") or {})

        assert taken("kube-system", {}) == "Computesystem"
        assert taken("kube-system", {"app": "agent"}, ownerReferences=[daemon]) == "nodes"
        assert taken("batch", {"example.com/fargate": "yes", "app": "job"}) == "Computebatch"
        assert taken("batch", {"example.com/fargate": "yess"}) == "nodes"
        assert taken("batch", {}) == "nodes"
        assert taken("default", {"example.com/fargate": "yes"}) == "nodes"


def await_account(client: Client, namespace: str) -> None:
    where = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
    wait(lambda: client.ask("GET", where).status == 200, where)


def is_beside_the_point(properties: Mapping[str, Any]) -> bool:
    """What decides neither about nodes nor about where pods may be: each takes a second or more."""
    manifest, chart = str(properties.get("Manifest", "")), str(properties.get("Chart", ""))
    if chart:
        return not chart.startswith("karpenter")
    kinds = ("EC2NodeClass", "Namespace", "NodeClass", "NodePool")
    return bool(manifest) and not any(f'"kind":"{kind}"' in manifest for kind in kinds)


def started(client: Client, planned: Plan) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A pod of each workload of an add-on that wants one: where it is, and the places that the plan gives it."""
    objects = ApiObjects(client)
    for number, placed in enumerate(planned.workloads):
        workload = placed.workload
        if workload.kind == "DaemonSet":
            continue
        await_account(client, workload.namespace)
        answer = objects.create(pod(f"pod-{number}", workload))
        assert not answer.refused, answer.refused
        yield f"/api/v1/namespaces/{workload.namespace}/pods/pod-{number}", placed.places


def pod(name: str, workload: Workload) -> Mapping[str, Any]:
    resources = {"requests": {"cpu": workload.cpu, "memory": "64Mi"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": workload.namespace, "labels": dict(workload.labels)},
        "spec": {
            "securityContext": POD_CONTEXT,
            "tolerations": [dict(each) for each in workload.tolerations],
            "nodeSelector": dict(workload.node_selector),
            "affinity": {"nodeAffinity": affinity(workload)},
            "containers": [{"name": "app", "image": "app", "resources": resources, "securityContext": HARDENED}],
        },
    }


def affinity(workload: Workload) -> Mapping[str, Any]:
    """What charts and EKS add-ons say of themselves: karpenter-provider-aws v1.14.1, charts/karpenter/values.yaml:98;
    amazon-vpc-cni-k8s, charts/aws-vpc-cni/values.yaml:218, of nodes that have all of it built in.
    """
    kept_off: list[Mapping[str, Any]] = []
    if not workload.on_launched_nodes:
        kept_off.append({"key": "karpenter.sh/nodepool", "operator": "DoesNotExist"})
    if not workload.on_auto_mode:
        kept_off.append({"key": "eks.amazonaws.com/compute-type", "operator": "NotIn", "values": ["auto"]})
    if not kept_off:
        return {}
    terms = {"nodeSelectorTerms": [{"matchExpressions": kept_off}]}
    return {"requiredDuringSchedulingIgnoredDuringExecution": terms}


def is_ready(client: Client, path: str) -> bool:
    conditions = client.ask("GET", path).body["status"].get("conditions", ())
    return any((one["type"], one["status"]) == ("Ready", "True") for one in conditions)


def status(client: Client, path: str) -> str:
    return str(client.ask("GET", path).body["status"])


def node_of(client: Client, path: str) -> str:
    found: str = client.ask("GET", path).body["spec"]["nodeName"]
    return found


def place_of(labels: Mapping[str, str]) -> str:
    """The place that a node is of; all groups are one, and a profile is named after its resource."""
    if profile := labels.get("eks.amazonaws.com/fargate-profile"):
        return profile.partition("Profile")[0]
    if pool := labels.get("karpenter.sh/nodepool"):
        return f"Auto Mode's {pool}" if pool in ("general-purpose", "system") else f"node pool {pool}"
    return "nodes"


def words(place: str, planned: Plan) -> str:
    """The same of a place of the plan."""
    for each in planned.compute:
        if each.name == place:
            return f"Compute{place}" if isinstance(each, FargateNodes) else "nodes"
    return place
