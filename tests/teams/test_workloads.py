"""What a team brings: what is wrong with it is told with file and line, and nothing reaches beyond its namespaces."""

from __future__ import annotations

import fnmatch
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from addons.argo_cd import ArgoCd
from addons.external_secrets import ExternalSecrets
from addons.flux import Flux
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from blueprint import Blueprint, Plan, Role, manifests, plan
from blueprint.errors import Problem
from blueprint.manifests.pod_security import violations
from blueprint.secrets import SecretsManagerSecret
from blueprint.teams import (
    ApplicationTeam,
    CopiedSecrets,
    FromLoadBalancer,
    GitWorkload,
    HelmWorkload,
    Manifests,
    ServiceAccount,
    TeamNamespace,
    TeamWorkload,
)
from blueprint.teams.workloads.kinds import KINDS
from blueprint.versions import SUPPORTED
from tests.blueprint.examples import (
    AUTO,
    assert_readable,
    changed,
    error_of,
    part,
    places,
    with_addons,
    with_teams,
)
from tests.isolation import test_pod_security as standard
from tests.isolation.pod_security import CAPABILITIES, ENFORCE, SYSCTLS, VOLUMES, admitted
from tests.templates import plain

GIT = GitWorkload("pages", repository="https://github.com/example/pages", path="deploy", namespace="shop")
BY_FLUX = changed(GIT, engine="flux")
CHART = HelmWorkload(
    "podinfo", chart="podinfo", repository="https://charts.example.com", version="6.9.2", namespace="shop"
)
SAMPLE = Manifests("examples/workloads/shop", namespace="shop")
VERSIONS = SUPPORTED


def team(*workloads: object, **fields: Any) -> ApplicationTeam:
    base = ApplicationTeam("shop", developers=(Role("ShopDeveloper"),), hosts=("shop.example.com",))
    return changed(base, workloads=workloads, **fields)


def brings(*workloads: object, **fields: Any) -> Blueprint:
    return with_teams(team(*workloads, **fields), base=with_addons(ArgoCd(domain="argocd.example.com")))


def objects(made: Plan) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = plain(part(made, "shop").objects)
    return found


def sample(version: str = "1.36") -> Plan:
    shop = team(
        SAMPLE,
        copied_secrets=(CopiedSecrets("shop", (SecretsManagerSecret("shop/db"),)),),
        network=(FromLoadBalancer(ports=(8080,)),),
    )
    base = changed(AUTO, cluster=changed(AUTO.cluster, version=version, support_policy="EXTENDED"))
    return plan(with_teams(shop, base=with_addons(ExternalSecrets(), base=base)))


def own(made: Plan) -> list[Mapping[str, Any]]:
    """The objects of the sample's files."""
    return [one for one in objects(made) if "app.kubernetes.io/part-of" in one["metadata"].get("labels", {})]


