"""Charts rendered before and after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from blueprint.contribution import Release
from tests.plans import release
from tests.tools.charts import packed, repository, write
from tests.tools.review.support import changing, cluster, fleet, rows, thing, touched, words
from tools.charts.render import render_all
from tools.charts.results import Failed, Outcome, Rendered, Unreachable
from tools.review.document import Diff, Section, Table
from tools.review.fleet import ReviewedFleet
from tools.review.sections import charts, values

WEB = changing(cluster(releases=(release("web"),)), cluster(releases=(release("web", "2.0.0"),)))


def section(old: Any, new: Any, found: ReviewedFleet = WEB) -> Section:
    """What is said when the versions of a chart render to these."""

    def render(releases: Sequence[Release], version: str) -> tuple[Outcome, ...]:
        return tuple(old if each.chart.version == "1.0.0" else new for each in releases)

    return charts.section(found, render)


def pod(**container: Any) -> dict[str, Any]:
    strict = {"runAsNonRoot": True, "allowPrivilegeEscalation": False, "seccompProfile": {"type": "RuntimeDefault"}}
    base = {"name": "web", "image": "web:1", "securityContext": {**strict, **container.pop("security", {})}}
    spec = {**container.pop("pod", {}), "containers": [{**base, **container}]}
    return thing("Deployment", "web", "web", "apps", spec={"template": {"spec": spec}})


def powers(*rules: dict[str, Any]) -> dict[str, Any]:
    return thing("ClusterRole", "web", group="rbac.authorization.k8s.io", rules=list(rules))


def test_what_a_new_version_brings() -> None:
    old = Rendered((pod(), powers({"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]})))
    new = Rendered(
        (
            pod(
                image="web:2",
                security={"privileged": True, "capabilities": {"add": ["NET_ADMIN"]}, "runAsNonRoot": False},
                pod={"hostNetwork": True, "volumes": [{"name": "h", "hostPath": {"path": "/"}}]},
            ),
            powers(
                {"apiGroups": ["", "apps"], "resources": ["pods"], "verbs": ["get"]},
                {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["db"], "verbs": ["*"]},
                {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
            ),
            thing("ServiceAccount", "web", "web"),
        )
    )
    found = section(old, new)
    role, web = "ClusterRole.rbac.authorization.k8s.io web", "Deployment.apps web/web"
    gained = "hostNetwork\nhostPath /\nweb: privileged\nweb: capability NET_ADMIN\nweb: may run as root"
    assert rows(found) == [
        ("+", "ServiceAccount", "web", "web"),
        ("+", "RBAC power", role, "", "get pods.apps\n* secrets db\nget /metrics"),
        ("-", "RBAC power", role, "list pods", ""),
        ("+", "privilege", web, "", gained),
        ("~", "image", f"{web}, web", "web:1", "web:2"),
    ]
    (diff,) = [block for block in found.blocks if isinstance(block, Diff)]
    assert '+      "image": "web:2",' in diff.text
    assert diff.added > diff.removed > 0


def test_a_release_that_comes_or_goes() -> None:
    with_web, without = cluster(releases=(release("web"),)), cluster()
    rendered = Rendered((pod(image="web:1"),))
    for found, sign in ((changing(without, with_web), "+"), (changing(with_web, without), "-")):
        whole, image = rows(section(rendered, rendered, found))
        assert whole == (sign, "Deployment.apps", "web", "web")
        assert image[:2] == (sign, "image")
    assert charts.section(fleet(touched(None, with_web)), render_nothing).blocks == ()


def render_nothing(releases: Sequence[Release], version: str) -> tuple[Outcome, ...]:
    raise AssertionError("of a new cluster all is new: nobody reads it object by object")


def test_a_namespace_of_a_chart_hides_nothing_in_it() -> None:
    """Of charts nothing else says what is in theirs."""
    space = thing("Namespace", "web")
    tables = [block for block in section(Rendered(()), Rendered((space, pod()))).blocks if isinstance(block, Table)]
    (whole,) = (table for table in tables if table.columns[0] == "kind")
    assert {row.cells[0].text for row in whole.rows} == {"Namespace, with all in it", "Deployment.apps"}


def test_nothing_else_in_the_cluster() -> None:
    assert words(section(Rendered((pod(),)), Rendered((pod(),)))) == "Renders the same objects as before: \nweb in dev"


def test_what_cannot_be_had_is_said() -> None:
    text = words(section(Unreachable("example.com: no answer"), Failed("replicas must be set")))
    assert "web 1.0.0\nit cannot be had: example.com: no answer" in text
    assert "web 2.0.0\nHelm refuses it: replicas must be set" in text


def test_what_is_no_object_is_said() -> None:
    for broken in ({"apiVersion": "v1", "kind": "Pod", "spec": "x"}, {"apiVersion": "v1", "kind": "Role", "rules": 3}):
        text = words(section(Rendered(()), Rendered((broken,))))
        assert text == "Not compared, since Kubernetes would refuse what it renders: \nweb in dev"


def test_secrets_are_not_shown() -> None:
    """Charts make new ones each time, so they would differ as well."""

    def made(secret: str) -> Rendered:
        hook = thing("ValidatingWebhookConfiguration", "w", webhooks=[{"clientConfig": {"caBundle": secret}}])
        more = {"template": {"metadata": {"annotations": {"checksum/tls": secret}}}}
        return Rendered(
            (thing("Secret", "tls", "web", data={"key": secret}), hook, thing("Deployment", "d", spec=more))
        )

    found = section(made("one"), made("two"))
    assert words(found) == "Renders the same objects as before: \nweb in dev"


def test_clusters_that_change_alike_are_rendered_once() -> None:
    asked: list[tuple[str, ...]] = []

    def render(releases: Sequence[Release], version: str) -> tuple[Outcome, ...]:
        asked.append(tuple(each.chart.version for each in releases))
        return tuple(Rendered((pod(image=each.chart.version),)) for each in releases)

    def web(name: str, version: str) -> Any:
        return cluster(name, releases=(release("web", version, clusterName=name),))

    twenty = [f"c{number:02}" for number in range(20)]
    found = charts.section(fleet(*(touched(web(name, "1.0.0"), web(name, "2.0.0")) for name in twenty)), render)
    assert asked == [("1.0.0", "2.0.0")]
    assert "Rendered with the values of c00: web in all 20" in words(found).replace("\n", "")


def test_helm_itself_renders_what_a_repository_serves(tmp_path: Path) -> None:
    for version in ("1.0.0", "2.0.0"):
        text = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  version: {version!r}\n"
        packed(write(tmp_path / version, {"templates/c.yaml": text}, name="web", version=version), tmp_path / "charts")
    with repository(tmp_path / "charts") as address:
        found = charts.section(WEB, lambda those, version: render_all(those, version, address, tmp_path / "cache"))
    (diff,) = [block for block in found.blocks if isinstance(block, Diff)]
    assert '-  "version": "1.0.0"' in diff.text
    assert '+  "version": "2.0.0"' in diff.text


def test_values_key_by_key() -> None:
    dotted: dict[str, Any] = {"a.b": {"c": True}}
    before = cluster(releases=(release("web", replicas=1, tags=["a"], image={"tag": "1"}, gone=None),))
    after = cluster(releases=(release("web", replicas=2, tags=["a", "b"], image={"tag": "1"}, **dotted),))
    assert rows(values.section(changing(before, after))) == [
        ("~", "web", "replicas", "1", "2"),
        ("-", "web", "gone", "null", ""),
        ("+", "web", "tags[1]", "", "b"),
        ("+", "web", "[a.b].c", "", "true"),
    ]
