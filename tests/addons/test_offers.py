"""What teams may ask of add-ons, and who does it."""

from __future__ import annotations

import importlib
from pkgutil import iter_modules

import addons
from blueprint.addons import EksAddon, HelmAddon, offers
from blueprint.addons.offers import Offer

OFFERS = {value for value in vars(offers).values() if isinstance(value, Offer)}


def test_one_add_on_of_ours_does_what_each_offer_says() -> None:
    for module in iter_modules(addons.__path__, "addons."):
        importlib.import_module(module.name)
    ours = [
        cls for base in (EksAddon, HelmAddon) for cls in base.__subclasses__() if cls.__module__.startswith("addons.")
    ]
    done = {offer: f"{cls.__name__}()" for cls in ours for offer in cls.offers}
    assert done == {offer: offer.write for offer in OFFERS}
