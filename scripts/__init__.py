"""What the Makefile runs: `python -m scripts.build`, `python -m scripts.home`."""
