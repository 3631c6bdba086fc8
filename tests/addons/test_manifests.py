"""Objects of the platform's own: taken as they are written, and every mistake told with its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from addons.core import CORE
from blueprint import FargateProfile, FargateSelector, manifests
from blueprint.addons import KubernetesManifests, Statement
from blueprint.errors import BlueprintError
from blueprint.kubernetes import BUILT_IN, CLUSTER_SCOPED
from blueprint.manifests.schema import knows
from blueprint.planning.planner import plan
from blueprint.versions import SUPPORTED
from examples.fargate import FARGATE
from examples.operations import OPERATIONS
from tests.addons.support import FACTS, problems_on

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers: [{name: web, image: a, ports: [{containerPort: 8080}]}]
"""
ACCOUNT = "\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n"
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Thing, plural: things}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
"""
THING = "\n---\napiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(manifests, "ROOT", tmp_path)
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def own(**fields: Any) -> KubernetesManifests:
    return KubernetesManifests("own", directory="own", namespace="tools", **fields)


def brought(folder: Path, text: str, **fields: Any) -> list[dict[str, Any]]:
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    assert list(own(**fields).problems_on(FACTS)) == []
    return [dict(each) for each in own(**fields).contribute(FACTS).objects]


def told(folder: Path, text: str) -> list[tuple[str, str, str]]:
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    return [(problem.place, problem.rule, problem.fix) for problem in problems_on(FACTS, own())]


def test_objects_are_as_they_are_written_in_their_namespace(folder: Path) -> None:
    rbac = "rbac.authorization.k8s.io/v1"
    cluster_role = f"\n---\napiVersion: {rbac}\nkind: ClusterRole\nmetadata: {{name: a}}\nrules: []\n"
    system = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-system}\ndata: {a: b}\n"
    found = brought(folder, DEPLOYMENT + cluster_role + system + THING)
    assert [(each["kind"], each["metadata"].get("namespace")) for each in found] == [
        ("Deployment", "tools"),
        ("ClusterRole", None),
        ("ConfigMap", "kube-system"),
        ("Thing", None),
    ]
    assert found[0]["spec"]["replicas"] == 3


def test_its_namespace_is_made_with_its_level(folder: Path) -> None:
    brought(folder, DEPLOYMENT)
    (space,) = own(pod_security="restricted").contribute(FACTS).namespaces
    assert (space.name, space.pod_security) == ("tools", "restricted")


def test_its_pods_are_placed_as_those_of_charts_are(folder: Path) -> None:
    brought(folder, DEPLOYMENT)
    (pods,) = own().contribute(FACTS).workloads
    assert (pods.name, pods.namespace, pods.replicas, pods.ports) == ("web", "tools", 3, (8080,))
    assert (pods.labels, pods.service_account, pods.on_fargate) == ({"app": "web"}, "web", True)
    assert (pods.tolerations, pods.node_selector) == ((), {})
    where = "      nodeSelector: {place: edge}\n      tolerations: [{key: edge, operator: Exists}]\n"
    brought(folder, DEPLOYMENT.replace("      containers:", f"{where}      containers:"))
    (pods,) = own().contribute(FACTS).workloads
    assert (pods.tolerations, pods.node_selector) == (({"key": "edge", "operator": "Exists"},), {"place": "edge"})
    brought(folder, DEPLOYMENT.replace("kind: Deployment", "kind: DaemonSet").replace("  replicas: 3\n", ""))
    assert not own().contribute(FACTS).workloads[0].on_fargate


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "Job"])
def test_pods_of_every_kind_are_known(folder: Path, kind: str) -> None:
    """https://kubernetes.io/docs/concepts/workloads/controllers/: these make pods, Job by batch/v1."""
    text = DEPLOYMENT.replace("Deployment", kind)
    if kind == "DaemonSet":
        text = text.replace("  replicas: 3\n", "")
    if kind == "Job":
        text = text.replace("apps/v1", "batch/v1").replace("  replicas: 3\n  selector: {matchLabels: {app: web}}\n", "")
    brought(folder, text)
    assert [(each.name, each.kind) for each in own().contribute(FACTS).workloads] == [("web", kind)]


