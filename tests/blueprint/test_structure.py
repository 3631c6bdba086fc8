"""What the folders promise: the model knows no CDK, add-ons stay small, and everything public says what it is."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import ROOT
from blueprint.addons import EksAddon, HelmAddon, RepeatableAddon

MODEL = ("blueprint", "addons", "teams", "clusters", "examples")
FOREIGN = {"aws_cdk", "boto3", "botocore", "cdk_nag", "constructs", "jsii", "stacks", "tools", "app", "bench"}
KNOWS = {
    "blueprint": {"blueprint"},
    "addons": {"addons", "blueprint"},
    "teams": {"blueprint"},
    "examples": {"examples", "teams", "addons", "blueprint"},
}
OURS = {*MODEL, "stacks", "tools", "tests", "bench"}
FILES = {str(path.relative_to(ROOT)): path for folder in MODEL for path in sorted((ROOT / folder).rglob("*.py"))}

Definition = ast.ClassDef | ast.FunctionDef


def imported(path: Path) -> set[str]:
    """Top-level packages that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found.add((node.module or "").partition(".")[0])
    return found


PRODUCT = [path for folder in ("bench", "tests", "tools", "stacks") for path in (ROOT / folder).rglob("*.py")]


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_product_knows_nobody_s_clusters(path: Path) -> None:
    """Nor their teams, of which each is a module in `teams/`."""
    modules = {node.module or "" for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in modules if name.startswith(("clusters", "teams."))]


@pytest.mark.parametrize("name", FILES)
def test_the_model_imports_neither_the_cdk_nor_what_renders_it(name: str) -> None:
    assert imported(FILES[name]) & FOREIGN == set()


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("clusters/")])
def test_dependencies_point_one_way(name: str) -> None:
    assert imported(FILES[name]) & OURS <= KNOWS[name.partition("/")[0]]


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("addons/")])
def test_add_on_files_are_short(name: str) -> None:
    """Without what they import."""
    text = FILES[name].read_text(encoding="utf-8")
    imports = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert len(text.splitlines()) - sum((node.end_lineno or 0) - node.lineno + 1 for node in imports) <= 100


def undocumented(name: str) -> Iterator[str]:
    """Public classes and functions without a docstring; an override has the one of what it overrides."""
    tree = ast.parse(FILES[name].read_text(encoding="utf-8"))
    if tree.body and not ast.get_docstring(tree):
        yield "the module"
    module = importlib.import_module(name.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
    for node in public(tree.body):
        if not ast.get_docstring(node):
            yield node.name
        if isinstance(node, ast.ClassDef):
            bases = getattr(module, node.name).__mro__[1:]
            inherited = {attribute for base in bases for attribute in vars(base)}
            methods = (method for method in public(node.body) if method.name not in inherited)
            yield from (f"{node.name}.{method.name}" for method in methods if not ast.get_docstring(method))


def public(body: list[ast.stmt]) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(("blueprint/", "addons/"))])
def test_everything_public_is_documented(name: str) -> None:
    assert list(undocumented(name)) == []


# --- Add-ons are known by what they say of themselves ---

GENERIC = [path for folder in ("blueprint", "stacks", "tools") for path in (ROOT / folder).rglob("*.py")]
EXCUSED = {
    # EKS as it behaves, which knows its add-ons by name as AWS does, and must not share what we believe of them.
    "tools/local/emulator/addons.py": {"coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"},
    "tools/local/emulator/capabilities.py": {"argo-cd"},
    "tools/local/emulator/nodes.py": {"eks-pod-identity-agent", "kube-proxy", "vpc-cni"},
    "tools/local/kubernetes.py": {"snapshot-controller", "vpc-cni"},
    # What teams and add-ons agreed on.
    "blueprint/addons/offers.py": {"argo-cd", "external-secrets", "flux", "karpenter", "secrets-store-csi-driver"},
    # A chart, which a user may install by value although a class installs it.
    "blueprint/addons/by_value.py": {"gpu-operator"},
    # A word of the user's file, of which there is one so far.
    "blueprint/teams/workloads/git.py": {"argo-cd", "flux"},
    # The program on AWS's own machines, which no add-on brings.
    "blueprint/planning/placement.py": {"kube-proxy"},
}


def addon_names() -> set[str]:
    """Of the add-ons and of their classes."""
    for name in FILES:
        if name.startswith("addons/"):
            importlib.import_module(name.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
    classes = [each for base in (EksAddon, HelmAddon, RepeatableAddon) for each in base.__subclasses__()]
    ours = [cls for cls in classes if cls.__module__.startswith("addons.")]
    return {cls.name for cls in ours} | {cls.__name__ for cls in ours}


def words(path: Path) -> set[str]:
    """Texts of a file, but for what is written for its readers, and names in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Constant(value=str(text)):
                found.add(text)
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                found.add(name)
    return found


def test_no_add_on_is_known_by_name_outside_its_folder_and_clusters() -> None:
    names = addon_names()
    assert {"vpc-cni", "VpcCni", "karpenter", "Karpenter"} <= names
    known = {str(path.relative_to(ROOT)): words(path) & names for path in GENERIC}
    assert {file: found for file, found in known.items() if found} == EXCUSED
