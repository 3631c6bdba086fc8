"""A picture as SVG within a page, whose stylesheet colours it (`picture.css`). The same picture, the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tools.markup import Markup, element, joined
from tools.picture.letters import wrapped
from tools.picture.model import SIGNS, Box, BoxStatus, ClusterPicture, Group

WIDTH = 960
_PAD = 16
_GAP = 12
_COLUMNS = 4
_TITLE, _TEXT = 14, 12
_LEADING = {_TITLE: 20, _TEXT: 16}
_BADGE = 18
_ARROW = 48
_INTERNET, _REACH = 200, 96
_MOST_TITLE_LINES, _MOST_LINES = 2, 3


def svg(picture: ClusterPicture, id: str) -> Markup:
    """The whole picture; `id` is unique in the page and sets its own ids apart."""
    drawing = _Drawing(id)
    y = _outside(drawing, picture)
    for group in picture.groups[1:]:
        y = drawing.panel(group, _Place(0, y, WIDTH)) + _PAD
    _arrows(drawing, picture)
    described = f"{id}-title {id}-words"
    box = {"viewBox": f"0 0 {WIDTH} {y - _PAD}", "role": "img", "aria-labelledby": described, "class": "picture"}
    return element(
        "svg",
        box,
        element("title", {"id": f"{id}-title"}, picture.title),
        element("desc", {"id": f"{id}-words"}, picture.words),
        element("defs", {}, _hatch(id), _head(id)),
        *drawing.made,
    )


@dataclass(frozen=True)
class _Place:
    x: float
    y: float
    width: float


@dataclass
class _Drawing:
    id: str
    made: list[Markup] = field(default_factory=list)

    def panel(self, group: Group, place: _Place) -> float:
        """A group with a frame; says where it ends."""
        at = len(self.made)
        arrow = _ARROW if any(box.id == "nat" for box in group.boxes) else 0
        y = place.y + _PAD
        title = f"{SIGNS[group.status]} {group.title}".strip()
        lines = wrapped(title, _TITLE, place.width - 2 * _PAD - arrow, _MOST_TITLE_LINES, bold=True)
        y = self._lines(lines, "heading", _TITLE, place.x + _PAD + arrow, y) + 8
        inner = place.width - 2 * _PAD
        if group.boxes:
            y = self.grid(group.boxes, _Place(place.x + _PAD, y, inner)) + _GAP
        if group.groups:
            y = self._columns(group.groups, _Place(place.x + _PAD, y, inner)) + _GAP
        if not group.boxes and not group.groups:
            y = self._lines(["none"], "quiet", _TEXT, place.x + _PAD, y) + _GAP
        end = y - _GAP + _PAD
        self.made.insert(at, _rectangle(f"panel {group.status}", place, end - place.y, 12))
        return end

    def _columns(self, groups: Sequence[Group], place: _Place) -> float:
        """Zones side by side; each row of subnets is of one height because their texts are alike."""
        width = (place.width - (len(groups) - 1) * _GAP) / len(groups)
        ends = []
        for number, group in enumerate(groups):
            x = place.x + number * (width + _GAP)
            lines = wrapped(f"{SIGNS[group.status]} {group.title}".strip(), _TEXT, width, 1)
            y = self._lines(lines, "quiet", _TEXT, x, place.y) + 4
            for box in group.boxes:
                y = self.grid([box], _Place(x, y, width), columns=1) + 8
            ends.append(y - 8)
        return max(ends)

    def grid(self, boxes: Sequence[Box], place: _Place, columns: int = _COLUMNS) -> float:
        """Boxes in rows, each row as high as its highest box; says where it ends."""
        width = (place.width - (columns - 1) * _GAP) / columns
        y = place.y
        for start in range(0, len(boxes), columns):
            row = boxes[start : start + columns]
            height = max(_height(box, width) for box in row)
            for number, box in enumerate(row):
                self.box(box, _Place(place.x + number * (width + _GAP), y, width), height)
            y += height + _GAP
        return y - _GAP

    def box(self, box: Box, place: _Place, height: float) -> None:
        """One box, its status said by border, sign and colour."""
        parts = [_rectangle("frame", place, height, 8)]
        if box.status == "removed":
            parts.append(_rectangle("hatch", place, height, 8, fill=f"url(#{self.id}-hatch)"))
        if box.status != "same":
            parts.append(_badge(box.status, place))
        inner = _Drawing(self.id)
        y = place.y + _GAP
        for lines, kind, size in _texts(box, place.width):
            y = inner._lines(lines, kind, size, place.x + _GAP, y)
        self.made.append(element("g", {"class": f"box {box.status}"}, *parts, *inner.made))

    def _lines(self, lines: Sequence[str], kind: str, size: int, x: float, y: float) -> float:
        for line in lines:
            y += _LEADING[size]
            at = {"x": _number(x), "y": _number(y - size / 3), "class": kind, "font-size": size}
            self.made.append(element("text", at, line))
        return y

    def arrow(self, points: Sequence[tuple[float, float]], label: str = "") -> None:
        """A line with a head at its end, and a label above its middle."""
        shape = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        given = {"points": shape, "class": "arrow", "marker-end": f"url(#{self.id}-head)"}
        self.made.append(element("polyline", given))
        if label:
            x, y = (points[0][0] + points[-1][0]) / 2, points[0][1] - 6
            at = {"x": _number(x), "y": _number(y), "class": "quiet", "font-size": _TEXT, "text-anchor": "middle"}
            self.made.append(element("text", at, label))


def _outside(drawing: _Drawing, picture: ClusterPicture) -> float:
    """The internet on the left, and the control plane beside it."""
    internet, control_plane = _beside(picture)
    height = _outside_height(picture)
    if internet:
        drawing.box(internet, _Place(0, 0, _INTERNET), height)
    x = _INTERNET + _REACH if internet else 0
    drawing.box(control_plane, _Place(x, 0, WIDTH - x), height)
    return height + (_PAD + 8 if internet else _PAD)


def _arrows(drawing: _Drawing, picture: ClusterPicture) -> None:
    """From and to the internet. Those between add-ons are words in their boxes."""
    labels = {(arrow.source, arrow.target): arrow.label for arrow in picture.arrows}
    height = _outside_height(picture)
    if (way := ("internet", "control-plane")) in labels:
        drawing.arrow([(_INTERNET + 6, height / 2), (_INTERNET + _REACH - 8, height / 2)], labels[way])
    if ("nat", "internet") in labels:
        # Up through the frame of the network, beside its title.
        x = _PAD + 24
        drawing.arrow([(x, height + _PAD + _ARROW), (x, height + 6)])


def _beside(picture: ClusterPicture) -> tuple[Box | None, Box]:
    boxes = {box.id: box for box in picture.outside.boxes}
    return boxes.get("internet"), boxes["control-plane"]


def _outside_height(picture: ClusterPicture) -> float:
    internet, control_plane = _beside(picture)
    return _height(control_plane, WIDTH - (_INTERNET + _REACH if internet else 0))


def _texts(box: Box, width: float) -> Iterator[tuple[list[str], str, int]]:
    room = width - 2 * _GAP
    badge = _BADGE + 4 if box.status != "same" else 0
    yield wrapped(box.title, _TITLE, room - badge, _MOST_TITLE_LINES, bold=True), "name", _TITLE
    for line in box.lines:
        kind = "change" if line.changed else "detail"
        yield wrapped(line.text, _TEXT, room, _MOST_LINES, bold=line.changed), kind, _TEXT


def _height(box: Box, width: float) -> float:
    return 2 * _GAP + sum(len(lines) * _LEADING[size] for lines, _, size in _texts(box, width))


def _badge(status: BoxStatus, place: _Place) -> Markup:
    x, y = place.x + place.width - _BADGE - 8, place.y + 8
    middle = {"x": _number(x + _BADGE / 2), "y": _number(y + _BADGE - 4), "text-anchor": "middle", "font-size": _TITLE}
    ground = _rectangle("mark", _Place(x, y, _BADGE), _BADGE, 4)
    return joined(ground, element("text", {**middle, "class": "sign"}, SIGNS[status]))


def _rectangle(kind: str, place: _Place, height: float, radius: float, fill: str = "") -> Markup:
    shape = {
        "x": _number(place.x + 0.5),
        "y": _number(place.y + 0.5),
        "width": _number(place.width - 1),
        "height": _number(height - 1),
        "rx": _number(radius),
        "class": kind,
    }
    return element("rect", {**shape, **({"fill": fill} if fill else {})})


def _hatch(id: str) -> Markup:
    """Stripes, so that what goes away is seen without colours."""
    pattern = {"id": f"{id}-hatch", "width": 8, "height": 8, "patternUnits": "userSpaceOnUse"}
    stripes = element("path", {"d": "M-2,2l4,-4M0,8l8,-8M6,10l4,-4", "class": "stripe"})
    return element("pattern", pattern, stripes)


def _head(id: str) -> Markup:
    shape = {"id": f"{id}-head", "viewBox": "0 0 8 8", "refX": 7, "refY": 4, "markerWidth": 8, "markerHeight": 8}
    return element("marker", {**shape, "orient": "auto"}, element("path", {"d": "M0,0L8,4L0,8z", "class": "head"}))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
