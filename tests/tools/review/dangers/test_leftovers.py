"""Objects that are no longer declared and stay in the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.review.dangers.support import Resources, differing, manifest, stack_of, stacks_differing, thing
from tools.local.kubernetes import Contents, key_of
from tools.review.dangers import Danger, dangers
from tools.revision.differences import ClusterDifference

CONFIG, OTHER = (thing("ConfigMap", name, "shop") for name in ("settings", "other"))
THERE = thing("ConfigMap", "settings", "jobs")
ROLE = thing("Role", "reader", "shop", "rbac.authorization.k8s.io")
POOL = thing("NodePool", "team-shop", group="karpenter.sh")
SPACE, JOBS = (thing("Namespace", name) for name in ("shop", "jobs"))


def told(difference: ClusterDifference) -> list[Danger]:
    return [danger for danger in dangers(difference) if danger.rule == "keeps-objects"]


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        # Of a kind that kubectl prunes, in a namespace that the manifest still names, and in one that it does not
        ({"A": manifest(CONFIG, OTHER)}, {"A": manifest(OTHER)}, ""),
        ({"A": manifest(CONFIG, ROLE)}, {"A": manifest(ROLE)}, ""),
        ({"A": manifest(CONFIG, THERE)}, {"A": manifest(CONFIG)}, "ConfigMap jobs/settings"),
        ({"A": manifest(CONFIG, SPACE)}, {"A": manifest(SPACE)}, "ConfigMap shop/settings"),
        # Of another kind, in a namespace and outside of any
        ({"A": manifest(CONFIG, ROLE)}, {"A": manifest(CONFIG)}, "Role shop/reader"),
        ({"A": manifest(CONFIG, POOL)}, {"A": manifest(CONFIG)}, "NodePool team-shop"),
        # By a manifest that prunes nothing, such as those of namespaces
        ({"A": manifest(CONFIG, OTHER, prune=False)}, {"A": manifest(OTHER, prune=False)}, "ConfigMap shop/settings"),
        # With the manifest, or with the namespace
        ({"A": manifest(ROLE, THERE), "B": manifest(CONFIG)}, {"B": manifest(CONFIG)}, ""),
        ({"A": manifest(ROLE, POOL), "B": manifest(SPACE)}, {"A": manifest(POOL)}, ""),
        ({"A": manifest(ROLE, POOL), "B": manifest(JOBS)}, {"A": manifest(POOL)}, "Role shop/reader"),
        # By another manifest
        ({"A": manifest(ROLE, CONFIG), "B": manifest(OTHER)}, {"A": manifest(CONFIG), "B": manifest(ROLE)}, ""),
        ({}, {"A": manifest(ROLE)}, ""),
    ],
)
def test_what_stays(before: Resources, after: Resources, left: str) -> None:
    found = told(differing(before, after))
    assert [danger.what for danger in found] == ([f"in the cluster stay as they are: {left}"] if left else [])


def test_a_stack_that_goes_as_a_whole_is_told_as_that() -> None:
    kept = stack_of({"A": manifest(CONFIG)}, name="teams", stack_name="dev-teams")
    assert told(stacks_differing((kept, None), (stack_of({}), stack_of({})))) == []


def test_the_command_removes_them_by_namespace() -> None:
    roles = [thing("Role", f"r{number}", "shop", "rbac.authorization.k8s.io") for number in range(6)]
    (danger,) = told(differing({"A": manifest(THERE, POOL, CONFIG, *roles)}, {"A": manifest(CONFIG)}))
    assert danger.what.endswith("Role shop/r2 and 3 more")
    named = " ".join(f"role.rbac.authorization.k8s.io/r{number}" for number in range(6))
    assert danger.fix == (
        "after the deploy: kubectl delete -n jobs configmap/settings; "
        f"kubectl delete nodepool.karpenter.sh/team-shop; kubectl delete -n shop {named}"
    )


def _object(kind: str, space: str, name: str) -> dict[str, Any]:
    more = {"Role": "rbac.authorization.k8s.io", "Ingress": "networking.k8s.io", "PriorityClass": "scheduling.k8s.io"}
    spec: dict[str, Any] = {"Ingress": {"spec": {"defaultBackend": {"service": {"name": "a", "port": {"number": 1}}}}}}
    extra = {"PriorityClass": {"value": 1}, **spec}.get(kind, {})
    metadata = {"name": name, "labels": {"aws.cdk.eks/prune": ""}}
    placed = metadata if kind == "PriorityClass" else {**metadata, "namespace": space}
    return thing(kind, name, group=more.get(kind, ""), metadata=placed, **extra)


OBJECTS = st.lists(
    st.builds(
        _object,
        st.sampled_from(["ConfigMap", "Role", "Ingress", "PriorityClass", "ServiceAccount"]),
        st.sampled_from(["shop", "jobs"]),
        st.sampled_from(["a", "b"]),
    ),
    min_size=1,
    max_size=6,
    unique_by=str,
)


@given(before=OBJECTS, after=OBJECTS)
def test_it_is_what_kubectl_leaves(before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> None:
    """By the emulator of `kubectl apply --prune`; `tests/kubernetes/test_emulator.py` holds it against the real one."""
    cluster = Contents()
    cluster.apply([SPACE, JOBS], "1.36", None)
    cluster.apply(before, "1.36", None)
    cluster.apply(after, "1.36", "aws.cdk.eks/prune")
    held = {key_of(each) for each in cluster.objects.values()} - {key_of(each) for each in (SPACE, JOBS)}
    left = held - {key_of(each) for each in after}
    spaces = {"Spaces": manifest(SPACE, JOBS)}
    found = told(differing({**spaces, "A": manifest(*before)}, {**spaces, "A": manifest(*after)}))
    assert bool(found) == bool(left)
    for danger in found:
        assert all(key[3] in danger.fix and key[1].lower() in danger.fix for key in left)
        assert danger.fix.count("/") == len(left)
