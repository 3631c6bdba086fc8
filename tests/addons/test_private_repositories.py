"""Repositories that not everybody may read: what reads them, and that it reads no more."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from addons.argo_cd import ArgoCd
from addons.argo_cd_capability import ArgoCdCapability
from addons.external_secrets import ExternalSecrets
from addons.flux import Flux
from addons.flux.git_source import GitSource
from blueprint import FluxDelivery, KubectlProvider, Role, plan
from blueprint.addons import HelmRelease
from blueprint.addons.private_repositories import ReadsRepositories
from blueprint.contribution import Capability
from blueprint.repositories import AwsRole, Credentials, GitHubApp, Password, PrivateRepository, SshKey
from blueprint.teams import ApplicationTeam, CopiedSecrets, GitWorkload, Parameter, SecretsManagerSecret
from examples.argo_hub import ARGO_HUB
from examples.argo_spoke import ARGO_SPOKE
from examples.flux_delivery import FLUX_DELIVERY
from tests.addons.support import FACTS, allowed, first_problem, names_no_partition, rules_broken
from tests.blueprint.examples import TABLE, assert_reported, changed, mistake
from tests.templates import plain
from tests.tools.gitops.engines import mapped_texts
from tests.tools.gitops.fields import unknown

SECRET = SecretsManagerSecret("platform/git")
WHOLE = SecretsManagerSecret("platform/git", json=False)
GITHUB = ("github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",)
APP = GitHubApp(SECRET, app_id=123456, installation_id=12345678)
KEY = SshKey(SECRET, known_hosts=GITHUB)
TOKEN = Password(SECRET, username="git")
ORGANIZATION = "https://github.com/example/"
CHARTS = "oci://222222222222.dkr.ecr.eu-central-1.amazonaws.com/charts/"
CONNECTION = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
CONNECTED = f"https://codeconnections.us-west-2.amazonaws.com/git-http/222222222222/us-west-2/{CONNECTION}/example/"
CODE_COMMIT = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/platform"
A_KEY = '-----BEGIN RSA PRIVATE KEY-----\n"MII{{x}}"\\+/=\n-----END RSA PRIVATE KEY-----\n'
"""With all that a template or JSON would read."""

# Argo CD v3.4.4 util/db/repository_secrets.go (secretToRepository, secretToRepoCred): the keys that both read
ARGO_CD_KEYS = frozenset(
    {"enableOCI", "githubAppEnterpriseBaseUrl", "githubAppID", "githubAppInstallationID", "githubAppPrivateKey"}
    | {"name", "password", "sshPrivateKey", "type", "url", "username"}
)


def argo_cd(*repositories: PrivateRepository) -> ArgoCd:
    return ArgoCd(domain="argocd.example.com", private_repositories=repositories)


def flux(*repositories: PrivateRepository) -> Flux:
    return Flux(private_repositories=repositories)


def capability_of(*repositories: PrivateRepository) -> ArgoCdCapability:
    return ArgoCdCapability(**ArgoCdCapability.typical, private_repositories=repositories)


def objects(addon: ReadsRepositories, kind: str) -> list[Any]:
    return [plain(one) for one in addon.objects(FACTS) if one["kind"] == kind]


def made_of(addon: ReadsRepositories, folder: Path, **given: str) -> Any:
    """The Secret that External Secrets makes, by Go's templates."""
    (one,) = objects(addon, "ExternalSecret")
    template = one["spec"]["target"]["template"]
    return mapped_texts(template, given or {"secret": A_KEY}, folder)


@pytest.mark.parametrize(
    ("address", "credentials", "expected"),
    [
        (
            ORGANIZATION,
            APP,
            {"githubAppID": "123456", "githubAppInstallationID": "12345678", "githubAppPrivateKey": A_KEY},
        ),
        (
            "https://github.example.com/platform/",
            replace(APP, api="https://github.example.com/api/v3"),
            {
                "githubAppID": "123456",
                "githubAppInstallationID": "12345678",
                "githubAppPrivateKey": A_KEY,
                "githubAppEnterpriseBaseUrl": "https://github.example.com/api/v3",
            },
        ),
        ("git@github.com:example/", KEY, {"sshPrivateKey": A_KEY}),
        (ORGANIZATION, TOKEN, {"username": "git", "password": A_KEY}),
    ],
)
def test_argo_cd_finds_credentials_by_how_addresses_begin(
    address: str, credentials: Credentials, expected: dict[str, str], tmp_path: Path
) -> None:
    """docs/operator-manual/declarative-setup.md, "Repository Credentials" of Argo CD"""
    secret = made_of(argo_cd(PrivateRepository(address, credentials)), tmp_path)
    assert secret["metadata"]["labels"] == {"argocd.argoproj.io/secret-type": "repo-creds"}
    assert secret["data"] == {"type": "git", "url": address, **expected}
    assert {*secret["data"]} <= ARGO_CD_KEYS


