"""The page as HTML: whole, self-contained, and with nothing in it that a name could have put there."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from tests.tools.page.sample import DIFF, HOSTILE, HOSTILE_SAMPLE, SAMPLE, large
from tools.markup import Markup, element, empty, joined, text
from tools.review.document import Cell, Document, Row, Section, Table
from tools.review.page import page

# https://html.spec.whatwg.org/multipage/syntax.html#void-elements
VOID = {"meta", "input", "br", "link", "img", "base", "embed"}
LOADING = {"src", "srcset", "poster", "data", "action", "formaction", "background", "ping", "xlink:href"}


class Parsed(HTMLParser):
    """Elements with their attributes, and whether each is closed where it should be."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(source.replace("<wbr>", ""))  # only where a line may break
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


NOTHING = Document("Nothing changes", (Cell("Nothing."),))


@pytest.fixture(params=[SAMPLE, HOSTILE_SAMPLE, NOTHING], ids=["sample", "hostile", "nothing"])
def parsed(request: pytest.FixtureRequest) -> Parsed:
    return Parsed(page(request.param))


def test_every_element_is_closed_and_every_id_is_unique(parsed: Parsed) -> None:
    assert parsed.open == []
    ids = Counter(attributes["id"] for _, attributes in parsed.elements if "id" in attributes)
    assert [id for id, count in ids.items() if count > 1] == []
    named = [
        id
        for _, attributes in parsed.elements
        for key in ("aria-labelledby", "for")
        for id in (attributes.get(key) or "").split()
    ]
    named += [(link["href"] or "")[1:] for link in parsed.all("a") if (link["href"] or "").startswith("#")]
    assert {*named} <= {*ids}


def test_loads_nothing(parsed: Parsed) -> None:
    assert {"link", "img", "iframe", "object", "embed", "base", "image", "use"} & {
        tag for tag, _ in parsed.elements
    } == set()
    assert [(tag, given) for tag, given in parsed.elements if LOADING & {*given}] == []
    assert "url(" not in "".join(parsed.texts["style"])
    assert "@import" not in "".join(parsed.texts["style"])
    # The marker and the hatch of a picture.
    found = {value for _, given in parsed.elements for value in given.values() if value and value.startswith("url(")}
    assert all(value.startswith("url(#") for value in found)


