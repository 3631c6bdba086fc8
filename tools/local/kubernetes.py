"""What a cluster holds, as far as kubectl would let it in: no API server, only its rules on what is sent to it.

Without programs of Kubernetes, and in `make lifecycle`, nothing else decides about objects: kubectl and a real API
server say the same in tests/kubernetes/test_emulator.py. Where there is a real one, this only lists what it has, and
decides about releases, whose charts are not at hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from blueprint.kubernetes import BUILT_IN, CLUSTER_SCOPED, PRUNED, RESERVED_NAMESPACES, Manifest, ObjectKey
from blueprint.manifests.schema import errors, knows

# What Kubernetes makes in every namespace by itself, and makes again when it is gone.
# https://kubernetes.io/docs/concepts/security/service-accounts/ , https://kubernetes.io/docs/reference/access-authn-authz/
# service-accounts-admin/#bound-service-account-token-volume
_IN_EVERY_NAMESPACE = frozenset({("", "ServiceAccount", "default"), ("", "ConfigMap", "kube-root-ca.crt")})
# What a cluster begins with. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles ,
# https://kubernetes.io/docs/tasks/administer-cluster/guaranteed-scheduling-critical-addon-pods/
_INITIAL: frozenset[ObjectKey] = frozenset(
    {("", "Namespace", "", name) for name in RESERVED_NAMESPACES}
    | {("rbac.authorization.k8s.io", "ClusterRole", "", name) for name in ("admin", "cluster-admin", "edit", "view")}
    | {("scheduling.k8s.io", "PriorityClass", "", f"system-{name}-critical") for name in ("cluster", "node")}
)
# amazon-vpc-cni-k8s, charts/aws-vpc-cni/templates: configmap.yaml, daemonset.yaml, serviceaccount.yaml.
ADDON_OBJECTS: Mapping[str, frozenset[ObjectKey]] = {
    "vpc-cni": frozenset(
        {
            ("", "ConfigMap", "kube-system", "amazon-vpc-cni"),
            ("", "ServiceAccount", "kube-system", "aws-node"),
            ("apps", "DaemonSet", "kube-system", "aws-node"),
        }
    )
}
"""What EKS add-ons bring, as far as others might declare it too."""

# external-snapshotter v8.6.0, client/config/crd
ADDON_GROUPS: Mapping[str, str] = {"snapshot-controller": "snapshot.storage.k8s.io"}
"""Of the kinds that EKS add-ons define, as far as others have objects of these: one API group each."""

# https://docs.aws.amazon.com/eks/latest/userguide/create-argocd-capability.html
CAPABILITY_OBJECTS: Mapping[str, frozenset[ObjectKey]] = {"ARGOCD": frozenset({("", "Namespace", "", "argocd")})}
"""What EKS Capabilities bring, by their type, as far as others stand on it."""
CAPABILITY_GROUPS: Mapping[str, str] = {"ACK": "services.k8s.aws", "ARGOCD": "argoproj.io", "KRO": "kro.run"}
"""Of the kinds that they define: one API group, or all below it."""

# Defined by EKS itself with Auto Mode, which the emulator cannot tell from a cluster without.
# https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html
_OF_EKS = {("eks.amazonaws.com", kind) for kind in ("IngressClassParams", "NodeClass")}
# Karpenter defines it as well. https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html
_OF_AUTO_MODE = {("karpenter.sh", "NodePool")}


class RefusedError(Exception):
    """What kubectl, helm or the API server would answer; the deployment of the resource fails with it."""


class KilledError(RefusedError):
    """The function that ran helm was out of time; what helm had begun stays so."""


@dataclass(frozen=True)
class Waiting:
    """How `helm upgrade` waits for pods, and what becomes of it."""

    wait: bool
    atomic: bool
    seconds: float
    """Helm's `--timeout`."""
    lifetime: float
    """For how long the function that runs helm may live."""


@dataclass(frozen=True)
class InstalledRelease:
    """A Helm release. `rendered` are its objects, or None when the chart is not at hand."""

    name: str
    namespace: str
    chart: str
    version: str | None
    repository: str | None
    rendered: tuple[Manifest, ...] | None = None
    status: str = "deployed"


