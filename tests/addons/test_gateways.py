"""Ways in: what serves Gateways, what its load balancers are, and who brings the kinds that all of them need."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Literal

import botocore.session
import pytest

from addons.aws_gateway_api_controller import AwsGatewayApiController
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.aws_load_balancer_controller.classes import AlbClass
from addons.envoy_gateway import EnvoyGateway
from addons.external_dns import ExternalDns
from addons.istio import Istio
from addons.istio.gateways import IstioGateway
from blueprint import plan
from blueprint.addons import Addon, HelmRelease, KubernetesManifests
from blueprint.facts import ClusterFacts
from tests.addons.support import FACTS, problems_on, rules_broken
from tests.blueprint.examples import AUTO, assert_reported, with_addons
from tests.templates import plain
from tools import contracts

PUBLIC = ("10.0.0.0/20", "10.0.16.0/20")
WITH_CONTROLLER = replace(FACTS, api_groups=("elbv2.k8s.aws",), load_balancer_ranges=PUBLIC)
BY_VALUE = HelmRelease(
    "crds",
    chart="gateway-api-crds",
    repository="https://charts.example.com",
    version="1.6.1",
    namespace="crds",
    api_groups=("gateway.networking.k8s.io",),
)


def objects(addon: Addon, facts: ClusterFacts = WITH_CONTROLLER) -> dict[str, Any]:
    return {f"{each['kind']} {each['metadata']['name']}": plain(each) for each in addon.objects(facts)}


def service(addon: EnvoyGateway, facts: ClusterFacts = WITH_CONTROLLER) -> Any:
    return objects(addon, facts)["EnvoyProxy envoy"]["spec"]["provider"]["kubernetes"]["envoyService"]


# --- Envoy ---


def test_each_gateway_of_envoy_has_a_network_load_balancer_with_a_class() -> None:
    """envoyproxy/gateway v1.9.0 api/v1alpha1/shared_types.go:348 (loadBalancerClass); annotations:
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations
    """
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    assert service(EnvoyGateway()) == {
        "type": "LoadBalancer",
        "loadBalancerClass": "service.k8s.aws/nlb",
        "annotations": {f"{prefix}-scheme": "internal", f"{prefix}-nlb-target-type": "ip"},
    }
    outside = service(EnvoyGateway(scheme="internet-facing"))
    assert outside["annotations"][f"{prefix}-scheme"] == "internet-facing"
    named = replace(WITH_CONTROLLER, named_subnets=(("internal", ("subnet-1", "subnet-2")),))
    assert service(EnvoyGateway(), named)["annotations"][f"{prefix}-subnets"] == "subnet-1,subnet-2"
    assert service(EnvoyGateway(scheme=None)) == {"type": "ClusterIP"}


def test_auto_mode_makes_them_where_it_makes_load_balancers() -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-nlb.html: eks.amazonaws.com/nlb."""
    auto = replace(FACTS, auto_mode=True, has_nodes=False)
    assert service(EnvoyGateway(), auto)["loadBalancerClass"] == "eks.amazonaws.com/nlb"
    left_out = replace(auto, api_groups=("elbv2.k8s.aws",))
    assert service(EnvoyGateway(), left_out)["loadBalancerClass"] == "eks.amazonaws.com/nlb"
    beside = replace(left_out, has_nodes=True)
    assert service(EnvoyGateway(), beside)["loadBalancerClass"] == "service.k8s.aws/nlb"
    assert [*EnvoyGateway().problems_on(auto)] == []


def test_in_an_ipv6_cluster_proxies_listen_on_its_addresses() -> None:
    """envoyproxy/gateway v1.9.0 api/v1alpha1/envoyproxy_types.go:182: on IPv4 alone unless it is said."""
    facts = replace(WITH_CONTROLLER, ip_family="ipv6")
    assert objects(EnvoyGateway(), facts)["EnvoyProxy envoy"]["spec"]["ipFamily"] == "IPv6"
    annotation = "service.beta.kubernetes.io/aws-load-balancer-ip-address-type"
    assert service(EnvoyGateway(), facts)["annotations"][annotation] == "dualstack"
    assert "ipFamily" not in objects(EnvoyGateway())["EnvoyProxy envoy"]["spec"]


def test_the_class_of_envoy_leads_to_what_proxies_are() -> None:
    """envoyproxy/gateway v1.9.0 charts/gateway-helm/values.tmpl.yaml: controllerName; proxies: shared_types.go:107."""
    made = objects(EnvoyGateway(proxies=3))
    assert made["GatewayClass envoy"]["spec"] == {
        "controllerName": "gateway.envoyproxy.io/gatewayclass-controller",
        "parametersRef": {
            "group": "gateway.envoyproxy.io",
            "kind": "EnvoyProxy",
            "name": "envoy",
            "namespace": "envoy-gateway-system",
        },
    }
    proxies = made["EnvoyProxy envoy"]["spec"]["provider"]["kubernetes"]
    assert proxies["envoyDeployment"]["replicas"] == 3
    assert proxies["envoyPDB"] == {"maxUnavailable": 1}