def test_argo_cd_reads_one_repository_by_its_own_credentials(tmp_path: Path) -> None:
    """Not those whose addresses go on after its own: only a template of credentials is one of many."""
    secret = made_of(argo_cd(PrivateRepository("https://github.com/example/platform", TOKEN)), tmp_path)
    assert secret["metadata"]["labels"] == {"argocd.argoproj.io/secret-type": "repository"}
    charts = made_of(argo_cd(PrivateRepository("https://charts.example.com", TOKEN, charts=True)), tmp_path)
    assert charts["data"] | {"password": ""} == {
        "type": "helm",
        "url": "https://charts.example.com",
        "name": "https-charts-example-com",
        "username": "git",
        "password": "",
    }


@pytest.mark.parametrize(
    ("addon", "given", "expected"),
    [
        (argo_cd(PrivateRepository(CHARTS, AwsRole())), {"username": "AWS", "password": "token"}, "AWS"),
        (argo_cd(PrivateRepository("oci://ghcr.io/example/", TOKEN)), {"secret": "token"}, "git"),
    ],
)
def test_argo_cd_logs_in_to_registries(addon: ArgoCd, given: dict[str, str], expected: str, tmp_path: Path) -> None:
    """docs/user-guide/private-repositories.md and helm.md of Argo CD: the scheme of OCI registries is left out.

    ECRAuthorizationToken gives username and password: external-secrets v2 docs/api/generator/ecr.md
    """
    secret = made_of(addon, tmp_path, **given)
    (repository,) = addon.private_repositories
    assert secret["data"] == {
        "type": "helm",
        "enableOCI": "true",
        "url": repository.address.removeprefix("oci://"),
        "username": expected,
        "password": "token",
    }


@pytest.mark.parametrize(
    ("address", "credentials", "expected"),
    [
        (
            ORGANIZATION,
            replace(APP, api="https://github.example.com/api/v3"),
            {
                "githubAppID": "123456",
                "githubAppInstallationID": "12345678",
                "githubAppPrivateKey": A_KEY,
                "githubAppBaseURL": "https://github.example.com/api/v3",
            },
        ),
        ("ssh://git@github.com/example/", KEY, {"identity": A_KEY, "known_hosts": f"{GITHUB[0]}\n"}),
        (ORGANIZATION, TOKEN, {"username": "git", "password": A_KEY}),
    ],
)
def test_flux_has_credentials_in_secrets(
    address: str, credentials: Credentials, expected: dict[str, str], tmp_path: Path
) -> None:
    """fluxcd/pkg auth/githubapp/client.go:40, git/options.go:39"""
    assert made_of(flux(PrivateRepository(address, credentials)), tmp_path) == {
        "engineVersion": "v2",
        "data": expected,
    }


def test_flux_pulls_charts_as_images_are_pulled(tmp_path: Path) -> None:
    """source-controller docs/spec/v1/ocirepositories.md, "Secret reference"; the kind of Secret is Kubernetes' own:
    https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets
    """
    secret = made_of(flux(PrivateRepository("oci://ghcr.io/example/", TOKEN)), tmp_path)
    assert secret["type"] == "kubernetes.io/dockerconfigjson"
    assert json.loads(secret["data"][".dockerconfigjson"]) == {
        "auths": {"ghcr.io": {"username": "git", "password": A_KEY}}
    }


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        (SECRET, {"key": "platform/git", "property": "privateKey"}),
        (WHOLE, {"key": "platform/git"}),
        (Parameter("/platform/git"), {"key": "/platform/git"}),
    ],
)
def test_a_secret_is_one_key_of_json_or_all_of_it(secret: Any, expected: dict[str, str]) -> None:
    (one,) = objects(argo_cd(PrivateRepository(ORGANIZATION, replace(APP, secret=secret))), "ExternalSecret")
    assert one["spec"]["data"] == [{"secretKey": "secret", "remoteRef": expected}]
    (store,) = objects(argo_cd(PrivateRepository(ORGANIZATION, replace(APP, secret=secret))), "SecretStore")
    assert one["spec"]["secretStoreRef"] == {"kind": "SecretStore", "name": store["metadata"]["name"]}


