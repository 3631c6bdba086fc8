"""`make render`: what of each example is there on a laptop, what is not, and what the folder does."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.keda import Keda
from blueprint import Blueprint
from blueprint.addons import HelmRelease, Statement
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from blueprint.versions import SUPPORTED
from examples.bare import BARE
from examples.managed import MANAGED
from examples.teams import TEAMS
from tests.stacks.fleet import FLEET, fleet_plans
from tools.__main__ import main
from tools.charts.helm import program_for
from tools.commands import render
from tools.outputs import MARK
from tools.render import machine
from tools.render.changes import LaptopChange
from tools.render.contents import contents
from tools.render.folder import NAMES, texts

NAMED = [blueprint.name for blueprint in FLEET]
# Of AWS alone: provisioners, classes and controllers that nothing on a laptop answers to.
# https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html, auto-elb-example.html, auto-configure-nlb.html
OF_AWS = ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "efs.csi.aws.com", "ingress.k8s.aws/alb")
OF_AWS_TOO = ("eks.amazonaws.com/alb", "loadBalancerClass", "eks.amazonaws.com/role-arn", "${blueprint:")


def written(made: Plan, folder: Path) -> Path:
    for name, text in texts(made, contents(made)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", NAMED)
def test_nothing_of_aws_is_left_in_what_is_applied(name: str) -> None:
    made = fleet_plans()[name]
    for path, text in texts(made, contents(made)).items():
        if path != "README.md":
            assert [word for word in (*OF_AWS, *OF_AWS_TOO) if word in text] == [], path


@pytest.mark.parametrize("name", NAMED)
def test_every_add_on_is_there_or_left_out_with_a_reason_that_is_told(name: str) -> None:
    made = fleet_plans()[name]
    found = contents(made)
    readme = texts(made, found)["README.md"]
    there = {part.name for part in found.parts}
    for part in made.addons:
        brings = part.contribution.releases or part.contribution.every_object or part.contribution.namespaces
        assert part.name in found.left_out or part.name in there or not brings
    for what, why in found.left_out.items():
        assert why
        assert f"| `{what}` | {why} |" in readme


@pytest.mark.parametrize("name", NAMED)
def test_every_object_of_the_plan_is_there_or_told(name: str) -> None:
    """Those of a part that is left out are told with it."""
    made = fleet_plans()[name]
    found = contents(made)
    there = {(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]) for one in found.objects}
    for part in made.parts:
        if part.name in found.left_out or part.off_aws.objects is not None:
            continue
        for one in part.contribution.every_object:
            name_of = (one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"])
            words = " ".join((one["kind"], "/".join(filter(None, name_of[1:]))))
            assert name_of in there or words in found.left_out


@pytest.mark.parametrize("name", ["teams", "ipv6", "gateways", "bare"])
def test_kustomize_builds_it_in_the_order_of_the_plan(name: str, tmp_path: Path) -> None:
    """By kubectl: namespaces before what is in them, guards before workloads."""
    made = fleet_plans()[name]
    found = contents(made)
    folder = written(made, tmp_path)
    own = [one for part in found.parts for one in part.objects]
    custom = [one for part in found.parts for one in part.custom_resources]
    assert (folder / "kustomization.yaml").exists() == bool(own)
    assert (folder / "custom-resources").exists() == bool(custom)
    for expected, where in ((own, folder), (custom, folder / "custom-resources")):
        if expected:
            kubectl = program_for("kubectl", "1.36")
            assert isinstance(kubectl, Path), kubectl
            ran = subprocess.run([kubectl, "kustomize", where], capture_output=True, text=True, check=True)
            assert list(yaml.safe_load_all(ran.stdout)) == json.loads(json.dumps(expected, default=dict))


def test_each_part_of_the_teams_example() -> None:
    """What its users would expect of it."""
    found = contents(plan(TEAMS))
    assert [release.name for part in found.parts for release in part.releases] == [
        *("argo-cd", "cert-manager", "external-secrets", "podinfo")
    ]
    kept = {(one["kind"], one["metadata"]["name"]): one for one in found.objects}
    assert kept["StorageClass", "gp3"]["provisioner"] == "rancher.io/local-path"
    assert kept["StorageClass", "gp3"]["metadata"]["annotations"] == {
        "storageclass.kubernetes.io/is-default-class": "true"
    }
    assert kept["IngressClass", "alb"]["spec"] == {"controller": "traefik.io/ingress-controller"}
    assert kept["ClusterIssuer", "letsencrypt"]["spec"] == {"selfSigned": {}}
    assert found.left_out["NodePool team-shop"] == "nothing there defines karpenter.sh"
    assert found.left_out["ExternalSecret shop/shop-db"] == "AWS keeps what it is about"
    assert found.secrets["shop", "shop-db"] == ("password", "username")
    assert found.without_role == ["cert-manager/cert-manager", "shop/api", "shop/secrets-reader"]
    assert "shop.example.com" in found.hosts
    assert not any("*" in host for host in found.hosts)


def test_load_balancers_that_are_let_in_become_what_answers_ingresses() -> None:
    kept = [one for one in contents(plan(TEAMS)).objects if one["kind"] == "NetworkPolicy"]
    (shop,) = [one for one in kept if one["metadata"] == {"name": "declared", "namespace": "shop"}]
    peers = [peer for rule in shop["spec"]["ingress"] for peer in rule["from"]]
    assert [peer for peer in peers if "ipBlock" in peer] == []
    labels = [peer["podSelector"]["matchLabels"] for peer in peers if "matchLabels" in peer.get("podSelector", {})]
    assert labels.count({"app.kubernetes.io/name": "traefik"}) == 2  # of the internet, and internal ones
    (jobs,) = [one for one in kept if one["metadata"] == {"name": "same-namespace", "namespace": "shop-jobs"}]
    assert "traefik" not in json.dumps(jobs, default=dict)


# --- What an add-on is outside of AWS, it says itself ---


def why(blueprint: Blueprint, name: str) -> str:
    return next(part.off_aws.left_out for part in plan(blueprint).addons if part.name == name)


def test_without_its_permissions_an_add_on_works_or_not() -> None:
    extra = (Statement(("sqs:GetQueueAttributes",), ("arn:aws:sqs:us-west-2:111111111111:orders",)),)
    assert why(replace(MANAGED, addons=(*MANAGED.addons, Keda(extra_permissions=extra))), "keda") == ""
    chart = HelmRelease("app", chart="app", repository="https://example.com", version="1.0.0", namespace="app")
    assert why(replace(MANAGED, addons=(*MANAGED.addons, chart)), "app") == ""
    calls = replace(chart, service_account="app", permissions=extra)
    assert why(replace(MANAGED, addons=(*MANAGED.addons, calls)), "app") == "it calls AWS, by the role of app/app"


def test_what_is_told_something_of_a_deploy_is_left_out() -> None:
    chart = HelmRelease("app", chart="app", repository="https://example.com", version="1.0.0", namespace="app")
    told = replace(chart, values={"vpc": "${blueprint:vpc-id}"})
    found = contents(plan(replace(MANAGED, addons=(*MANAGED.addons, told))))
    assert found.left_out["app"] == "its chart is told what AWS decides in a deploy: vpc-id"
    assert "app" not in {one["metadata"]["name"] for one in found.objects}


def test_the_issuer_signs_by_itself_only_where_there_is_one() -> None:
    part = next(part for part in plan(replace(MANAGED, addons=(*MANAGED.addons, CertManager()))).addons
                if part.name == "cert-manager")  # fmt: skip
    assert part.off_aws.objects == ()


@pytest.mark.parametrize(
    ("controller", "expected"),
    [
        (AwsLoadBalancerController(), ("alb", {"ingressclass.kubernetes.io/is-default-class": "true"})),
        (AwsLoadBalancerController(default_class=False), ("alb", None)),
        (AwsLoadBalancerController(default_class=False, extra_values={"ingressClass": "own"}), ("own", None)),
    ],
)
def test_the_class_of_the_chart_is_there(controller: AwsLoadBalancerController, expected: tuple[str, Any]) -> None:
    """aws-load-balancer-controller v3.5.0 helm/aws-load-balancer-controller/templates/ingressclass.yaml"""
    others = [addon for addon in MANAGED.addons if not isinstance(addon, AwsLoadBalancerController)]
    found = contents(plan(replace(MANAGED, addons=(*others, controller), teams=())))
    classes = [one["metadata"] for one in found.objects if one["kind"] == "IngressClass"]
    assert [(one["name"], one.get("annotations")) for one in classes] == [expected]
    assert not any(one["kind"] == "ValidatingAdmissionPolicy" for one in found.objects), "Traefik's Service would fail"


# --- What is changed in objects and values ---

FACTS = replace(
    plan(MANAGED).facts,
    image_mirrors=(("docker.io", "1.dkr.ecr/hub"), ("quay.io", "1.dkr.ecr/quay")),
)
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def terms(*operators: str, key: str = "karpenter.sh/capacity-type") -> dict[str, Any]:
    found = [{"matchExpressions": [{"key": key, "operator": operator}]} for operator in operators]
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": found}, "preferred": 1}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"nodeSelector": {"kubernetes.io/arch": "arm64"}, "a": 1}, {"a": 1}),
        (
            {"nodeSelector": {"kubernetes.io/os": "linux", "team": "shop"}},
            {"nodeSelector": {"kubernetes.io/os": "linux"}},
        ),
        ({"affinity": terms("In")}, {"affinity": {"nodeAffinity": {"preferred": 1}}}),
        ({"affinity": terms("In", "NotIn")}, {"affinity": terms("In", "NotIn")}),
        ({"affinity": terms("NotIn")}, {"affinity": terms("NotIn")}),
        ({"affinity": terms("In", key="kubernetes.io/os")}, {"affinity": terms("In", key="kubernetes.io/os")}),
        (
            [{"whenUnsatisfiable": "DoNotSchedule", "minDomains": 3, "maxSkew": 1}],
            [{"whenUnsatisfiable": "ScheduleAnyway", "maxSkew": 1}],
        ),
        (
            {"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb", "loadBalancerSourceRanges": ["::/0"]},
            {"type": "NodePort"},
        ),
        ({"annotations": {"eks.amazonaws.com/role-arn": "arn"}, "name": "x"}, {"name": "x"}),
        ({"image": "1.dkr.ecr/hub/library/redis:8"}, {"image": "docker.io/library/redis:8"}),
        ({"registry": "1.dkr.ecr/quay"}, {"registry": "quay.io"}),
        *((same, same) for same in ({"image": "1.dkr.ecr/quays/x"}, {"emptyDir": {}, "on": False, "n": 0})),
    ],
)  # fmt: skip
def test_what_names_aws_goes_and_all_else_stays(before: object, after: object) -> None:
    change = LaptopChange(FACTS)
    assert change.of_values(before) == after
    assert bool(change.told) == (before != after)


def policy(rules: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": "one", "namespace": "shop"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": rules}


def test_addresses_that_aws_chooses_open_nothing_when_they_go() -> None:
    """A rule whose list of peers is empty lets everybody through.

    https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1 (from)
    """
    pods: dict[str, Any] = {"podSelector": {}}
    unknown = {"ipBlock": {"cidr": "${blueprint:vpc-ipv6-range}"}}
    internet = {"ipBlock": {"cidr": "::/0", "except": ["fc00::/7", "${blueprint:vpc-ipv6-range}"]}}
    one = policy({"egress": [{"to": [unknown]}, {"to": [unknown, pods]}, {"to": [internet]}, {}], "podSelector": {}})
    assert LaptopChange(FACTS).of_object(one)["spec"]["egress"] == [
        {"to": [pods]},
        {"to": [{"ipBlock": {"cidr": "::/0", "except": ["fc00::/7"]}}]},
        {},
    ]


def test_definitions_stay_as_they_are() -> None:
    properties = {"nodeSelector": {"type": "object"}, "type": "LoadBalancer"}
    one = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": properties}
    assert LaptopChange(FACTS).of_object({**one, "metadata": {"name": "x"}})["spec"] == properties


# --- kind, minikube, Rancher Desktop ---

# kind v0.32.0 pkg/apis/config/v1alpha4/types.go: the fields of these types by their names in YAML, and of a role, a
# family and a protocol the values: lines 20-94, 99-164, 167-209, 253-266, 288-296.
FIELDS = {
    "Cluster": {
        *("kind", "apiVersion", "name", "nodes", "networking", "featureGates", "runtimeConfig"),
        *("kubeadmConfigPatches", "kubeadmConfigPatchesJSON6902"),
        *("containerdConfigPatches", "containerdConfigPatchesJSON6902"),
    },
    "Node": {
        *("role", "image", "labels", "extraMounts", "extraPortMappings"),
        *("kubeadmConfigPatches", "kubeadmConfigPatchesJSON6902"),
    },
    "Networking": {
        *("ipFamily", "apiServerPort", "apiServerAddress", "podSubnet", "serviceSubnet"),
        *("disableDefaultCNI", "kubeProxyMode", "dnsSearch"),
    },
    "PortMapping": {"containerPort", "hostPort", "listenAddress", "protocol"},
}


@pytest.mark.parametrize("name", NAMED)
def test_the_configuration_is_one_that_kind_takes(name: str) -> None:
    """Kind v0.32.0 pkg/internal/apis/config/validate.go:31 (the name), :72 (roles), :104 (nodes), :125 (ports)"""
    made = fleet_plans()[name]
    config = yaml.safe_load(texts(made, contents(made))["kind.yaml"])
    assert config.keys() <= FIELDS["Cluster"]
    assert (config["kind"], config["apiVersion"]) == ("Cluster", "kind.x-k8s.io/v1alpha4")
    assert re.fullmatch(r"[a-z0-9.-]+", config["name"])
    assert config["networking"].keys() <= FIELDS["Networking"]
    assert config["networking"]["ipFamily"] in ("ipv4", "ipv6", "dual")
    assert [node["role"] for node in config["nodes"]] == ["control-plane", "worker", "worker"]
    for node in config["nodes"]:
        assert node.keys() <= FIELDS["Node"]
        minor = made.control_plane.version.replace(".", r"\.")
        assert re.fullmatch(rf"kindest/node:v{minor}\.\d+", node["image"])
        assert {*node.get("labels", {})} <= {"topology.kubernetes.io/region", "topology.kubernetes.io/zone"}
        for port in node.get("extraPortMappings", ()):
            assert port.keys() == FIELDS["PortMapping"]
            assert 0 < port["hostPort"] < 65536
            assert port["protocol"] in ("TCP", "UDP", "SCTP")


def test_every_version_that_a_cluster_may_have_has_one_there() -> None:
    for version in SUPPORTED:
        cluster = replace(MANAGED.cluster, version=version, support_policy="EXTENDED")
        made = plan(replace(MANAGED, cluster=cluster))
        assert machine.kubernetes(made).startswith(f"{version}.")


def test_ports_of_the_laptop_reach_what_answers_ingresses() -> None:
    """traefik-helm-chart v41.3.0 traefik/values.yaml:965, :1025 (ports.web.nodePort, ports.websecure.nodePort)"""
    made = plan(MANAGED)
    (control_plane, *_) = machine.kind(made)["nodes"]
    mapped = [port["containerPort"] for port in control_plane["extraPortMappings"]]
    assert mapped == [each["nodePort"] for each in machine.ingress_values()["ports"].values()]


# --- The script ---


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A kubectl and a helm that write down what they are asked; Rancher Desktop's Traefik is not there."""
    folder = tmp_path / "programs"
    folder.mkdir()
    kubectl = 'case "$*" in "config current-context") echo "$POINTS_TO";; *"get deployment"*) exit 1;; esac\n'
    for name, more in (("kubectl", kubectl), ("helm", "")):
        (folder / name).write_text(f'#!/bin/sh\necho "{name} $*" >>"$TOLD"\n{more}', encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def installed(folder: Path, programs: Path, points_to: str, **more: str) -> tuple[int, str, list[str]]:
    told = programs / "told"
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "TOLD": str(told), "POINTS_TO": points_to, **more}
    command = ["sh", str(folder / "install.sh")]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd="/")
    return ran.returncode, ran.stderr, told.read_text(encoding="utf-8").splitlines() if told.exists() else []