def test_proxies_come_from_a_mirror_as_the_controller_does() -> None:
    """charts/gateway-helm/templates/_helpers.tpl of v1.9.0 (eg.envoyProxy.image): of an image without a tag it knows
    the tag, and global.imageRegistry counts for all.
    """
    made = EnvoyGateway().contribute(replace(FACTS, image_mirrors=(("docker.io", "mirror.example.com/docker"),)))
    found = plain(made.releases[0].values)["global"]
    assert found == {
        "images": {"envoyProxy": {"image": "docker.io/envoyproxy/envoy"}},
        "imageRegistry": "mirror.example.com/docker",
    }
    assert set(made.images) == {
        f"mirror.example.com/docker/envoyproxy/{each}" for each in ("envoy", "gateway", "ratelimit")
    }


def test_it_brings_the_gateway_api() -> None:
    """envoyproxy/gateway v1.9.0 charts/gateway-helm/charts/crds: bundle v1.6.1, which has what the load balancer
    controller asks for (pkg/gateway/crddetect/gateway_feature_flags.go of v3.5.0).
    """
    kinds = (
        "gateways",
        "gatewayclasses",
        "httproutes",
        "grpcroutes",
        "tlsroutes",
        "tcproutes",
        "udproutes",
        "listenersets",
    )
    (contract,) = contracts.read("envoy-gateway").values()
    assert {f"{kind}.gateway.networking.k8s.io" for kind in kinds} <= {*contract["definitions"]}


# --- The load balancer controller ---


def test_gateways_of_the_controller_have_classes_and_never_turn_off_by_themselves() -> None:
    """kubernetes-sigs/aws-load-balancer-controller v3.5.0 pkg/gateway/constants/controller_constants.go (names), and
    pkg/gateway/crddetect/gateway_feature_flags.go:32: it turns itself off unless all three are said.
    """
    addon = AwsLoadBalancerController(gateways=True)
    made = objects(addon)
    assert made["GatewayClass alb"]["spec"] == {"controllerName": "gateway.k8s.aws/alb"}
    assert made["GatewayClass nlb"]["spec"] == {"controllerName": "gateway.k8s.aws/nlb"}
    features = {"ALBGatewayAPI": True, "NLBGatewayAPI": True, "GatewayListenerSet": True}
    assert plain(addon.values(FACTS))["controllerConfig"] == {"featureGates": features}
    assert "controllerConfig" not in AwsLoadBalancerController().values(FACTS)
    assert not [each for each in objects(AwsLoadBalancerController()) if each.startswith("GatewayClass")]


def test_gateways_of_the_controller_stand_where_its_ingresses_do() -> None:
    """apis/gateway/v1/loadbalancerconfig_types.go:229 of v3.5.0: loadBalancerSubnets, scheme, ipAddressType."""
    facts = replace(FACTS, ip_family="ipv6", ipv6=True, named_subnets=(("internal", ("subnet-1", "subnet-2")),))
    made = objects(AwsLoadBalancerController(gateways=True), facts)
    assert made["LoadBalancerConfiguration alb"]["spec"] == {
        "scheme": "internal",
        "loadBalancerSubnets": [{"identifier": "subnet-1"}, {"identifier": "subnet-2"}],
        "ipAddressType": "dualstack",
    }
    assert made["GatewayClass nlb"]["spec"]["parametersRef"] == {
        "group": "gateway.k8s.aws",
        "kind": "LoadBalancerConfiguration",
        "name": "nlb",
        "namespace": "kube-system",
    }


# --- Classes of Ingresses ---


def test_a_class_says_what_holds_for_all_its_load_balancers() -> None:
    """kubernetes-sigs/aws-load-balancer-controller v3.5.0 apis/elbv2/v1beta1/ingressclassparams_types.go:112."""
    certificate = f"arn:aws:acm:{FACTS.region}:111111111111:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
    shared = AlbClass(
        "alb-public",
        "internet-facing",
        teams=("shop", "payments"),
        group="public",
        certificates=(certificate,),
        allow=("203.0.113.0/24",),
    )
    addon = AwsLoadBalancerController(classes=(shared, AlbClass("alb-internal", "internal")))
    facts = replace(WITH_CONTROLLER, ip_family="ipv6", named_subnets=(("internet-facing", ("subnet-1", "subnet-2")),))
    made = objects(addon, facts)
    assert made["IngressClassParams alb-public"]["spec"] == {
        "scheme": "internet-facing",
        "subnets": {"ids": ["subnet-1", "subnet-2"]},
        "ipAddressType": "dualstack",
        "namespaceSelector": {
            "matchExpressions": [{"key": "blueprint/team", "operator": "In", "values": ["shop", "payments"]}]
        },
        "group": {"name": "public"},
        "certificateArn": [certificate],
        "inboundCIDRs": ["203.0.113.0/24"],
    }
    assert made["IngressClass alb-public"]["spec"] == {
        "controller": "ingress.k8s.aws/alb",
        "parameters": {"apiGroup": "elbv2.k8s.aws", "kind": "IngressClassParams", "name": "alb-public"},
    }
    assert objects(addon)["IngressClassParams alb-internal"]["spec"] == {"scheme": "internal"}
    assert not [*addon.problems_on(WITH_CONTROLLER)]


