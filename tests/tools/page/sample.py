"""A review to render: every kind of block, and names that would be markup if a renderer let them."""

from __future__ import annotations

from tests.plans import nodes, part, planned
from tests.tools.test_picture import ARGO_CD, DEV
from tools.review.document import Cell, Diff, Document, Picture, Row, Section, Sign, Table, code, said

HOSTILE = (
    "<script>document.title='obeyed'</script>",
    "<img src=x onerror=\"document.title='obeyed'\">",
    '"><svg onload="document.title=\'obeyed\'">',
    "</title></style></script><h1>out</h1>",
    "javascript:document.title='obeyed'",
    "&lt;b&gt; &amp; {{constructor}}",
    "a\u202ecba\x00\x1b[31m",
    "'); alert(1); ('",
)
_ALBC = "aws-load-balancer-controller"
AFTER = planned(
    DEV,
    version="1.36",
    nat_gateways=2,
    compute=(nodes("system", "m7g.large", max=9, capacity="SPOT", version="1.36"),),
    node_pools=("general-purpose", "system"),
    addons=(
        part("argo-cd", "10.2.0", **ARGO_CD),
        *(each for each in DEV.addons if each.name != "argo-cd"),
        part(_ALBC, "3.5.0", by="Helm", accounts=(_ALBC,)),
    ),
    teams=(),
)
DIFF = """Stack dev-cluster
Resources
[~] AWS::EKS::Cluster Cluster Cluster9EE0221C
 └─ [~] Version
     ├─ [-] 1.35
     └─ [+] 1.36
[-] AWS::EKS::FargateProfile Compute/batch destroy
--- a/values
+++ b/values
-replicas: 2
+replicas: 3
│ + │ role │ Allow │
│ - │ role │ Allow │
│   │ role │ Deny  │
"""


def row(*texts: str, sign: Sign = "", clusters: tuple[str, ...] = ()) -> Row:
    """A row of code, the last cell of words."""
    *names, last = texts
    return Row((*map(code, names), Cell(last)), sign, clusters)


MANY = tuple(f"cluster-{number:02}" for number in range(12))
SAMPLE = Document(
    title="What changes in the clusters",
    summary=(Cell("1 deleted, 2 replaced, 5 changed in 2 of 3 clusters since "), code("0123456789ab"), Cell(".")),
    sections=(
        Section(
            "dangers",
            "What could go wrong",
            (
                Table(
                    ("stack", "resource", "why", "clusters"),
                    (
                        row("cluster", "Cluster/Resource", "Version", "dev", sign="!", clusters=("dev",)),
                        row("network", "NatGateway", "takes its address along", "all 12", sign="!", clusters=MANY),
                    ),
                ),
            ),
        ),
        Section(
            "clusters",
            "Clusters",
            (
                Table(
                    ("stacks", "resources", "clusters"),
                    (
                        row("network, cluster", "0 deleted, 1 replaced", "dev", sign="~", clusters=("dev",)),
                        row("network", "a new cluster: 150 new", "prod-eu", sign="+", clusters=("prod-eu",)),
                        row("teams", "no longer in the app", "old", sign="-", clusters=("old",)),
                    ),
                ),
                said("Untouched, since their plans are the same byte by byte: ", code("prod"), "."),
                Picture("dev", DEV, AFTER),
                Picture("new", None, planned(DEV, name="new")),
            ),
        ),
        Section(
            "iam",
            "Permissions in AWS",
            (
                Table(
                    ("whose role", "may", "on", "clusters"),
                    (
                        Row(
                            (
                                code("kube-system/aws-load-balancer-controller"),
                                code("elasticloadbalancing:CreateListener\nelasticloadbalancing:DeleteListener"),
                                code("elasticloadbalancing:loadbalancer/app/*"),
                                Cell("dev"),
                            ),
                            "+",
                            ("dev",),
                        ),
                        row(
                            "external-dns", "route53:List*", "*", "dev, prod-eu", sign="-", clusters=("dev", "prod-eu")
                        ),
                        row("karpenter", "ec2:RunInstances", "instance/*", "dev", sign="~", clusters=("dev",)),
                    ),
                    title="Service accounts",
                ),
            ),
        ),
        Section("empty", "Nothing to say", ()),
        Section(
            "versions",
            "Versions",
            (
                Table(
                    ("what", "from", "to", "notes"),
                    (
                        Row(
                            (
                                code("argo-cd"),
                                code("10.1.1"),
                                code("10.2.0"),
                                Cell("release notes", "https://github.com/argoproj/argo-helm/releases"),
                            ),
                            "~",
                            ("dev",),
                        ),
                    ),
                ),
            ),
        ),
        Section("templates", "CloudFormation, as cdk diff shows it", (Diff("cluster: dev", DIFF, 2, 2),), open=False),
    ),
)
_NAMES = " ".join(HOSTILE)
HOSTILE_SAMPLE = Document(
    title=_NAMES,
    summary=tuple(map(Cell, HOSTILE)),
    sections=(
        Section(
            "hostile",
            _NAMES,
            (
                Table(
                    (*HOSTILE,),
                    tuple(
                        Row(tuple(Cell(name, url=name, code=True) for name in HOSTILE), "!", (name,))
                        for name in (*HOSTILE, "plain")
                    ),
                    title=_NAMES,
                ),
                said(*HOSTILE),
                Diff(_NAMES, "\n".join(f"+{name}" for name in HOSTILE), 1, 1),
                Picture(
                    "dev",
                    DEV,
                    planned(
                        DEV,
                        version=_NAMES,
                        cidrs=HOSTILE[:1],
                        addons=tuple(part(name, name, namespaces=(name,), by="Helm") for name in HOSTILE),
                        teams=tuple(part(f"{name}2", namespaces=(name,)) for name in HOSTILE),
                    ),
                ),
            ),
        ),
    ),
)


def large(rows: int) -> Document:
    """A review of so many rows in one table."""
    signs: tuple[Sign, ...] = ("!", "+", "-", "~", "")
    found = tuple(
        row(
            *("Deployment.apps", f"namespace-{number % 50}", f"name-{number}", f"cluster-{number % 20}"),
            sign=signs[number % len(signs)],
            clusters=(f"cluster-{number % 20}",),
        )
        for number in range(rows)
    )
    table = Table(("kind", "namespace", "name", "clusters"), found)
    summary = (Cell(f"{rows:,} objects in 20 clusters."),)
    return Document("What changes in the clusters", summary, (Section("objects", "Objects", (table,)),))
