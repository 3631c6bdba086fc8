"""A chart that is at hand is installed into the real cluster, by the helm of the layer and the CDK's own handler."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.isolation.test_pod_security import HARDENED, POD_CONTEXT
from tests.kubernetes.cluster import NEWEST, wait
from tests.kubernetes.test_local import inside, is_kubernetes_own, publish, reaching, running_lab
from tests.lifecycle.cluster import BASE
from tests.lifecycle.lab import World
from tests.lifecycle.templates import alone
from tests.tools.charts import write
from tools.kubernetes.client import ApiAnswer, Client
from tools.kubernetes.objects import ApiObjects
from tools.kubernetes.programs import MissingPrograms, plays_kubelets, programs_for

_APP = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "app"},
    "spec": {
        "replicas": "REPLICAS",
        "selector": {"matchLabels": {"app": "app"}},
        "template": {
            "metadata": {"labels": {"app": "app"}},
            "spec": {
                "securityContext": POD_CONTEXT,
                "nodeSelector": {"kubernetes.io/arch": "ARCHITECTURE"},
                "containers": [{"name": "app", "image": "app", "securityContext": HARDENED}],
            },
        },
    },
}
_WEBHOOK = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "app"},
    "webhooks": [
        {
            "name": "app.example.com",
            "clientConfig": {"service": {"name": "app", "namespace": "shop-jobs"}},
            "rules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}],
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
    ],
}
_DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "things.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Thing", "plural": "things"},
        "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
        ],
    },
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A cluster with nodes, beside a folder with one chart."""
    programs = programs_for(NEWEST)
    assert not isinstance(programs, MissingPrograms), programs.reason
    if not plays_kubelets(programs):
        pytest.skip("nothing plays the kubelets")
    charts = tmp_path_factory.mktemp("charts")
    app = json.dumps(_APP).replace('"REPLICAS"', "{{ .Values.replicas }}").replace("ARCHITECTURE", "{{ .Values.cpu }}")
    files = {
        "values.yaml": "{replicas: 1, cpu: arm64}",
        "templates/app.yaml": app,
        "templates/webhook.yaml": json.dumps(_WEBHOOK),
        "crds/things.yaml": json.dumps(_DEFINITION),
    }
    write(charts, files, name="podinfo", version="6.9.2")
    with running_lab(NEWEST, {"base": BASE}, charts) as (lab, _):
        made = lab.world()
        publish(made)
        made.put_all(until="cluster")
        yield made


def template(world: World, chart: str = "podinfo", seconds: int = 60, **values: Any) -> dict[str, Any]:
    """The stack of the teams with one release only, and what it waits for; Helm waits so long for its pods."""
    whole = world.template("teams")
    (id,) = (id for id, one in whole["Resources"].items() if one["Properties"].get("Chart") == "podinfo")
    made = copy.deepcopy(alone(whole, id))
    how = {"Chart": chart, "Values": json.dumps(values), "Atomic": "true", "Wait": "true", "Timeout": f"{seconds}s"}
    made["Resources"][id]["Properties"] |= how
    return made


# No node has such a processor, so pods stay Pending.
NOWHERE: Mapping[str, Any] = {"seconds": 8, "cpu": "none"}


def deployment(client: Client) -> ApiAnswer:
    return client.ask("GET", "/apis/apps/v1/namespaces/shop-jobs/deployments/app")


def kept(client: Client) -> list[tuple[int, str]]:
    """The revisions of the release, and the status of each, as Helm keeps them in the cluster."""
    query = {"labelSelector": "owner=helm,name=podinfo"}
    found = client.ask("GET", "/api/v1/namespaces/shop-jobs/secrets", query=query).body["items"]
    labels = [one["metadata"]["labels"] for one in found]
    return sorted((int(each["version"]), each["status"]) for each in labels)


def recorded(world: World) -> list[tuple[str, str, int | None]]:
    return sorted((one["name"], one["status"], one["rendered"]) for one in world.contents()["releases"])


def test_a_life_of_a_release(world: World) -> None:
    before = inside(world)
    with reaching(world) as client:
        # A create that fails leaves nothing of the release.
        assert world.put("teams", template=template(world, **NOWHERE)) == "ROLLBACK_COMPLETE"
        assert any("podinfo" in reason for reason in world.reasons("teams"))
        assert deployment(client).status == 404
        assert kept(client) == []
        assert recorded(world) == []
        assert world.delete("teams") == "DELETE_COMPLETE"

        assert world.put("teams", template=template(world)) == "CREATE_COMPLETE", world.reasons("teams")
        assert deployment(client).body["status"]["readyReplicas"] == 1
        assert kept(client) == [(1, "deployed")]
        assert recorded(world) == [("podinfo", "deployed", 3)]

        assert world.put("teams", template=template(world, replicas=2)) == "UPDATE_COMPLETE", world.reasons("teams")
        assert deployment(client).body["status"]["readyReplicas"] == 2
        assert kept(client) == [(1, "superseded"), (2, "deployed")]

        # An update that fails is undone by Helm, and then asked for once more by CloudFormation.
        failing = template(world, replicas=2, **NOWHERE)
        assert world.put("teams", template=failing) == "UPDATE_ROLLBACK_COMPLETE"
        wait(lambda: deployment(client).body["status"].get("readyReplicas") == 2, "what was there before")
        assert deployment(client).body["spec"]["template"]["spec"]["nodeSelector"] == {"kubernetes.io/arch": "arm64"}
        assert [status for _, status in kept(client)].count("deployed") == 1
        assert kept(client)[-1][1] == "deployed"

        assert world.delete("teams") == "DELETE_COMPLETE", world.reasons("teams")
        assert kept(client) == []
    assert recorded(world) == []
    assert {one for one in inside(world) ^ before if not is_kubernetes_own(one)} == set()


def test_a_chart_that_is_not_at_hand_is_only_recorded(world: World) -> None:
    with reaching(world) as client:
        assert world.put("teams", template=template(world, chart="other")) == "CREATE_COMPLETE", world.reasons("teams")
        assert recorded(world) == [("podinfo", "deployed", None)]
        assert kept(client) == []
        assert world.delete("teams") == "DELETE_COMPLETE", world.reasons("teams")
    assert recorded(world) == []


def test_a_webhook_without_programs_is_not_asked_and_the_run_says_so(world: World) -> None:
    assert world.contents()["webhooks"] == []
    with reaching(world) as client:
        objects = ApiObjects(client)
        assert not objects.create(_WEBHOOK).refused
        probe = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe", "namespace": "default"}}
        assert not objects.create(probe).refused
        assert world.contents()["webhooks"] == ["app.example.com"]
        assert not objects.delete(_WEBHOOK).refused
        assert not objects.delete(probe).refused