def template(one: Mapping[str, Any]) -> Mapping[str, Any] | None:
    spec = one.get("spec", {})
    found: Mapping[str, Any] | None = spec.get("jobTemplate", {}).get("spec", spec).get("template")
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory `apps` of a project."""
    monkeypatch.setattr(manifests, "ROOT", tmp_path)
    made = tmp_path / "apps"
    made.mkdir()
    return made


APPS = Manifests("apps", namespace="shop")
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"
DEPLOYMENT = yaml.safe_load((manifests.ROOT / "examples/workloads/shop/catalog.yaml").read_text().split("---")[1])


def deployment(**container: Any) -> str:
    """A sound one but for these fields of its container."""
    spec = DEPLOYMENT["spec"]["template"]["spec"]
    of_pod = {**spec, "containers": [{**spec["containers"][0], **container}]}
    return dumped(template={**DEPLOYMENT["spec"]["template"], "spec": of_pod})


def ending(seconds: int) -> dict[str, Any]:
    """The pods of the sound one, which may take so long to end."""
    template = DEPLOYMENT["spec"]["template"]
    return {**template, "spec": {**template["spec"], "terminationGracePeriodSeconds": seconds}}


def dumped(**spec: Any) -> str:
    return yaml.dump({**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], **spec}})


def bomb() -> str:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return CONFIG + "data:\n" + "\n".join(f"  {line}" for line in lines)


def ingress(annotations: str = "", rule: str = "host: evil.example.org", more: str = "") -> str:
    metadata = f"  annotations: {{{annotations}}}\nspec:\n  rules:\n    - {rule}\n{more}"
    return kind("Ingress", "networking.k8s.io/v1", metadata)


def kind(name: str, version: str = "v1", more: str = "") -> str:
    return f"apiVersion: {version}\nkind: {name}\nmetadata:\n  name: a\n{more}"


# file's content, line of the mistake, a part of the rule, a part of the fix
HOSTILE: dict[str, tuple[str | bytes, int | None, str, str]] = {
    "tab": (CONFIG + "data:\n\ta: b\n", 6, "YAML", "spaces"),
    "unclosed": (CONFIG + "data: {a: b\n", 6, "YAML", "correct"),
    "key twice": (CONFIG + "data:\n  a: b\n  a: c\n", 7, "line 6 has it", "remove"),
    "bomb": (bomb(), 7, "aliases", "write"),
    "alias of itself": (CONFIG + "data: &a {a: *a}\n", 5, "aliases", "write"),
    "deep": ("a: " + "[" * 100_000, 1, "nested", "needs"),
    "merge": (CONFIG + "<<: {data: {}}\n", 5, "key is text", "quotes"),
    "number as key": (CONFIG + "data:\n  80: x\n", 6, "key is text", "quotes"),
    "list as key": (CONFIG + "? [a]\n: b\n", 5, "key is text", "quotes"),
    "code": (CONFIG + "data: {a: !!python/object/apply:os.system [id]}\n", 5, "tags", "remove"),
    "bytes": (CONFIG + "data: {a: !!binary aGk=}\n", 5, "tags", "remove"),
    "not a number": (CONFIG + "data: {a: .nan}\n", 5, "64 bits", "quotes"),
    "endless number": (CONFIG + f"data: {{a: {'9' * 5000}}}\n", 5, "64 bits", "quotes"),
    "CDK token": (CONFIG + "data: {a: '${Token[TOKEN.1]}'}\n", 5, "CDK", "another"),
    "CDK token as a key": (CONFIG + "data:\n  '${Token[TOKEN.1]}': a\n", 6, "CDK", "another"),
    "parameter of CloudFormation": (CONFIG + "data: {a: '{{resolve:ssm:/a}}'}\n", 5, "rights of the deploy", "Copied"),
    "secret of CloudFormation in a key": (CONFIG + "data: {'{{resolve:ssm:/a}}': a}\n", 5, "rights of", "Copied"),
    "not UTF-8": (CONFIG.encode() + b"data: {a: \xff}\n", 5, "UTF-8", "save"),
    "UTF-16": (CONFIG.encode("utf-16"), 1, "UTF-8", "save"),
    "control character": (CONFIG + "data: {a: \x00}\n", None, "YAML", "remove"),
    "huge": (CONFIG + "#" * 300_000, None, "200 kB", "Argo CD"),
    "empty": ("", 1, "no object", "remove"),
    "comments only": ("# later\n---\n---\n", 1, "no object", "remove"),
    "text": ("hello\n", 1, "Kubernetes object", "kind"),
    "list": ("- a\n", 1, "Kubernetes object", "kind"),
    "values of a chart": ("replicaCount: 1\n", 1, "Kubernetes object", "kind"),
    "kind of another type": ("kind: [Pod]\n", 1, "Kubernetes object", "kind"),
    "List": (kind("List"), 2, "of this kind", "Deployment"),
    "Pod": (kind("Pod"), 2, "of this kind", "Deployment"),
    "DaemonSet": (kind("DaemonSet", "apps/v1"), 2, "of this kind", "platform"),
    "Namespace": (kind("Namespace"), 2, "of this kind", "namespaces"),
    "ClusterRole": (kind("ClusterRole", "rbac.authorization.k8s.io/v1"), 2, "of this kind", "permissions"),
    "RoleBinding": (kind("RoleBinding", "rbac.authorization.k8s.io/v1"), 2, "of this kind", "permissions"),
    "ResourceQuota": (kind("ResourceQuota"), 2, "of this kind", "quota"),
    "NetworkPolicy": (kind("NetworkPolicy", "networking.k8s.io/v1"), 2, "of this kind", "network"),
    "CRD": (kind("CustomResourceDefinition", "apiextensions.k8s.io/v1"), 2, "of this kind", "platform"),
    "webhook": (kind("MutatingWebhookConfiguration"), 2, "of this kind", "platform"),
    "Secret": (kind("Secret", more="stringData:\n  password: hunter2\n"), 2, "of this kind", "copied_secrets"),
    "ClusterRoleBinding": (kind("ClusterRoleBinding"), 2, "of this kind", "permissions of the team"),
    "Role": (kind("Role"), 2, "of this kind", "permissions of the team"),
    "LimitRange": (kind("LimitRange"), 2, "of this kind", "container_defaults"),
    "PriorityClass": (kind("PriorityClass"), 2, "of this kind", "priority_classes"),
    "ExternalSecret": (kind("ExternalSecret"), 2, "of this kind", "copied_secrets"),
    "SecretStore": (kind("SecretStore"), 2, "of this kind", "copied_secrets"),
    "SecretProviderClass": (kind("SecretProviderClass"), 2, "of this kind", "secrets of a ServiceAccount"),
    "retired version": (kind("Deployment", "extensions/v1beta1"), 1, "one version", "apps/v1"),
    "no version": ("kind: ConfigMap\nmetadata: {name: a}\n", 1, "one version", "v1"),
    "no metadata": ("apiVersion: v1\nkind: ConfigMap\n", 1, "metadata", "name"),
    "no name": ("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: a-\n", 3, "name", "generateName"),
    "number as name": ("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: 1\n", 4, "name", "name"),
    "way as name": (kind("ConfigMap").replace("name: a", "name: ../a"), 4, "name", "name"),
    "abroad": (CONFIG + "  namespace: kube-system\n", 5, "in the namespace shop", "leave"),
    "namespace of another type": (CONFIG + "  namespace: [shop]\n", 5, "in the namespace shop", "leave"),
    "host of another": (ingress(), 8, "host name of team shop", "hosts of the team"),
    "every host": (ingress(rule="http: {paths: []}"), 8, "host name of team shop", "hosts of the team"),
    "certificate of another": (
        ingress(more="  tls:\n    - hosts: [www.example.org]\n", rule="host: shop.example.com"),
        10,
        "host name of team shop",
        "hosts of the team",
    ),
    "default backend": (
        ingress(rule="host: shop.example.com", more="  defaultBackend: {service: {name: a, port: {number: 80}}}\n"),
        9,
        "every host",
        "rule with a host",
    ),
    "load balancer of another": (
        ingress('"alb.ingress.kubernetes.io/group.name": shared', "host: shop.example.com"),
        5,
        "no team may write it",
        "remove",
    ),
    "load balancer that is not let in": (
        ingress('"alb.ingress.kubernetes.io/scheme": internet-facing', "host: shop.example.com"),
        5,
        "scheme of load balancers",
        "FromLoadBalancer",
    ),
    "record of another": (
        kind(
            "Service", more='  annotations: {"external-dns.alpha.kubernetes.io/hostname": www.example.org}\nspec: {}\n'
        ),
        5,
        "host names of team shop",
        "hosts of the team",
    ),
    "records of pods": (
        kind(
            "Service",
            more='  annotations: {"external-dns.alpha.kubernetes.io/hostname": shop.example.com}\n'
            "spec: {clusterIP: None}\n",
        ),
        5,
        "headless",
        "remove",
    ),
    "record to anywhere": (
        kind(
            "Service",
            more='  annotations: {"external-dns.alpha.kubernetes.io/hostname": shop.example.com}\n'
            "spec: {type: ExternalName, externalName: example.org}\n",
        ),
        5,
        "name elsewhere",
        "remove",
    ),
    "finalizer": (CONFIG + "  finalizers: [example.com/never]\n", 5, "from being deleted", "leave it out"),
    "no end": (dumped(template=ending(10**8)), 77, "ends within 86400 seconds", "lower"),
    "misspelt": (CONFIG + "daat: {}\n", 5, "no field daat", "write data"),
    "misspelt below": (dumped(replcas=2), 9, "Deployment.spec has no field replcas", "write replicas"),
    "field missing": (kind("Deployment", "apps/v1", "spec:\n  template: {}\n"), 5, "the field selector", "add"),
    "another type": (kind("Service", more="spec:\n  ports:\n  - port: http\n"), 7, "must be integer", "correct"),
    "yes as text": (CONFIG + "data:\n  a: yes\n", 6, "must be string", "correct"),
    "secret in ConfigMap": (CONFIG + "data:\n  db-password: hunter2\n", 6, "clear text", "secretKeyRef"),
    "secret of another type": (CONFIG + "data:\n  TOKEN: 4711\n", 6, "clear text", "secretKeyRef"),
    "load balancer": (kind("Service", more="spec:\n  type: LoadBalancer\n"), 6, "Ingress", "Ingress"),
    "external address": (kind("Service", more="spec:\n  externalIPs: [10.0.0.1]\n"), 6, "traffic", "remove"),
}


def found(content: str | bytes, folder: Path, **fields: Any) -> list[Problem]:
    file = folder / "a.yaml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    error = error_of(brings(APPS, **fields))
    assert_readable(error)
    assert "hunter2" not in str(error)
    assert "4711" not in str(error)
    assert str(folder.parent) not in str(error)
    return list(error.problems)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_mistake_in_a_file_is_told_once_with_its_line(name: str, folder: Path) -> None:
    content, line, rule, fix = HOSTILE[name]
    problems = found(content, folder)
    assert problems[0].place == (f"apps/a.yaml:{line}" if line else "apps/a.yaml")
    assert rule in problems[0].rule
    assert fix in problems[0].fix
    assert len(problems) == 1


def test_what_is_wrong_is_shown_unless_it_may_be_secret(folder: Path) -> None:
    shown = {
        kind("Deployment", "extensions/v1beta1"): "extensions/v1beta1",
        kind("DaemonSet", "apps/v1"): "DaemonSet",
        "a: 1\n": "<no kind>",
        kind("ConfigMap").replace("name: a", "name: ../a"): "../a",
        CONFIG + "  namespace: kube-system\n": "kube-system",
        CONFIG + "data:\n  db-password: hunter2\n": "<not shown>",
        CONFIG + "data:\n  80: x\n": "80",
        CONFIG + "? [a]\n: b\n": "<a list or mapping>",
    }
    for content, value in shown.items():
        assert [problem.value for problem in found(content, folder)] == [value]


POD_MISTAKES: dict[str, dict[str, Any]] = {
    "privileged": {"securityContext": {"privileged": True}},
    "no context": {"securityContext": None},
    "root": {"securityContext": {**standard.HARDENED, "runAsUser": 0}},
    "host port": {"ports": [{"containerPort": 80, "hostPort": 80}]},
}


@pytest.mark.parametrize("name", POD_MISTAKES)
def test_pods_that_the_namespace_would_refuse_are_told(name: str, folder: Path) -> None:
    problems = found(deployment(**POD_MISTAKES[name]), folder)
    assert all("the restricted standard" in problem.rule for problem in problems)
    assert all(problem.place.startswith("apps/a.yaml:") for problem in problems)


def test_a_baseline_namespace_takes_more(folder: Path) -> None:
    (folder / "a.yaml").write_text(deployment(securityContext=None))
    baseline = (TeamNamespace("shop", pod_security="baseline"),)
    assert "Deployment" in {one["kind"] for one in objects(plan(brings(APPS, namespaces=baseline)))}
    (problem,) = found(deployment(securityContext={"privileged": True}), folder, namespaces=baseline)
    assert "privileged must not be true" in problem.rule
    template = DEPLOYMENT["spec"]["template"]
    disk = {"name": "disk", "awsElasticBlockStore": {"volumeID": "vol-0123456789abcdef0"}}
    spec = {**template["spec"], "volumes": [*template["spec"].get("volumes", ()), disk]}
    (problem,) = found(dumped(template={**template, "spec": spec}), folder, namespaces=baseline)
    assert "no other is of the namespace" in problem.rule


def is_admitted(level: str, pod: Any) -> bool:
    return admitted({"metadata": {"labels": {ENFORCE: level}}}, pod)


@pytest.mark.parametrize(("control", "pod"), [*standard.BASELINE, *standard.RESTRICTED])
@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_pods_are_judged_as_the_tests_own_evaluator_does(control: str, pod: Any, level: Any) -> None:
    assert (not list(violations(pod, level))) is is_admitted(level, pod)


LISTED = (
    *(standard.pod(securityContext={**standard.POD_CONTEXT, "sysctls": [{"name": each}]}) for each in SYSCTLS),
    *(standard.pod({"capabilities": {"drop": ["ALL"], "add": [each]}}) for each in CAPABILITIES),
    *(standard.pod(volumes=[{"name": "a", each: {}}]) for each in VOLUMES),
)


@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_each_member_of_its_lists_is_judged_so(level: Any) -> None:
    for pod in LISTED:
        admits = is_admitted(level, pod)
        assert (not list(violations(pod, level))) is admits, pod
        assert admits or level == "restricted", "the lists are of what baseline lets through"


def test_every_mistake_of_every_file_is_told_in_order(folder: Path) -> None:
    (folder / "b.yml").write_text(f"{CONFIG}daat: {{}}\nsepc: {{}}\n---\n{kind('Secret')}")
    (folder / "a.YAML").write_text("\t")
    (folder / "c.yaml").write_text(CONFIG)
    (folder / "d.yaml").write_text(CONFIG)
    (folder / "notes.md").write_text("not read")
    assert places(brings(APPS)) == [
        *("apps/a.YAML:1", "apps/b.yml:5", "apps/b.yml:6", "apps/b.yml:9", "apps/d.yaml:1"),
    ]


@pytest.mark.parametrize(
    "directory",
    [
        "../apps",
        "/etc",
        "apps/..",
        "apps/../apps",
        ".",
        "",
        ".git",
        "a//b",
        "apps/",
        "a\n",
        "a" * 256,
        "a/" * 600 + "a",
        1,
        None,
    ],
)
def test_a_directory_is_one_of_the_project(directory: Any, folder: Path) -> None:
    assert set(places(brings(changed(APPS, directory=directory)))) == {"teams[0].workloads[0].directory"}


def test_a_directory_holds_manifests_of_its_own(folder: Path, tmp_path: Path) -> None:
    here = "teams[0].workloads[0].directory"
    assert places(brings(APPS)) == [here]
    assert places(brings(changed(APPS, directory="missing"))) == [here]
    (tmp_path / "file.yaml").write_text(CONFIG)
    assert places(brings(changed(APPS, directory="file.yaml"))) == [here]
    (tmp_path / "link").symlink_to("/etc")
    assert places(brings(changed(APPS, directory="link"))) == [here]
    assert places(brings(changed(APPS, directory="link/ssl"))) == [here]


def test_no_file_is_a_link_or_a_device(folder: Path) -> None:
    (folder / "a.yaml").symlink_to("/etc/passwd")
    (folder / "b").symlink_to("..")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(folder / "pipe.yaml")
    (folder / "below.yaml").mkdir()
    assert places(brings(APPS)) == ["apps/a.yaml", "apps/b", "apps/loop.yaml", "apps/pipe.yaml"]


def test_what_kubectl_reads_as_text_is_text(folder: Path) -> None:
    (folder / "a.yaml").write_text("\ufeff" + CONFIG + "data:\n  a: 2026-11-23\n  b: 12:30\n  c: =\n")
    (made,) = [one for one in objects(plan(brings(APPS))) if one["metadata"]["name"] == "a"]
    assert made["data"] == {"a": "2026-11-23", "b": "12:30", "c": "="}
    assert made["metadata"]["namespace"] == "shop"


def test_flux_may_do_what_applying_and_pruning_takes() -> None:
    """Server-side apply gets, creates and patches; pruning lists and deletes: fluxcd/pkg ssa/manager_apply.go,
    manager_delete.go. Never a whole collection: https://kubernetes.io/docs/reference/access-authn-authz/authorization
    """
    roles = [
        one
        for one in objects(plan(with_teams(team(BY_FLUX), base=with_addons(Flux()))))
        if one["kind"] == "Role" and "flux-" in one["metadata"]["name"]
    ]
    assert roles
    for rule in (rule for role in roles for rule in role["rules"]):
        assert {*rule["verbs"]} == {"get", "list", "watch", "create", "update", "patch", "delete"}


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_has_each_kind_in_the_version_in_which_it_is_written(version: str) -> None:
    for kind, written in KINDS.items():
        made = {"apiVersion": written, "kind": kind, "metadata": {"name": "a"}}
        with suppress(kubernetes_validate.ValidationError):  # which knows the kind, and misses its spec
            kubernetes_validate.validate(made, version, strict=True)
        with pytest.raises(kubernetes_validate.SchemaNotFoundError):
            kubernetes_validate.validate({**made, "apiVersion": written.upper()}, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_sample_is_valid_for_every_version(version: str) -> None:
    made = own(sample(version))
    for one in made:
        kubernetes_validate.validate(one, version, strict=True)
    assert {one["kind"] for one in made} == {
        *("ConfigMap", "CronJob", "Deployment", "HorizontalPodAutoscaler", "Ingress", "Job", "PodDisruptionBudget"),
        *("Service", "StatefulSet"),
    }
    assert {one["metadata"]["namespace"] for one in made} == {"shop"}


def test_the_pods_of_the_sample_are_restricted_sized_and_pinned() -> None:
    pods = [pod for one in own(sample()) if (pod := template(one))]
    assert len(pods) == 5
    for pod in pods:
        assert admitted({"metadata": {"labels": {ENFORCE: "restricted"}}}, pod)
        assert pod["spec"]["automountServiceAccountToken"] is False
        for container in pod["spec"]["containers"]:
            assert {*container["resources"]["requests"], *container["resources"]["limits"]} == {"cpu", "memory"}
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert fnmatch.fnmatch(container["image"], "public.ecr.aws/*:[0-9]*.[0-9]*.[0-9]*")


def test_the_secret_of_the_sample_is_one_that_the_team_has() -> None:
    made = objects(sample())
    (secret,) = [one["metadata"]["name"] for one in made if one["kind"] == "ExternalSecret"]
    assert f"'secretKeyRef': {{'name': '{secret}'" in str(own(sample()))
    assert str(own(sample())).count("'secretKeyRef'") == str(own(sample())).count(f"{{'name': '{secret}', 'key'")


def test_objects_stand_behind_the_guard_rails_in_the_same_order_always() -> None:
    kinds = [one["kind"] for one in objects(sample())]
    assert kinds[-12:] == [one["kind"] for one in own(sample())][-12:]
    assert max(kinds.index(guard) for guard in ("ResourceQuota", "NetworkPolicy", "LimitRange")) < len(kinds) - 14
    assert sample() == sample()


def test_a_release_stands_in_the_teams_namespace() -> None:
    (release,) = part(plan(brings(changed(CHART, values={"replicaCount": 2}))), "shop").releases
    assert (release.name, release.namespace, plain(release.values)) == ("podinfo", "shop", {"replicaCount": 2})
    assert (release.chart.name, release.chart.version) == ("podinfo", "6.9.2")


MISTAKES: dict[str, tuple[TeamWorkload, str]] = {
    "chart from nowhere": (changed(CHART, repository="http://charts.example.com"), ".repository"),
    "password in address": (changed(CHART, repository="https://me:hunter2@example.com/x y"), ".repository"),
    "newest chart": (changed(CHART, version="latest"), ".version"),
    "values of Python": (changed(CHART, values={"a": object()}), ".values"),
    "long name": (changed(CHART, name="a" * 54), ".name"),
    "too patient": (changed(CHART, timeout_minutes=16), ".timeout_minutes"),
    "release abroad": (changed(CHART, namespace="kube-system"), ".namespace"),
    "every repository": (changed(GIT, repository="*"), ".repository"),
    "file of the machine": (changed(GIT, repository="file:///etc"), ".repository"),
    "path outside": (changed(GIT, path="../x"), ".path"),
    "option as revision": (changed(GIT, revision="a b"), ".revision"),
    "another engine": (changed(GIT, engine="fleet"), ".engine"),
    "address without a scheme": (changed(BY_FLUX, repository="git@github.com:example/pages"), ".repository"),
    "credentials of Argo CD": (changed(GIT, credentials="pages"), ".credentials"),
    "a value with a secret": (changed(GIT, values={"auth": {"password": "hunter2"}}), ".values['auth']['password']"),
    "a host of another in a value": (
        changed(GIT, values={"ingress": {"hosts": ["www.example.org"]}}),
        ".values['ingress']['hosts'][0]",
    ),
    "a host of another in a value of a chart": (
        changed(CHART, values={"ingress": {"hosts": ["www.example.org"]}}),
        ".values['ingress']['hosts'][0]",
    ),
    "a variable of no name": (changed(BY_FLUX, values={"a-b": "x"}), ".values['a-b']"),
    "a variable that is no text": (changed(BY_FLUX, values={"replicas": 2}), ".values['replicas']"),
    "application abroad": (changed(GIT, namespace="orders"), ".namespace"),
    "manifests abroad": (changed(SAMPLE, namespace="orders"), ".namespace"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_in_the_value(name: str) -> None:
    workload, field = MISTAKES[name]
    assert places(brings(workload)) == [f"teams[0].workloads[0]{field}"]


def test_mistakes_between_values() -> None:
    assert places(brings("shop.yaml")) == ["teams[0].workloads[0]"]
    assert places(brings(CHART, CHART)) == ["teams[0].workloads[1]"]
    assert places(with_teams(team(GIT))) == ["teams[0]"]
    assert "ArgoCd()" in error_of(with_teams(team(GIT))).problems[0].fix
    assert "Flux()" in error_of(with_teams(team(BY_FLUX))).problems[0].fix
    secret = changed(CHART, values={"auth": {"password": "hunter2"}})
    assert "hunter2" not in str(error_of(brings(secret)))
    assert len(places(with_teams(team(SAMPLE, SAMPLE)))) == 1


def test_a_report_names_what_brings_a_release_or_a_role() -> None:
    """By the names under which a plan has it; that of the role of copied secrets no team writes."""
    secrets = (SecretsManagerSecret("shop/db"),)
    account, copied = ServiceAccount("api", "shop", secrets=secrets), CopiedSecrets("shop", secrets=secrets)
    asking = team(changed(CHART, name="first"), CHART, service_accounts=(account,), copied_secrets=(copied,))
    made = part(plan(with_addons(ExternalSecrets(), SecretsStoreCsiDriver(), base=with_teams(asking))), "shop")
    names = [*(each.name for each in made.releases), *(each.name for each in made.grants)]
    assert {*names} == {*asking.places}
    assert [asking.places[name] for name in names] == [
        ("workloads", 0),
        ("workloads", 1),
        ("service_accounts", 0),
        ("copied_secrets", 0),
    ]


def test_clusters_differ_in_values() -> None:
    """Argo CD v3.4.4 pkg/apis/application/v1alpha1/types.go (ApplicationSourceHelm.ValuesObject); kustomize-controller
    api/v1/kustomization_types.go (PostBuild.Substitute)
    """
    chart = changed(GIT, values={"replicas": 2})
    made = plan(with_teams(team(chart), base=with_addons(ArgoCd(domain="argocd.example.com"))))
    (application,) = (one for one in objects(made) if one["kind"] == "Application")
    assert application["spec"]["source"]["helm"] == {"valuesObject": {"replicas": 2}}
    made = plan(with_teams(team(changed(BY_FLUX, values={"replicas": "2"})), base=with_addons(Flux())))
    (kustomization,) = (one for one in objects(made) if one["kind"] == "Kustomization")
    assert kustomization["spec"]["postBuild"] == {"substitute": {"replicas": "2"}}


def test_what_flux_follows_ends_in_its_namespace() -> None:
    """kustomize-controller api/v1/kustomization_types.go (ServiceAccountName, TargetNamespace, DeletionPolicy); with
    multitenancy a Kustomization names what stands in its own namespace alone.
    """
    shop = team(BY_FLUX, namespaces=(TeamNamespace("shop"), TeamNamespace("shop-jobs")))
    made = plan(with_teams(shop, base=with_addons(Flux())))
    assert part(made, "shop").from_git == ("shop-pages",)
    found = {one["kind"]: one for one in objects(made) if "shop-pages" in one["metadata"]["name"]}
    assert {*found} == {"ServiceAccount", "Role", "RoleBinding", "GitRepository", "Kustomization"}
    spaces = {kind: one["metadata"]["namespace"] for kind, one in found.items()}
    assert spaces == {
        "ServiceAccount": "flux-system",
        "GitRepository": "flux-system",
        "Kustomization": "flux-system",
        "Role": "shop",
        "RoleBinding": "shop",
    }
    spec = found["Kustomization"]["spec"]
    assert spec["serviceAccountName"] == found["ServiceAccount"]["metadata"]["name"]
    assert spec["sourceRef"] == {"kind": "GitRepository", "name": found["GitRepository"]["metadata"]["name"]}
    assert (spec["targetNamespace"], spec["path"], spec["prune"]) == ("shop", "./deploy", True)
    assert spec["deletionPolicy"] == "Orphan"
    name = found["Role"]["metadata"]["name"]
    assert found["RoleBinding"]["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    (subject,) = found["RoleBinding"]["subjects"]
    assert subject == {"kind": "ServiceAccount", "name": "shop-pages", "namespace": "flux-system"}
    allowed = {resource for rule in found["Role"]["rules"] for resource in rule["resources"]}
    assert {"deployments", "services", "ingresses"} <= allowed
    assert allowed.isdisjoint({"secrets", "roles", "rolebindings", "networkpolicies", "resourcequotas", "limitranges"})
    assert found["GitRepository"]["spec"] == {
        "interval": "1m",
        "url": "https://github.com/example/pages",
        "ref": {"branch": "main"},
    }


@pytest.mark.parametrize(
    ("revision", "reference"),
    [
        ("stable", {"branch": "stable"}),
        ("refs/tags/v1.2.0", {"name": "refs/tags/v1.2.0"}),
        ("0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", {"commit": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"}),
    ],
)
def test_flux_knows_what_kind_of_revision_it_is(revision: str, reference: dict[str, str]) -> None:
    """source-controller api/v1/gitrepository_types.go (GitRepositoryRef)."""
    followed = changed(BY_FLUX, revision=revision, credentials="pages")
    made = plan(with_teams(team(followed), base=with_addons(Flux())))
    (source,) = (one["spec"] for one in objects(made) if one["kind"] == "GitRepository")
    assert source["ref"] == reference
    assert source["secretRef"] == {"name": "pages"}


def test_a_project_of_argo_cd_cannot_reach_another_team() -> None:
    shop = team(GIT, namespaces=(TeamNamespace("shop"), TeamNamespace("shop-jobs")))
    orders = ApplicationTeam("orders", developers=(Role("Orders"),))
    made = plan(with_teams(shop, orders, base=with_addons(ArgoCd(domain="argocd.example.com"))))
    project, application = (one for one in objects(made) if one["apiVersion"] == "argoproj.io/v1alpha1")
    assert {one["metadata"]["namespace"] for one in (project, application)} == {"argocd"}
    spec = project["spec"]
    server = "https://kubernetes.default.svc"
    assert spec["destinations"] == [{"server": server, "namespace": name} for name in ("shop", "shop-jobs")]
    owned = {space.name for each in made.parts if each.name != "shop" for space in each.contribution.namespaces}
    reached = [name for name in {*owned, "kube-system", "default"} for to in spec["destinations"]
               if fnmatch.fnmatch(name, to["namespace"])]  # fmt: skip
    assert owned >= {"orders", "argocd"}
    assert reached == []
    assert spec["sourceRepos"] == ["https://github.com/example/pages"]
    assert spec["clusterResourceWhitelist"] == []
    allowed = {one["kind"] for one in spec["namespaceResourceWhitelist"]}
    refused = {one["kind"] for one in spec["namespaceResourceBlacklist"]}
    # API groups: https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/
    rbac = {
        ("rbac.authorization.k8s.io", f"{scope}{kind}") for scope in ("", "Cluster") for kind in ("Role", "RoleBinding")
    }
    own = {("", kind) for kind in ("ResourceQuota", "LimitRange", "Namespace", "Secret")}
    listed = {(one["group"], one["kind"]) for one in spec["namespaceResourceBlacklist"]}
    assert listed == rbac | own | {("networking.k8s.io", "NetworkPolicy")}
    assert allowed.isdisjoint({*refused, "Secret", "Application", "AppProject"})
    assert "*" not in str(spec["namespaceResourceWhitelist"])
    assert application["spec"]["project"] == project["metadata"]["name"]
    assert application["spec"]["destination"]["namespace"] == "shop"
    assert application["spec"]["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}
    assert application["spec"]["syncPolicy"]["syncOptions"] == ["CreateNamespace=false"]


def test_who_has_no_manifests_reads_no_yaml(root: Path) -> None:
    code = """
import sys
from blueprint import plan
from examples.dev import DEV
plan(DEV)
print(sorted({'yaml', 'jsonschema', 'kubernetes_validate'} & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