def test_the_script_installs_all_in_the_order_of_the_plan(programs: Path, tmp_path: Path) -> None:
    folder = written(plan(TEAMS), tmp_path / "teams")
    status, _, told = installed(folder, programs, "kind-teams-local")
    assert status == 0
    assert [line.partition(" --")[0] if line.startswith("kubectl") else line.split()[3:7][2] for line in told] == [
        *("kubectl config current-context", "kubectl", "kubectl"),
        *("traefik", "argo-cd", "cert-manager", "external-secrets", "podinfo", "kubectl"),
    ]
    assert told[1] == "kubectl --context kind-teams-local apply -k ."
    assert told[-1] == "kubectl --context kind-teams-local apply -k custom-resources"
    for line in told[3:-1]:
        assert "--kube-context kind-teams-local" in line
        values = re.search(r"--values (\S+)", line)
        assert values
        assert (folder / values[1]).is_file()
    assert "--version v1.21.1 --namespace cert-manager" in told[4 + 1]


@pytest.mark.parametrize("points_to", ["teams", "arn:aws:eks:us-west-2:111111111111:cluster/teams", "kind-other"])
def test_the_script_refuses_a_cluster_that_is_not_of_a_laptop(programs: Path, tmp_path: Path, points_to: str) -> None:
    folder = written(plan(TEAMS), tmp_path / "teams")
    status, error, told = installed(folder, programs, points_to)
    assert (status, told) == (1, ["kubectl config current-context"])
    assert f"CONTEXT={points_to}" in error
    status, _, told = installed(folder, programs, points_to, CONTEXT=points_to)
    assert status == 0
    assert f"kubectl --context {points_to} apply -k ." in told