@pytest.mark.parametrize("make", [argo_cd, flux])
def test_a_role_reads_these_secrets_and_no_others(make: Any) -> None:
    addon = make(PrivateRepository(ORGANIZATION, APP))
    (grant,) = addon.contribute(FACTS).grants
    assert grant.service_account == "repositories-reader"
    assert grant.irsa
    secret = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:platform/"
    assert allowed(grant.statements, "secretsmanager:GetSecretValue", f"{secret}git-AbCdEf")
    assert not allowed(grant.statements, "secretsmanager:GetSecretValue", f"{secret}gitlab-AbCdEf")
    assert "secretsmanager" in addon.contribute(FACTS).aws_services
    assert names_no_partition(grant.statements)
    accounts = objects(addon, "ServiceAccount")
    assert [one["metadata"]["name"] for one in accounts] == ["repositories-reader"]


@pytest.mark.parametrize(
    ("address", "action", "resources", "others"),
    [
        (
            CHARTS,
            "ecr:BatchGetImage",
            ("arn:aws:ecr:eu-central-1:222222222222:repository/charts/podinfo",),
            ("arn:aws:ecr:eu-central-1:222222222222:repository/images/podinfo",),
        ),
        (
            CONNECTED,
            "codeconnections:UseConnection",
            (f"arn:aws:codeconnections:us-west-2:222222222222:connection/{CONNECTION}",),
            (f"arn:aws:codeconnections:us-west-2:222222222222:connection/{CONNECTION[::-1]}",),
        ),
        (
            CODE_COMMIT,
            "codecommit:GitPull",
            ("arn:aws:codecommit:eu-west-1:111111111111:platform",),
            ("arn:aws:codecommit:eu-west-1:111111111111:platform-secrets",),
        ),
        (
            "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/",
            "codecommit:GitPull",
            ("arn:aws:codecommit:eu-west-1:111111111111:platform",),
            ("arn:aws:codecommit:us-east-1:111111111111:platform",),
        ),
    ],
)
def test_the_role_of_a_capability_reads_what_aws_has(
    address: str, action: str, resources: tuple[str, ...], others: tuple[str, ...]
) -> None:
    """The actions: https://docs.aws.amazon.com/eks/latest/userguide/argocd-configure-repositories.html; the ARNs are
    those of the service authorization reference.
    """
    addon = capability_of(PrivateRepository(address, AwsRole()))
    (capability,) = addon.contribute(FACTS).resources
    assert isinstance(capability, Capability)
    statements = capability.statements
    assert all(allowed(statements, action, each) for each in resources)
    assert not any(allowed(statements, action, each) for each in others)
    assert addon.contribute(FACTS).grants == ()
    assert objects(addon, "ExternalSecret") == []


def test_flux_pulls_from_ecr_by_the_role_of_its_controller() -> None:
    addon = flux(PrivateRepository(CHARTS, AwsRole()))
    (grant,) = addon.contribute(FACTS).grants
    assert grant.service_account == "source-controller"
    charts = "arn:aws:ecr:eu-central-1:222222222222:repository/charts/podinfo"
    assert allowed(grant.statements, "ecr:GetDownloadUrlForLayer", charts)
    assert allowed(grant.statements, "ecr:GetAuthorizationToken", "*")
    assert {"ecr.api", "ecr.dkr", "s3"} <= {*addon.contribute(FACTS).aws_services}


