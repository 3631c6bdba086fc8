"""A cluster in China: another partition, with the same file."""

from __future__ import annotations

from dataclasses import replace

from examples.managed import MANAGED

CHINA = replace(MANAGED, name="china", region="cn-north-1")
