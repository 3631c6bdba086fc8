"""What is written down of a chart is what Helm makes of it, and a value that the chart does not read is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from addons.external_dns import ExternalDns
from addons.istio import Istio
from blueprint.contribution import Chart, Release
from tests.tools.charts import write
from tools import contracts
from tools.__main__ import main
from tools.charts.render import render, render_all
from tools.charts.results import Outcome, Rendered

pytestmark = pytest.mark.thorough

POD = """
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: {{ .Values.account }}
      containers:
        - name: web
          image: example.com/web:1.2.3
          ports: [{containerPort: 8080}]
          livenessProbe: {httpGet: {path: /, port: 8081}}
          resources: {requests: {cpu: 250m, memory: 0.5Gi}}
        - name: proxy
          image: example.com/proxy@sha256:abc
          resources: {requests: {cpu: "0.5"}}
"""
CHART = {
    "values.yaml": "replicas: 1\n",
    "templates/web.yaml": f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop}}
spec:
  replicas: {{{{ .Values.replicas }}}}
  selector: {{matchLabels: {{app: web}}}}
  template:{POD}""",
    "templates/agent.yaml": f"""
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:{POD}      hostNetwork: true
""",
    "templates/access.yaml": """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [list, get]}
  - {apiGroups: [apps], resources: [deployments], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{kind: ServiceAccount, name: web}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admin}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hooks}
webhooks:
  - {name: loose.example.com, failurePolicy: Ignore}
  - {name: strict.example.com}
""",
    "crds/thing.yaml": """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
""",
}
RELEASE = Release("web", Chart("tiny", "https://charts.invalid", "1.2.3"), "shop", {"replicas": 2, "account": "web"})


@pytest.fixture
def folder(tmp_path: Path) -> str:
    write(tmp_path, CHART)
    return str(tmp_path)


def test_it_has_what_the_chart_installs(folder: str) -> None:
    outcome = render(RELEASE, "1.36", folder)
    assert isinstance(outcome, Rendered)
    found = contracts.contract(RELEASE, outcome)
    assert (found["chart"], found["version"]) == ("tiny", "1.2.3")
    assert "DaemonSet.apps shop/agent" in found["objects"]
    assert found["definitions"] == ["things.example.com"]
    assert found["images"] == ["example.com/proxy@sha256:abc", "example.com/web:1.2.3"]
    web = found["pods"]["Deployment.apps shop/web"]
    assert (web["replicas"], web["ports"], web["service_account"]) == (2, [8080, 8081], "web")
    assert web["requests"] == {"cpu": "750m", "memory": "512Mi"}
    assert (web["level"], found["pods"]["DaemonSet.apps shop/agent"]["level"]) == ("baseline", "privileged")
    assert "hostNetwork" in found["pods"]["DaemonSet.apps shop/agent"]["privileges"]
    assert found["roles"] == {
        "ClusterRole.rbac.authorization.k8s.io cluster-admin": {"accounts": ["shop/web"], "may": {}},
        "ClusterRole.rbac.authorization.k8s.io reader": {
            "accounts": ["shop/web in shop"],
            "may": {"pods": "get list", "deployments.apps": "get"},
        },
    }
    assert found["webhooks"] == [
        "ValidatingWebhookConfiguration loose.example.com: Ignore",
        "ValidatingWebhookConfiguration strict.example.com: Fail",
    ]


def test_another_value_makes_it_say_nothing(folder: str) -> None:
    other = Release("web", RELEASE.chart, "shop", {**RELEASE.values, "replicas": 3})
    assert contracts.made_for(other) != contracts.made_for(RELEASE)


@pytest.mark.parametrize("own", [{"acount": "web"}, {"pods": {"acount": "web"}}, {"replicas": 1, "acount": ["a"]}])
def test_a_value_that_the_chart_does_not_read_is_found(folder: str, own: dict[str, object]) -> None:
    release = Release("web", RELEASE.chart, "shop", {**RELEASE.values, **own})

    def rendered(releases: Sequence[Release], version: str) -> tuple[Outcome, ...]:
        return render_all(releases, version, folder)

    found = contracts.unread(release, rendered, {"replicas": 1})
    assert found == ["pods.acount" if "pods" in own else "acount"]