@pytest.mark.parametrize(
    ("text", "name", "replicas"),
    [
        (
            """apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      parallelism: 4
      template:
        metadata: {labels: {app: nightly}}
        spec:
          restartPolicy: Never
          nodeSelector: {disk: large}
          containers: [{name: one, image: busybox, ports: [{containerPort: 80}]}]
""",
            "nightly",
            4,
        ),
        (
            """apiVersion: v1
kind: Pod
metadata: {name: one, labels: {app: nightly}}
spec:
  nodeSelector: {disk: large}
  containers: [{name: one, image: busybox, ports: [{containerPort: 80}]}]
""",
            "one",
            1,
        ),
    ],
)
def test_pods_that_run_to_their_end_are_placed_as_well(folder: Path, text: str, name: str, replicas: int) -> None:
    """Its template stands a level deeper: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/"""
    brought(folder, text)
    (pods,) = own().contribute(FACTS).workloads
    assert (pods.name, pods.kind, pods.replicas) == (name, "Job", replicas)
    assert (pods.labels, pods.node_selector, pods.ports) == ({"app": "nightly"}, {"disk": "large"}, (80,))


def test_its_service_account_calls_aws(folder: Path) -> None:
    permissions = (Statement(("s3:ListBucket",), ("arn:aws:s3:::a",)),)
    found = brought(folder, DEPLOYMENT + ACCOUNT, service_account="web", permissions=permissions)
    (grant,) = own(service_account="web", permissions=permissions).contribute(FACTS).grants
    assert (grant.namespace, grant.service_account, grant.irsa) == ("tools", "web", False)
    assert "annotations" not in found[1]["metadata"]
    assert own(service_account="web").contribute(FACTS).grants == (), "it may call nothing"


