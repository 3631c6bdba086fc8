"""A headless Chromium that tells what it asked the network for, and what it complained about."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
REQUIRED = "BROWSER_TESTS"
"""An environment variable: where it is set, a missing browser fails the tests instead of leaving them out."""


@contextmanager
def chromium(*options: str) -> Iterator[webdriver.Chrome]:
    """A browser with a profile of its own, which is gone afterwards."""
    binary = next(filter(None, map(shutil.which, CHROMIUM)), None)
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        reason = "Chromium and chromedriver are not installed (Debian: apt install chromium chromium-driver)"
        if os.environ.get(REQUIRED):
            pytest.fail(reason)
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="eks-blueprints-") as profile:
        given = webdriver.ChromeOptions()
        given.binary_location = binary
        for option in (
            *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-dev-shm-usage"),
            *("disable-background-networking", "disable-component-update", "disable-sync", "hide-scrollbars"),
            "force-prefers-reduced-motion",  # else a click may come before its target has scrolled there
            *(f"user-data-dir={profile}", "window-size=1280,900", *options),
        ):
            given.add_argument(f"--{option}")
        given.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        browser = webdriver.Chrome(given, webdriver.ChromeService(driver))
        try:
            yield browser
        finally:
            browser.quit()


def requested(browser: webdriver.Chrome) -> list[str]:
    """The addresses that it asked for since the last question."""
    messages = [json.loads(entry["message"])["message"] for entry in _log(browser, "performance")]
    return [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]


def complaints(browser: webdriver.Chrome) -> list[str]:
    """What it wrote to the console since the last question, breaches of the policy included."""
    return [str(entry["message"]) for entry in _log(browser, "browser")]


def _log(browser: webdriver.Chrome, name: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = browser.get_log(name)  # type: ignore[no-untyped-call]  # of selenium
    return entries


def written(folder: Path, name: str, content: str) -> str:
    """A file of this content, as an address."""
    path = folder / f"{name}.html"
    path.write_text(content, encoding="utf-8")
    return path.as_uri()