@pytest.mark.parametrize(
    ("repository", "credentials", "expected"),
    [
        (ORGANIZATION, APP, {"secretRef": {"name": "https-github-com-example"}, "provider": "github"}),
        (ORGANIZATION, TOKEN, {"secretRef": {"name": "https-github-com-example"}}),
        (
            "https://github.com/example/platform.git",
            TOKEN,
            {"secretRef": {"name": "https-github-com-example-platform-git"}},
        ),
        ("https://github.com/another/", TOKEN, {}),
        ("https://github.com/example/plat", TOKEN, {}),
    ],
)
def test_objects_of_flux_name_the_credentials_for_their_address(
    repository: str, credentials: Credentials, expected: dict[str, Any]
) -> None:
    """Fields and providers as the definition has them: flux2-2.18.3 templates/source-controller.crds.yaml"""
    address = "https://github.com/example/platform"
    named = (PrivateRepository(repository, credentials),)
    shorter = (PrivateRepository("https://github.com/", TOKEN),) if expected else ()
    follows = GitWorkload("web", address, "deploy", namespace="shop", engine="flux")
    team = replace(SHOP, workloads=(follows,))
    blueprint = replace(of_flux(flux(*shorter, *named)), teams=(team,), delivery=FluxDelivery(address))
    made = plan(blueprint)
    assert made.delivery
    sources = [
        plain(one)
        for one in (*made.delivery.addons, *made.teams[0].contribution.objects)
        if one["kind"] == "GitRepository"
    ]
    assert len(sources) == 2
    for one in sources:
        assert {key: one["spec"][key] for key in ("secretRef", "provider") if key in one["spec"]} == expected
        assert unknown(one) == []


def test_a_secret_of_one_s_own_takes_the_place_of_all_that_is_known() -> None:
    """Also of how it is read: only the Secret of a GitHub App may be one of `provider: github`."""
    address = f"{ORGANIZATION}platform"
    follows = GitWorkload("web", address, "deploy", namespace="shop", engine="flux", credentials="mine")
    engine = Flux(private_repositories=(PrivateRepository(ORGANIZATION, APP),), bootstrap=GitSource(address, "apps"))
    own = replace(engine, bootstrap=GitSource(address, "apps", private=True))
    for flux_of, expected in ((engine, "https-github-com-example"), (own, "bootstrap")):
        delivery = FluxDelivery(address, credentials="mine")
        made = plan(replace(of_flux(flux_of), teams=(replace(SHOP, workloads=(follows,)),), delivery=delivery))
        assert made.delivery
        (engine_s,) = (part.contribution.objects for part in made.addons if part.name == "flux")
        given = [*made.delivery.addons, *made.teams[0].contribution.objects, *engine_s]
        specs = {one["metadata"]["name"]: plain(one["spec"]) for one in given if one["kind"] == "GitRepository"}
        secrets = {name: spec["secretRef"]["name"] for name, spec in specs.items()}
        assert secrets == {"blueprint": "mine", "shop-web": "mine", "bootstrap": expected}
        assert {name for name, spec in specs.items() if "provider" in spec} == (
            set() if flux_of is own else {"bootstrap"}
        )


def test_credentials_come_before_what_they_read() -> None:
    """Nothing that Git brings can bring them."""
    for blueprint in (ARGO_HUB, FLUX_DELIVERY):
        parts = {part.name: part for part in plan(blueprint).addons}
        assert not parts["external-secrets"].in_git
        engine = parts["argo-cd" if blueprint is ARGO_HUB else "flux"]
        assert "external-secrets" in engine.after
    parts = {part.name: part for part in plan(of_flux(Flux())).addons}
    assert parts["external-secrets"].in_git


def of_flux(addon: Flux, *more: Any, without: type[Any] | None = None, **fields: Any) -> Any:
    """The example with another Flux, which its Git repository needs nothing of."""
    kept = (each for each in FLUX_DELIVERY.addons if not isinstance(each, without or ()))
    addons = (*(addon if isinstance(each, Flux) else each for each in kept), *more)
    delivery = FluxDelivery("https://github.com/example/platform")
    return changed(FLUX_DELIVERY, addons=addons, delivery=delivery, teams=(), **fields)