def test_on_fargate_its_service_account_names_the_role(folder: Path) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html"""
    permissions = (Statement(("s3:ListBucket",), ("arn:aws:s3:::a",)),)
    brought(folder, DEPLOYMENT + ACCOUNT)
    profile = FargateProfile("tools", selectors=(FargateSelector("tools"),))
    addon = own(service_account="web", permissions=permissions)
    found = plan(replace(FARGATE, compute=(*FARGATE.compute, profile), addons=(*FARGATE.addons, addon)))
    (account,) = (each for each in found.objects if each["kind"] == "ServiceAccount" and "web" in str(each))
    assert [*account["metadata"]["annotations"]] == ["eks.amazonaws.com/role-arn"]


@pytest.mark.parametrize(
    ("text", "line", "rule", "fix"),
    [
        (DEPLOYMENT.replace("replicas", "replcas"), 6, "has no field replcas", "write replicas"),
        (DEPLOYMENT.replace("apps/v1", "apps/v1beta1"), 2, "has no Deployment in apps/v1beta1", "write the version"),
        (DEPLOYMENT.replace("name: web}", "name: web, namespace: shop}", 1), 4, "must be in tools, or", "leave it out"),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n", 2, "no object of this kind", "leave it out"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", 2, "no object of this kind", "ExternalSecrets()"),
        ("apiVersion: v1\nkind: ConfigMap\n", 1, "must be a Kubernetes object", "write apiVersion"),
        ("a: b\n", 1, "must be a Kubernetes object", "write apiVersion"),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  PASSWORD: hunter2\n",
            5,
            "never holds a secret",
            "refer to a Secret",
        ),
        (
            "apiVersion: v1\nkind: /etc/passwd\nmetadata: {name: a}\n",
            1,
            "must be a Kubernetes object",
            "write apiVersion",
        ),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: [a]\n", 1, "must be a Kubernetes object", "write apiVersion"),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 1}\n",
            1,
            "must be a Kubernetes object",
            "write apiVersion",
        ),
        (
            "kind: Deployment\nmetadata: {name: a}\napiVersion: apps/v1beta1\n",
            3,
            "has no Deployment in apps/v1beta1",
            "write the version",
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: 1}\n",
            1,
            "must be a Kubernetes object",
            "write apiVersion",
        ),
        ("apiVersion: a/b/c\nkind: A\nmetadata: {name: a}\n", 1, "must be a Kubernetes object", "write apiVersion"),
        (DEFINITION.partition("\nspec")[0] + "\nspec: [1]\n", 5, "spec must be object", "correct"),
        (
            DEPLOYMENT.replace("name: web, image", "hostPort: 1, name: web, image"),
            12,
            "has no field hostPort",
            "remove",
        ),
        (DEPLOYMENT.replace("8080", "8080, hostPort: 1"), 12, "hostPort must not be there", "wider pod_security"),
        (DEFINITION + THING, 12, "together with its definition", "named in `after`"),
        (DEPLOYMENT + "---" + DEPLOYMENT, 14, "duplicate object", "remove one"),
    ],
)
def test_a_mistake_is_told_with_its_line(folder: Path, text: str, line: int, rule: str, fix: str) -> None:
    (found,) = told(folder, text)
    assert found[0] == f"own/a.yaml:{line}"
    assert rule in found[1]
    assert fix in found[2]


def test_pods_are_judged_by_the_level_of_their_namespace(folder: Path) -> None:
    (folder / "a.yaml").write_text(DEPLOYMENT, encoding="utf-8")
    assert list(own().problems_on(FACTS)) == []
    assert {problem.place for problem in problems_on(FACTS, own(pod_security="restricted"))} == {"own/a.yaml:12"}
    host = DEPLOYMENT.replace("serviceAccountName: web", "hostNetwork: true")
    (folder / "a.yaml").write_text(host, encoding="utf-8")
    assert len(list(own().problems_on(FACTS))) == 1
    assert list(own(pod_security="privileged").problems_on(FACTS)) == []
    system = KubernetesManifests("own", directory="own", namespace="kube-system")
    assert list(system.problems_on(FACTS)) == [], "which admits all"


def test_a_custom_resource_of_a_familiar_kind_has_no_pods(folder: Path) -> None:
    text = "apiVersion: example.com/v1\nkind: Deployment\nmetadata: {name: a}\nspec: 3\n"
    assert [each["spec"] for each in brought(folder, text)] == [3]
    assert own().contribute(FACTS).workloads == ()


def test_what_is_no_object_hides_none_behind_it(folder: Path) -> None:
    wrong = "kind: 1\n---\n"
    config = "apiVersion: v1\nkind: Unknown\nmetadata: {name: a}\n"
    assert [place for place, _, _ in told(folder, wrong + config)] == ["own/a.yaml:1", "own/a.yaml:3"]


def test_a_file_that_nobody_may_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a.yaml").write_text(DEPLOYMENT, encoding="utf-8")

    def refuse(_: Path) -> bytes:
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", refuse)
    (problem,) = problems_on(FACTS, own())
    assert (problem.place, problem.value) == ("own/a.yaml", "PermissionError")
    assert (problem.rule, problem.fix) == ("cannot be read", "let whoever runs this read it")


def test_a_definition_alone_is_fine(folder: Path) -> None:
    assert [each["kind"] for each in brought(folder, DEFINITION)] == ["CustomResourceDefinition"]


def test_a_directory_that_is_not_there_is_told(folder: Path) -> None:
    (problem,) = problems_on(FACTS, KubernetesManifests("own", directory="elsewhere", namespace="tools"))
    assert problem.rule == "must be a directory of the project, and no symbolic link"


def test_the_example_is_planned_after_what_it_names() -> None:
    found = plan(OPERATIONS)
    names = [part.name for part in found.addons]
    assert names.index("status") > names.index("priorities") > names.index("metrics-server")
    assert {"PriorityClass", "Deployment", "Service"} <= {each["kind"] for each in found.objects}


def test_an_add_on_that_is_not_there_cannot_come_before() -> None:
    addon = KubernetesManifests("own", directory="examples/workloads/status", namespace="tools", after=("cilium",))
    with pytest.raises(BlueprintError, match="cilium"):
        plan(replace(OPERATIONS, addons=(*CORE, addon)))


@pytest.mark.parametrize("version", SUPPORTED)
def test_groups_of_kubernetes_are_those_of_its_schemas(version: str) -> None:
    """kubernetes-validate has a schema of each kind of Kubernetes, and of no other."""
    for kind, api in (("Role", "rbac.authorization.k8s.io/v1"), ("Lease", "coordination.k8s.io/v1"), ("Pod", "v1")):
        assert knows(kind, api, version)
        assert api.rpartition("/")[0] in BUILT_IN
    assert not knows("HTTPRoute", "gateway.networking.k8s.io/v1", version)
    assert "gateway.networking.k8s.io" not in BUILT_IN
    assert "Role" not in CLUSTER_SCOPED
    assert "ClusterRole" in CLUSTER_SCOPED


@pytest.mark.parametrize(
    "first",
    [
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: x}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {PASSWORD: hunter2}\n",
        "kind: ConfigMap\n",
    ],
)
def test_what_follows_a_mistake_is_judged_as_well(folder: Path, first: str) -> None:
    wrong = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndatas: {}\n"
    rules = [rule for _, rule, _ in told(folder, f"{first}{wrong}")]
    assert len(rules) == 2
    assert "datas" in rules[1]