def test_the_policy_allows_our_style_and_script_and_nothing_else(parsed: Parsed) -> None:
    (policy,) = (meta["content"] for meta in parsed.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    hashes = {
        kind: b64encode(sha256("".join(parsed.texts[kind]).encode()).digest()).decode() for kind in ("style", "script")
    }
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert len(parsed.all("style")) == len(parsed.all("script")) == 1
    assert [
        given for _, given in parsed.elements if "style" in given or any(key.startswith("on") for key in given)
    ] == []


def test_a_reader_without_eyes_finds_everything(parsed: Parsed) -> None:
    tags = [tag for tag, _ in parsed.elements]
    assert [tags.count(tag) for tag in ("main", "header", "h1")] == [1, 1, 1]
    assert parsed.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h\d", tag)]
    assert levels == sorted(levels)
    assert {*levels} <= {1, 2}
    assert len(parsed.all("caption")) == len(parsed.all("table"))
    assert all(head.get("scope") == "col" for head in parsed.all("th"))
    assert parsed.all("a")[0] == {"class": "skip", "href": "#main"}
    labelled = {label.get("for") for label in parsed.all("label")}
    fields = [field for field in parsed.all("input") if field["type"] != "checkbox"] + parsed.all("select")
    assert all(field["id"] in labelled for field in fields)
    for picture in parsed.all("svg"):
        assert picture["role"] == "img"
        assert picture["aria-labelledby"]


def test_says_everything_in_its_order() -> None:
    found = Parsed(page(SAMPLE))
    assert found.texts["h1"] == ["What changes in the clusters"]
    assert found.texts["h2"] == [section.title for section in SAMPLE.sections if section.blocks]
    links = [link["href"] for link in found.all("a") if (link["href"] or "").startswith("#")]
    assert links == ["#main", "#dangers", *(f"#{section.id}" for section in SAMPLE.sections if section.blocks)]
    assert [given["class"] for given in found.all("tr") if "class" in given] == [
        *("danger", "danger", "changed", "added", "removed", "added", "removed", "changed", "changed")
    ]
    assert "cluster-00, cluster-01, cluster-02, cluster-03, cluster-04" in "".join(found.texts["p"])
    diff = re.search(r"<pre[^>]*><code>(.*?)</code></pre>", page(SAMPLE), re.DOTALL)
    assert diff
    assert re.sub(r"<[^>]*>", "", diff[1]) == text(DIFF)
    colored = re.findall(r'<span class="(\w+)">\W*([\w./]*)', diff[1])
    assert colored == [
        *(("changed", "AWS"), ("changed", "Version"), ("removed", "1.35"), ("added", "1.36"), ("removed", "AWS")),
        *(("removed", "replicas"), ("added", "replicas"), ("added", "role"), ("removed", "role")),
    ]


def test_a_row_knows_its_sign_and_clusters() -> None:
    rows = Parsed(page(SAMPLE)).all("tr")
    assert {"class": "danger", "data-sign": "!", "data-clusters": "dev"} in rows
    assert {"class": "added", "data-sign": "+", "data-clusters": "prod-eu"} in rows


def test_a_long_value_breaks_where_its_parts_end() -> None:
    found = page(Document("A", (Cell("short:a/b", code=True), Cell("elasticloadbalancing:listener/app", code=True))))
    assert '<code class="short">short:a/b</code><code>elasticloadbalancing:<wbr>listener/<wbr>app</code>' in found


def test_few_rows_need_no_filter() -> None:
    few = Document("A", (), (Section("a", "A", (Table(("b",), (Row((Cell("c"),)),) * 7),)),))
    many = Document("A", (), (Section("a", "A", (Table(("b",), (Row((Cell("c"),)),) * 8),)),))
    assert not Parsed(page(few)).all("form")
    assert Parsed(page(many)).all("form")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", " https://x", "//example.com", "file:///etc"]
)
def test_a_link_leads_to_the_web_or_nowhere(url: str) -> None:
    found = page(Document("A", (Cell("words", url),)))
    assert [link["href"] for link in Parsed(found).all("a")] == ["#main"]
    good = page(Document("A", (Cell("words", 'https://example.com/?a=1&b="2"'),)))
    assert [link["href"] for link in Parsed(good).all("a")] == ["#main", 'https://example.com/?a=1&b="2"']


def test_hostile_names_are_shown_as_they_are() -> None:
    found = Parsed(page(HOSTILE_SAMPLE))
    assert "img" not in {tag for tag, _ in found.elements}
    shown = HOSTILE[0]
    for tag in ("h1", "h2", "title", "caption", "th", "code", "p", "desc", "option"):
        assert any(shown in each for each in found.texts[tag]), tag
    assert "\x1b" not in page(HOSTILE_SAMPLE)
    assert "\u202e" not in page(HOSTILE_SAMPLE)
    assert any("a\ufffdcba\ufffd\ufffd[31m" in each for each in found.texts["code"])


def test_is_the_same_every_time() -> None:
    assert page(SAMPLE) == page(SAMPLE)


def test_a_long_table_comes_in_pieces() -> None:
    found = Parsed(page(large(1_100)))
    assert found.texts["caption"] == [
        f"Objects, {part} of 1,100" for part in ("1 to 500", "501 to 1,000", "1,001 to 1,100")
    ]
    assert len(found.all("tr")) == 1_100 + 3
    assert Parsed(page(large(500))).texts["caption"] == ["Objects"]
    assert len(page(large(1_100))) - len(page(large(100))) < 350 * 1_000


def test_markup_escapes_texts_once_and_markup_never() -> None:
    assert text("a & <b>\"'") == "a &amp; &lt;b&gt;&quot;&#x27;"
    inner = element("b", {"title": '"<&', "hidden": True, "open": False}, "<i>")
    assert inner == '<b title="&quot;&lt;&amp;" hidden>&lt;i&gt;</b>'
    assert element("p", {}, inner, "&") == f"<p>{inner}&amp;</p>"
    assert joined("<", Markup("<br>")) == "&lt;<br>"
    assert empty("br", {}) == "<br>"
    assert empty("input", {"value": "</input>"}) == '<input value="&lt;/input&gt;">'
    assert text("a\u202e\x07\x00\n\tb") == "a\ufffd\ufffd\ufffd\n\tb"