@dataclass
class Contents:
    """Everything in one cluster that came by kubectl or Helm."""

    objects: dict[ObjectKey, Manifest] = field(default_factory=dict)
    """In the order in which they came."""
    releases: dict[tuple[str, str], InstalledRelease] = field(default_factory=dict)
    of_addons: frozenset[ObjectKey] = frozenset()
    """Objects that add-ons of the cluster have brought."""
    defined: frozenset[str] = frozenset()
    """API groups of the kinds that capabilities of the cluster define, or what these groups end in."""
    lost: set[ObjectKey] = field(default_factory=set)
    """Those of them that were deleted since, because somebody else had declared them too."""

    auto_mode: bool = False
    """Whether EKS has defined what its own node pools are."""

    def namespaces(self) -> set[str]:
        made = {*self.objects, *(self.of_addons - self.lost)}
        return {key[3] for key in made if key[:2] == ("", "Namespace")} | {*RESERVED_NAMESPACES}

    def create(self, manifests: Iterable[object], version: str) -> None:
        """`kubectl create`: what is there already is refused."""
        self._put(manifests, version, overwrite=False)

    def apply(self, manifests: Iterable[object], version: str, prune: str | None) -> None:
        """`kubectl apply`; with `--prune -l <label>` when `prune` names a label.

        It then takes no notice of what it is given without the label, and prunes in the namespaces of what it sends:
        https://github.com/kubernetes/kubectl/blob/master/pkg/cmd/apply/prune.go
        """
        listed = [one for one in manifests if not prune or not isinstance(one, Mapping) or prune in _labels(one)]
        if not listed:
            raise RefusedError("error: no objects passed to apply")
        sent = self._put(listed, version, overwrite=True)
        visited = {"", *(key[2] for key in sent)}
        for key, held in list(self.objects.items()):
            if prune and key not in sent and key[:2] in PRUNED and key[2] in visited and prune in _labels(held):
                self._remove(key)

    def delete(self, manifests: Iterable[object]) -> None:
        """`kubectl delete`: what is gone already is no mistake, as the CDK's handler has it."""
        for manifest in manifests:
            key = key_of(manifest)
            self._remove(key)

    def install(self, release: InstalledRelease, *, create_namespace: bool, ready: bool, waiting: Waiting) -> None:
        """`helm upgrade --install`. With `--wait` it fails when pods do not become ready in time.

        helm v4.2.3: pkg/action/install.go:581 (failRelease), pkg/action/upgrade.go:247 (pending), :528 (failRelease)
        """
        key = (release.namespace, release.name)
        before = self.releases.get(key)
        if before and before.status.startswith("pending"):
            raise RefusedError("another operation (install/upgrade/rollback) is in progress")
        if release.namespace not in self.namespaces() and not create_namespace:
            raise RefusedError(f'create: failed to create: namespaces "{release.namespace}" not found')
        if ready or not waiting.wait:
            self.releases[key] = release
            return
        late = "context deadline exceeded: pods of the release are not ready"
        if waiting.seconds >= waiting.lifetime:
            self._kill(key, release, "pending-upgrade" if before else "pending-install")
        if not waiting.atomic:
            self.releases[key] = replace(release, status="failed")
            raise RefusedError(late)
        if before is None:
            raise RefusedError(f"release {release.name} failed, and has been uninstalled: {late}")
        # The rollback waits as long again.
        if 2 * waiting.seconds >= waiting.lifetime:
            self._kill(key, before, "pending-rollback")
        raise RefusedError(f"release {release.name} failed, and has been rolled back: {late}")

    def _kill(self, key: tuple[str, str], release: InstalledRelease, status: str) -> NoReturn:
        self.releases[key] = replace(release, status=status)
        raise KilledError(f"the function is out of time, and leaves release {release.name} as {status}")

    def uninstall(self, namespace: str, name: str) -> None:
        """`helm uninstall`: a release that is gone is no mistake, as the CDK's handler has it."""
        self.releases.pop((namespace, name), None)

    def _put(self, manifests: Iterable[object], version: str, *, overwrite: bool) -> set[ObjectKey]:
        """Kubectl sends one object after the other and reports all failures: the others are in the cluster then."""
        sent, refused = set(), []
        for manifest in manifests:
            try:
                key = self._admit(manifest, version)
                if not overwrite and self._is_there(key):
                    raise RefusedError(f'{_resource(key)} "{key[3]}" already exists')  # noqa: TRY301  # one list of failures
                _admit_change(key, self.objects.get(key), manifest)
            except RefusedError as error:
                refused.append(str(error))
            else:
                assert isinstance(manifest, Mapping)  # noqa: S101  # _admit has seen to it
                self.objects[key] = manifest
                sent.add(key)
        if refused:
            raise RefusedError("\n".join(refused))
        return sent

    def _admit(self, manifest: object, version: str) -> ObjectKey:
        key = key_of(manifest)
        assert isinstance(manifest, Mapping)  # noqa: S101  # key_of has seen to it
        if not knows(key[1], manifest["apiVersion"], version):
            self._admit_custom(manifest)
        elif mistakes := [rule for _, _, rule, _ in errors(manifest, version)]:
            raise RefusedError(f"{_resource(key)} {key[3]} is invalid: {', '.join(mistakes)}")
        if key[2] and key[2] not in self.namespaces():
            raise RefusedError(f'namespaces "{key[2]}" not found')
        return key

    def _admit_custom(self, manifest: Manifest) -> None:
        """A kind that is not Kubernetes' own needs its definition, which a chart or a manifest brings.

        What a chart brings is unknown unless it was rendered: any such release may have brought the definition.
        """
        defined = [held for held in self.objects.values() if held["kind"] == "CustomResourceDefinition"]
        for release in self.releases.values():
            if release.rendered is None:
                return
            defined += [held for held in release.rendered if held.get("kind") == "CustomResourceDefinition"]
        group = str(manifest["apiVersion"]).partition("/")[0]
        if any(f".{group}".endswith(f".{each}") for each in self.defined):
            return
        kinds = {(held["spec"]["group"], held["spec"]["names"]["kind"]) for held in defined} | _OF_EKS
        if self.auto_mode:
            kinds |= _OF_AUTO_MODE
        if (group, manifest["kind"]) not in kinds:
            kind = f'"{manifest["kind"]}" in version "{manifest["apiVersion"]}"'
            raise RefusedError(f"no matches for kind {kind}; ensure CRDs are installed first")

    def _is_there(self, key: ObjectKey) -> bool:
        group, kind, namespace, name = key
        by_itself = namespace in self.namespaces() and (group, kind, name) in _IN_EVERY_NAMESPACE
        return by_itself or key in self.objects or key in _INITIAL or key in self.of_addons - self.lost

    def _remove(self, key: ObjectKey) -> None:
        self.objects.pop(key, None)
        self.lost |= {key} & self.of_addons
        if key[:2] == ("", "Namespace"):
            for other in [other for other in self.objects if other[2] == key[3]]:
                del self.objects[other]
            for release in [release for release in self.releases if release[0] == key[3]]:
                del self.releases[release]


