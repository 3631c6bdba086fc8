"""A part of a plan while it is checked: it knows where the blueprint states it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from blueprint.contribution import RELEASE_FIELDS, Contribution, ReleaseFields
from blueprint.errors import FieldPath
from blueprint.off_aws import OffAws
from blueprint.planning.document import Part


@dataclass(frozen=True)
class Draft:
    """An add-on or a team."""

    path: FieldPath
    name: str
    type: str
    contribution: Contribution
    after: tuple[str, ...] = ()
    fields: ReleaseFields = RELEASE_FIELDS
    """Of its value."""
    other_fields: Mapping[str, ReleaseFields] = field(default_factory=dict)
    """Of releases for which it has others, by their names."""
    places: Mapping[str, FieldPath] = field(default_factory=dict)
    """From a team to what brings a release or an AWS role, by the name of that."""
    lost: str = ""
    api_groups: tuple[str, ...] = ()
    off_aws: OffAws = field(default_factory=OffAws)

    @property
    def planned(self) -> Part:
        """The part of the plan, which is the same wherever a blueprint states it."""
        return Part(self.name, self.type, self.contribution, self.after, self.lost, self.api_groups, self.off_aws)
