"""AWS tags that a controller puts on what it makes."""

from __future__ import annotations

from typing import Annotated

from blueprint.fields import matches

# Narrower than AWS allows: controllers take tags as text (a=b,c=d) on their command line.
_CHARACTERS = "letters, digits and _ . / + @ -"
TagKey = Annotated[
    str,
    matches(
        r"[\w./+@-]{1,128}", f"must be the key of an AWS tag: 1 to 128 {_CHARACTERS}", 'write for example "cost-center"'
    ),
]
TagValue = Annotated[
    str,
    matches(
        r"[\w./+@-]{1,256}", f"must be the value of an AWS tag: 1 to 256 {_CHARACTERS}", 'write for example "platform"'
    ),
]
