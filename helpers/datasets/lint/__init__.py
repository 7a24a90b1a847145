"""Checks of the written texts, as tables of findings; empty where all is well."""

from helpers.datasets.lint.scenes import lint_written
from helpers.datasets.lint.short import lint_short
from helpers.datasets.lint.stories import lint_stories
from helpers.datasets.lint.texts import lint_texts

__all__ = ["lint_short", "lint_stories", "lint_texts", "lint_written"]