OURS = flux(PrivateRepository(ORGANIZATION, APP))
FLUX = len(FLUX_DELIVERY.addons) - 2
IN_ECR = HelmRelease("own", chart="own", repository=f"{CHARTS}own", version="1.0.0", namespace="own")
SHOP = ApplicationTeam("shop", developers=(Role("Shop"),))
READS_IT = CopiedSecrets("shop", (SECRET,))
KEY_ELSEWHERE = "arn:aws:kms:eu-west-1:111111111111:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
MISTAKES = [
    mistake(
        "nothing_copies_secrets",
        of_flux(OURS, without=ExternalSecrets),
        f"addons[{FLUX - 1}]",
        "flux needs the kinds of external-secrets.io, which no add-on defines",
        "add ExternalSecrets() to addons",
    ),
    mistake(
        "a_team_names_the_platform_s_secret",
        changed(
            of_flux(OURS), teams=(ApplicationTeam("shop", developers=(Role("Shop"),), copied_secrets=(READS_IT,)),)
        ),
        "teams[0].copied_secrets[0].secrets[0]",
        "it is a secret of flux, which does not share it",
        "name one of its own",
    ),
    mistake(
        "a_folder_without_its_end",
        of_flux(flux(PrivateRepository(ORGANIZATION.rstrip("/"), APP))),
        f"addons[{FLUX}].private_repositories[0].address",
        "it is one repository, and https://github.com/example/platform another",
        'write "https://github.com/example/"',
    ),
    mistake(
        "a_chart_in_ecr",
        of_flux(OURS, IN_ECR),
        f"addons[{FLUX + 2}]",
        "flux takes its chart from Amazon ECR and is not told how it may",
        f'add PrivateRepository("{CHARTS}", AwsRole()) to private_repositories of flux',
    ),
    mistake(
        "a_key_of_another_region",
        of_flux(flux(PrivateRepository(ORGANIZATION, replace(APP, secret=replace(SECRET, key_arn=KEY_ELSEWHERE))))),
        f"addons[{FLUX}].private_repositories[0].credentials.secret.key_arn",
        "us-west-2",
        "",
    ),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: Any, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_charts_in_ecr_are_read_where_that_is_said() -> None:
    """CloudFormation's installer logs in by itself; what a hub reads is said in the hub."""
    plan(of_flux(flux(PrivateRepository(CHARTS, AwsRole())), IN_ECR))
    plan(changed(of_flux(OURS, IN_ECR), delivery=KubectlProvider()))
    plan(changed(ARGO_SPOKE, addons=(*ARGO_SPOKE.addons, IN_ECR)))


@pytest.mark.parametrize(
    ("addon", "place", "rule"),
    [
        (
            argo_cd(PrivateRepository("git@github.com:example/platform.git", TOKEN)),
            "private_repositories[0].address",
            "Password reads what begins with https:// or oci://",
        ),
        (
            argo_cd(PrivateRepository("oci://ghcr.io/example/podinfo", TOKEN)),
            "private_repositories[0].address",
            "charts of a registry are read by how their addresses begin",
        ),
        (
            argo_cd(PrivateRepository(ORGANIZATION, AwsRole())),
            "private_repositories[0].credentials",
            "no role reads it: it is neither in Amazon ECR nor CodeCommit, nor does a connection reach it",
        ),
        (
            argo_cd(PrivateRepository(CODE_COMMIT, AwsRole())),
            "private_repositories[0].credentials",
            "ArgoCd has no way to read codecommit by a role",
        ),
        (
            flux(PrivateRepository(CODE_COMMIT, AwsRole())),
            "private_repositories[0].credentials",
            "Flux has no way to read codecommit by a role",
        ),
        (
            flux(PrivateRepository("git@github.com:example/", KEY)),
            "private_repositories[0].address",
            "Flux takes addresses with a scheme only",
        ),
        (
            flux(PrivateRepository("ssh://git@github.com/example/", SshKey(SECRET))),
            "private_repositories[0].credentials.known_hosts",
            "Flux connects to hosts whose public keys it knows",
        ),
        (
            capability_of(PrivateRepository("git@github.com:example/", KEY)),
            "private_repositories[0].credentials.known_hosts",
            "AWS documents no way to tell its Argo CD of hosts",
        ),
        (
            argo_cd(PrivateRepository(ORGANIZATION, APP), PrivateRepository(ORGANIZATION, TOKEN)),
            "private_repositories[1].address",
            "duplicate repository: private_repositories[0].address has it already",
        ),
    ],
)
def test_what_no_engine_could_read_is_told(addon: ReadsRepositories, place: str, rule: str) -> None:
    assert rules_broken(addon) == [place]
    assert first_problem(addon).rule == rule