def test_a_class_that_no_load_balancer_could_have_is_refused() -> None:
    elsewhere = "arn:aws:acm:us-east-1:111111111111:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
    addon = AwsLoadBalancerController(classes=(AlbClass("a", "internet-facing", certificates=(elsewhere,)),))
    found = {problem.path: problem.fix for problem in problems_on(FACTS, addon)}
    assert found == {
        ("classes", 0, "scheme"): 'write "internal"',
        ("classes", 0, "certificates", 0): f"name one of {FACTS.region}",
    }


# --- Istio ---


@pytest.mark.parametrize("mode", ["ambient", "sidecar"])
def test_gateways_of_the_mesh_stand_in_namespaces_of_their_own(mode: Literal["ambient", "sidecar"]) -> None:
    """Istio 1.30.3 manifests/charts/gateway/templates/_helpers.tpl: names and labels by the release. Its image comes
    from istiod's webhook, so it is installed last: deployment.yaml:66 (auto).
    """
    both = (IstioGateway(scheme="internet-facing", replicas=3), IstioGateway("private"))
    made = Istio(mode=mode, gateways=both).contribute(WITH_CONTROLLER)
    assert [(each.name, each.namespace) for each in made.releases][-2:] == [
        ("istio-ingress", "istio-ingress"),
        ("private", "private"),
    ]
    assert {each.chart.name for each in made.releases[-2:]} == {"gateway"}
    levels = {each.name: each.pod_security for each in made.namespaces}
    assert levels == {"istio-system": "privileged", "istio-ingress": "restricted", "private": "restricted"}
    pods = {each.name: each for each in made.workloads}
    assert (pods["istio-ingress"].replicas, pods["istio-ingress"].namespace) == (3, "istio-ingress")
    assert pods["private"].labels == {"app": "private", "istio": "private"}
    outside, inside = (plain(each.values)["service"] for each in made.releases[-2:])
    assert outside["loadBalancerClass"] == inside["loadBalancerClass"] == "service.k8s.aws/nlb"
    key = "service.beta.kubernetes.io/aws-load-balancer-scheme"
    assert (outside["annotations"][key], inside["annotations"][key]) == ("internet-facing", "internal")


def test_without_gateways_the_mesh_has_none() -> None:
    assert "gateway" not in {each.chart.name for each in Istio().contribute(FACTS).releases}


# --- Who brings the kinds ---


@pytest.mark.parametrize(
    "needs",
    [
        AwsLoadBalancerController(gateways=True),
        ExternalDns(zones=("Z0123456789ABC",), sources=("gateway-httproute",)),
    ],
)
@pytest.mark.parametrize("brings", [EnvoyGateway(scheme=None), BY_VALUE])
def test_what_needs_the_gateway_api_comes_after_whoever_brings_it(needs: Addon, brings: Addon) -> None:
    """The controller looks for the kinds once, when it starts: crddetect of v3.5.0."""
    after = {part.name: part.after for part in plan(with_addons(needs, brings)).addons}
    assert brings.name in after[needs.name]
    assert needs.name not in after[brings.name]
    assert_reported(with_addons(needs), "addons[3]", "which no add-on defines", "add EnvoyGateway()")


def test_what_does_not_need_it_asks_for_nothing() -> None:
    plan(with_addons(AwsLoadBalancerController(), ExternalDns(zones=("Z0123456789ABC",))))


def test_definitions_may_be_files_of_ones_own() -> None:
    own = KubernetesManifests(
        "gateway-api",
        directory="examples/workloads",
        namespace="kube-system",
        api_groups=("gateway.networking.k8s.io",),
    )
    assert AwsLoadBalancerController(gateways=True).follows(own)
    assert not AwsLoadBalancerController().follows(own)


# --- What is refused ---


