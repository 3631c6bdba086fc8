from __future__ import annotations

import json
from typing import Any

import pytest

from addons.argo_cd import ArgoCd
from addons.argo_cd.bootstrap import Bootstrap
from addons.argo_cd.sso import SingleSignOn
from tests.addons.support import FACTS, rules_broken
from tests.blueprint.examples import changed
from tests.templates import plain

SSO = SingleSignOn(issuer="https://login.example.com", client_id="argocd", admin_group="platform team")
GIT = Bootstrap(repository="https://github.com/example/gitops", path="clusters/prod")
ADDON = ArgoCd(domain="argocd.example.com")


def configs(addon: ArgoCd) -> Any:
    return addon.values(FACTS)["configs"]


def test_has_no_aws_permissions_and_is_not_reachable_from_outside() -> None:
    contribution = ADDON.contribute(FACTS)
    assert contribution.grants == ()
    assert contribution.objects == ()
    assert "ingress" not in contribution.releases[0].values["server"]
    assert "service" not in contribution.releases[0].values["server"]


def test_other_pods_do_not_reach_it() -> None:
    assert ADDON.values(FACTS)["global"]["networkPolicy"] == {"create": True, "defaultDenyIngress": True}
    (namespace,) = ADDON.contribute(FACTS).namespaces
    assert (namespace.name, namespace.pod_security) == ("argocd", "restricted")


@pytest.mark.parametrize("part", ["server", "repoServer", "applicationSet"])
def test_what_can_run_twice_does(part: str) -> None:
    values = ADDON.values(FACTS)[part]
    assert values["replicas"] == 2
    assert values["pdb"] == {"enabled": True, "maxUnavailable": 1}


@pytest.mark.parametrize("sso", [None, SSO])
def test_values_hold_no_password(sso: SingleSignOn | None) -> None:
    values = ArgoCd(domain="argocd.example.com", sso=sso).values(FACTS)
    assert "secret" not in values["configs"]
    assert values["dex"] == {"enabled": False}


def test_sso_takes_the_place_of_the_user_admin() -> None:
    assert configs(ADDON)["cm"]["admin.enabled"] is True
    assert "oidc.config" not in configs(ADDON)["cm"]
    found = configs(ArgoCd(domain="argocd.example.com", sso=SSO))
    assert found["cm"]["admin.enabled"] is False
    assert json.loads(found["cm"]["oidc.config"])["clientSecret"] == "$argocd-oidc:clientSecret"
    assert found["rbac"]["policy.csv"] == 'g, "platform team", role:admin\n'


def test_an_application_that_others_wait_for_is_ready_when_it_is_healthy() -> None:
    """argo-cd v3.4.4 docs/operator-manual/health.md:46: the key, and how the script ends."""
    script = configs(ADDON)["cm"]["resource.customizations.health.argoproj.io_Application"]
    assert "hs.status = obj.status.health.status" in script
    assert script.endswith("return hs\n")


@pytest.mark.parametrize("ends_outside", [True, False])
def test_speaks_plain_http_only_behind_a_load_balancer_that_ends_tls(ends_outside: bool) -> None:
    addon = ArgoCd(domain="argocd.example.com", tls_at_load_balancer=ends_outside, sso=SSO)
    assert configs(addon)["params"] == {"server.insecure": ends_outside}
    assert configs(ADDON)["params"] == {"server.insecure": False}


def test_what_it_begins_with_has_values_of_the_cluster() -> None:
    """Argo CD v3.4.4 pkg/apis/application/v1alpha1/types.go (ApplicationSourceHelm.ValuesObject)"""
    addon = ArgoCd(domain="argocd.example.com", bootstrap=changed(GIT, values={"environment": "prod"}))
    (application,) = (one for one in addon.objects(FACTS) if one["kind"] == "Application")
    assert plain(application)["spec"]["source"]["helm"] == {"valuesObject": {"environment": "prod"}}
    secret = changed(GIT, values={"password": "hunter2"})
    assert rules_broken(ArgoCd(domain="argocd.example.com", bootstrap=secret)) == ["bootstrap.values['password']"]


def test_what_it_installs_from_git_is_named() -> None:
    (application,) = (
        one for one in ArgoCd(domain="argocd.example.com", bootstrap=GIT).objects(FACTS) if one["kind"] == "Application"
    )
    found = ArgoCd(domain="argocd.example.com", bootstrap=GIT).contribute(FACTS).from_git
    assert found == (application["metadata"]["name"],)
    assert ADDON.contribute(FACTS).from_git == ()


def test_bootstrap_may_make_applications_and_nothing_else() -> None:
    project, application = ArgoCd(domain="argocd.example.com", bootstrap=GIT).contribute(FACTS).objects
    assert project["spec"]["sourceRepos"] == ["https://github.com/example/gitops"]
    assert {kind["group"] for kind in project["spec"]["namespaceResourceWhitelist"]} == {"argoproj.io"}
    assert "clusterResourceWhitelist" not in project["spec"]
    assert {target["namespace"] for target in project["spec"]["destinations"]} == {"argocd"}
    # docs/operator-manual/application.yaml of argo-cd
    assert {each["apiVersion"] for each in (project, application)} == {"argoproj.io/v1alpha1"}
    assert application["spec"] == {
        "project": project["metadata"]["name"],
        "source": {"repoURL": "https://github.com/example/gitops", "path": "clusters/prod", "targetRevision": "main"},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "argocd"},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
    }


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({}, "domain"),
        ({"domain": "https://argocd.example.com"}, "domain"),
        ({"domain": "argocd.example.com", "sso": SingleSignOn("http://login.example.com", "a", "b")}, "sso.issuer"),
        (
            {"domain": "argocd.example.com", "sso": SingleSignOn(SSO.issuer, "a", "x, role:admin\ng, everyone")},
            "sso.admin_group",
        ),
        ({"domain": "argocd.example.com", "sso": SingleSignOn(SSO.issuer, "a", 'x", role:admin')}, "sso.admin_group"),
        ({"domain": "argocd.example.com", "sso": SingleSignOn(SSO.issuer, "a", "b", "x:y")}, "sso.secret_name"),
        (
            {"domain": "argocd.example.com", "bootstrap": Bootstrap("https://user:token@github.com/x", "a")},
            "bootstrap.repository",
        ),
        ({"domain": "argocd.example.com", "bootstrap": Bootstrap("file:///etc", "a")}, "bootstrap.repository"),
        ({"domain": "argocd.example.com", "bootstrap": Bootstrap(GIT.repository, "../secrets")}, "bootstrap.path"),
        ({"domain": "argocd.example.com", "bootstrap": Bootstrap(GIT.repository, "/etc")}, "bootstrap.path"),
        ({"domain": "argocd.example.com", "password": "hunter2"}, "password"),
    ],
)
def test_refuses_secrets_and_injected_policies(fields: dict[str, Any], place: str) -> None:
    assert rules_broken(ArgoCd(**fields)) == [place]