def test_paths_of_which_the_chart_makes_something_are_told(folder: str) -> None:
    """A value of which it makes nothing, and one with which it cannot be rendered, are not among them."""

    def rendered(releases: Sequence[Release], version: str) -> tuple[Outcome, ...]:
        return render_all(releases, version, folder)

    assert contracts.followed(RELEASE, rendered, {"replicas": 7, "account": "other"}) == ["replicas", "account"]
    assert contracts.followed(RELEASE, rendered, {"web.replicas": 7, "account": "no: yaml"}) == []


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("{{ .Values.image.repository }}:1", []),
        ("registry.k8s.io/external-dns/external-dns:1", ["registry.k8s.io/external-dns/external-dns:1"]),
        ("{{ .Values.image.repository }}:1, env: {{ fail .Values.image.repository }}", ["mirror.example.com"]),
    ],
    ids=["from the mirror", "from elsewhere", "not rendered"],
)
def test_images_that_no_mirror_has_are_told(tmp_path: Path, image: str, found: list[str]) -> None:
    pod = f"spec: {{containers: [{{name: a, image: {image}}}]}}\n"
    text = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\n{pod}"
    chart = ExternalDns.chart
    write(tmp_path, {"values.yaml": "", "templates/a.yaml": text}, name=chart.name, version=chart.version)

    def rendered(releases: Sequence[Release], version: str) -> tuple[Outcome, ...]:
        return render_all(releases, version, str(tmp_path))

    told = contracts.unmirrored(ExternalDns(zones=("Z1",)), "external-dns", rendered)
    assert len(told) == len(found)
    assert all(part in line for part, line in zip(found, told, strict=True))


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "written").mkdir()
    monkeypatch.setattr(contracts, "FOLDER", tmp_path / "written")
    return tmp_path / "written"


def external_dns(folder: Path, values: str) -> None:
    """A chart by the name and version of that of ExternalDns, which reads only one of its values."""
    chart = ExternalDns.chart
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {policy: {{ .Values.policy }}}\n"
    write(folder, {"values.yaml": values, "templates/map.yaml": text}, name=chart.name, version=chart.version)


def test_the_command_writes_a_file_for_each_add_on(tmp_path: Path, written: Path) -> None:
    external_dns(tmp_path, json.dumps(dict(ExternalDns(zones=("Z1",)).values(contracts.FACTS))))
    assert main(["contracts", "external-dns", "--charts", str(tmp_path)]) == 0
    assert contracts.read("external-dns", written)["external-dns"]["objects"] == ["ConfigMap map"]


def test_what_stands_in_no_object_belongs_to_the_release_of_the_add_on(tmp_path: Path, written: Path) -> None:
    hub = "registry.istio.io/release"
    for chart, image in (
        (Istio.base, ""),
        (Istio.chart, "pilot"),
        (Istio.cni, "install-cni"),
        (Istio.ztunnel, "ztunnel"),
        (Istio.gateway, "auto"),
    ):
        whole = image if image == "auto" else f"{hub}/{image}:1"
        spec = f"spec: {{containers: [{{name: a, image: {whole}}}]}}\n"
        pod = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\n{spec}"
        files = {"values.yaml": "", **({"templates/a.yaml": pod} if image else {})}
        write(tmp_path, files, name=chart.name, version=chart.version)
    main(["contracts", "istio", "--charts", str(tmp_path)])
    assert {name: each["images"] for name, each in contracts.read("istio", written).items()} == {
        "istio-base": [],
        "istio": [f"{hub}/pilot:1", f"{hub}/proxyv2"],
        "istio-cni": [f"{hub}/install-cni:1"],
        "ztunnel": [f"{hub}/ztunnel:1"],
        "istio-ingress": [],  # istiod puts one in
    }


def test_it_tells_what_a_chart_does_not_read(tmp_path: Path, written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    external_dns(tmp_path, "policy: sync\n")
    assert main(["contracts", "external-dns", "--charts", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "the chart does not read provider.name, serviceAccount.name" in error
    assert "policy" not in error
    assert (written / "external-dns.json").is_file()


def test_a_chart_that_cannot_be_had_leaves_its_contract(
    tmp_path: Path, written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (written / "external-dns.json").write_text("{}", encoding="utf-8")
    assert main(["contracts", "external-dns", "--charts", str(tmp_path)]) == 2
    assert "external-dns: " in capsys.readouterr().err
    assert (written / "external-dns.json").read_text(encoding="utf-8") == "{}"


def test_nothing_is_written_through_a_link(tmp_path: Path, written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    external_dns(tmp_path, json.dumps(dict(ExternalDns(zones=("Z1",)).values(contracts.FACTS))))
    own = tmp_path / "own.json"
    own.write_text("mine", encoding="utf-8")
    (written / "external-dns.json").symlink_to(own)
    assert main(["contracts", "external-dns", "--charts", str(tmp_path)]) == 2
    assert "is a link" in capsys.readouterr().err
    assert own.read_text(encoding="utf-8") == "mine"


def test_an_unknown_add_on_is_told(written: Path) -> None:
    assert main(["contracts", "podinfo"]) != 0
    assert not list(written.iterdir())
