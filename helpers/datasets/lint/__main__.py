"""`python -m helpers.datasets.lint`: list what is wrong, and fail if anything is."""

import sys

import pandas as pd

from helpers.datasets.lint import lint_short, lint_stories, lint_texts, lint_written

if __name__ == "__main__":
    findings = pd.concat([lint_stories(), lint_short(), lint_texts(), lint_written()])
    print(findings.to_string(index=False) if len(findings) else "nothing found")
    sys.exit(len(findings) > 0)