def test_a_local_zone_has_a_class_of_its_own() -> None:
    facts = replace(FACTS, local_load_balancers=(("us-west-2-lax-1a", "subnet-9"),))
    params, own = AwsLoadBalancerController(require_class=False).objects(facts)
    assert (params["kind"], params["spec"]) == ("IngressClassParams", {"subnets": {"ids": ["subnet-9"]}})
    assert own["spec"]["parameters"]["name"] == params["metadata"]["name"] == "alb-us-west-2-lax-1a"
    same = with_classes(AlbClass("alb-us-west-2-lax-1a", "internal"))
    (problem,) = problems_on(facts, same)
    assert (problem.place, problem.value, problem.fix) == ("classes[0].name", "alb-us-west-2-lax-1a", "rename it")
    assert problem.rule == "the class of this name is that of load balancers in a Local Zone"
    assert not list(same.problems_on(FACTS))


def with_classes(*classes: AlbClass) -> AwsLoadBalancerController:
    return AwsLoadBalancerController(classes=classes)


def test_load_balancers_that_nobody_makes_are_refused() -> None:
    assert_reported(with_addons(EnvoyGateway()), "addons[3].scheme", "nobody makes", "AwsLoadBalancerController()")
    plan(with_addons(EnvoyGateway(), base=AUTO))
    mesh = Istio(gateways=(IstioGateway(),))
    assert_reported(with_addons(mesh), "addons[3].gateways[0].scheme", "nobody makes", "AwsLoadBalancerController()")
    isolated = replace(WITH_CONTROLLER, load_balancer_ranges=())
    for addon, place in (
        (EnvoyGateway(scheme="internet-facing"), "scheme"),
        (with_classes(AlbClass("a", "internal"), AlbClass("b", "internet-facing")), "classes[1].scheme"),
    ):
        (problem,) = problems_on(isolated, addon)
        assert (problem.place, problem.value, problem.fix) == (place, "internet-facing", 'write "internal"')
        assert problem.rule == "the network has no public subnets, in which such load balancers stand"
    assert [*EnvoyGateway(scheme="internet-facing").problems_on(WITH_CONTROLLER)] == []


@pytest.mark.parametrize(
    ("addon", "broken"),
    [
        (EnvoyGateway(scheme="public"), ["scheme"]),  # type: ignore[arg-type]  # what it refuses
        (EnvoyGateway(proxies=0), ["proxies"]),
        (with_classes(AlbClass("alb", "internal")), ["classes[0].name"]),
        (with_classes(AlbClass("a", "internal"), AlbClass("a", "internal")), ["classes[1].name"]),
        (
            with_classes(AlbClass("a", "internal", group="one"), AlbClass("b", "internet-facing", group="one")),
            ["classes[1].group"],
        ),
        (with_classes(AlbClass("a", "internal", allow=("10.0.0.1/8",))), ["classes[0].allow[0]"]),
        (Istio(gateways=(IstioGateway(replicas=1),)), ["gateways[0].replicas"]),
        (Istio(gateways=(IstioGateway(), IstioGateway())), ["gateways[1].name"]),
        (replace(BY_VALUE, api_groups=("Gateway API",)), ["api_groups[0]"]),
    ],
)
def test_what_would_fail_later_is_refused(addon: Addon, broken: list[str]) -> None:
    assert rules_broken(addon) == broken


def test_lattice_serves_gateways_of_its_class() -> None:
    """files/controller-installation/gatewayclass.yaml and docs/guides/environment.md of v2.1.3."""
    (made,) = AwsGatewayApiController().objects(FACTS)
    assert made["spec"] == {"controllerName": "application-networking.k8s.aws/gateway-api-controller"}
    values = AwsGatewayApiController().values(FACTS)
    known = ("awsRegion", "awsAccountId", "clusterName", "clusterVpcId")
    assert [values[name] for name in known] == ["eu-west-1", "111111111111", "prod", FACTS.vpc_id]
    assert not {"defaultServiceNetwork", "enableServiceNetworkOverride"} & {*values}
    shared = AwsGatewayApiController(service_network="shared").values(FACTS)
    assert (shared["defaultServiceNetwork"], shared["enableServiceNetworkOverride"]) == ("shared", True)


def test_lattice_needs_the_kinds_of_the_gateway_api() -> None:
    lattice = AwsGatewayApiController()
    assert_reported(with_addons(lattice), "addons[3]", "which no add-on defines", "add EnvoyGateway()")
    plan(with_addons(EnvoyGateway(scheme=None), lattice))


@pytest.mark.parametrize("name", ["shared", "a-b-c", "abc", "a" * 63, "ab", "Shared", "-abc", "abc-", "a--b", "a" * 64])
def test_names_of_service_networks_are_those_of_lattice(name: str) -> None:
    """botocore, data/vpc-lattice: ServiceNetworkName"""
    shape = botocore.session.get_session().get_service_model("vpc-lattice").shape_for("ServiceNetworkName").metadata
    fine = bool(re.fullmatch(shape["pattern"], name)) and shape["min"] <= len(name) <= shape["max"]
    assert rules_broken(AwsGatewayApiController(service_network=name)) == ([] if fine else ["service_network"])