# --- The command ---


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Blueprint]:
    """The clusters that the command finds."""
    found = [TEAMS]
    monkeypatch.setattr(render, "planned", lambda _, names: [plan(each) for each in found if each.name in names])
    return found


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_command_writes_the_folder_anew(
    planned: list[Blueprint], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["render", "teams", "--profile", "local", "--output", str(out)]) == 0
    told = capsys.readouterr().out
    count = len([*contents(plan(TEAMS)).objects])
    assert f"{count} objects and 4 charts: argo-cd, cert-manager, external-secrets, podinfo" in told
    assert "left out: karpenter: it works by what a deploy makes in AWS" in told
    first = files(out)
    assert {name.partition("/")[0] for name in first} == {*NAMES, MARK}
    assert os.access(out / "install.sh", os.X_OK)
    assert main(["render", "teams", "--output", str(out)]) == 0
    assert files(out) == first
    planned[:] = [replace(BARE, name="teams")]
    capsys.readouterr()
    assert main(["render", "teams", "--output", str(out)]) == 0
    assert {*files(out)} == {MARK, "README.md", "install.sh", "kind.yaml"}, "nothing of before is left"


def test_the_command_answers_programs(
    planned: list[Blueprint], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", "teams", "--output", str(tmp_path / "out"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["kubernetes"] == "1.36.1"
    assert answer["charts"] == ["argo-cd", "cert-manager", "external-secrets", "podinfo"]
    assert answer["start"]["kind"] == ["kind create cluster --config kind.yaml"]
    assert answer["left_out"]["vpc-cni"] == "EKS installs it; each cluster brings its own"
    assert answer["changed"]["StorageClass gp3"] == ["volumes of the node, by rancher.io/local-path"]
    assert answer["secrets"]["shop/shop-db"] == ["password", "username"]


def test_the_command_refuses_a_folder_of_somebody_else(planned: list[Blueprint], tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    assert main(["render", "teams", "--output", str(tmp_path)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["objects"]