def _admit_change(key: ObjectKey, before: Manifest | None, after: Any) -> None:
    """What a StorageClass says is for good: ValidateStorageClassUpdate in

    https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/storage/validation/validation.go
    """
    if before is None or key[:2] != ("storage.k8s.io", "StorageClass"):
        return
    for name in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"):
        if before.get(name) != after.get(name):
            what = f"{name}: Forbidden: updates to {name} are forbidden."
            raise RefusedError(f'StorageClass.storage.k8s.io "{key[3]}" is invalid: {what}')


def manifests_of(text: str) -> list[Any]:
    """The `Manifest` property: a JSON list, which the CDK's handler writes out object by object."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise RefusedError(f"the manifest is not JSON: {error}") from None
    if not isinstance(found, list):
        raise RefusedError(f"the manifest must be a list of objects, not {type(found).__name__}")
    return found


def key_of(manifest: object) -> ObjectKey:
    """Refuses what kubectl cannot even send."""
    if not isinstance(manifest, Mapping):
        raise RefusedError(f"cannot unmarshal {json.dumps(manifest)[:80]} into a Kubernetes object")
    for field_name in ("apiVersion", "kind"):
        if not isinstance(manifest.get(field_name), str) or not manifest[field_name]:
            raise RefusedError(f"error validating data: {field_name} not set")
    metadata = manifest.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not isinstance(name, str) or not name:
        raise RefusedError(f"resource name may not be empty: {manifest['kind']}")
    assert isinstance(metadata, Mapping)  # noqa: S101  # it has a name
    group, kind = manifest["apiVersion"].rpartition("/")[0], manifest["kind"]
    namespace = str(metadata.get("namespace") or "")
    if group in BUILT_IN:
        namespace = "" if kind in CLUSTER_SCOPED else namespace or "default"
    return group, kind, namespace, name


def _labels(manifest: Manifest) -> Mapping[str, str]:
    labels: Mapping[str, str] = manifest.get("metadata", {}).get("labels") or {}
    return labels


def _resource(key: ObjectKey) -> str:
    return f"{key[1].lower()}.{key[0]}" if key[0] else key[1].lower()
