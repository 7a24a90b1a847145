"""Tools to find, test and steer emotion vectors in language models."""

__version__ = "0.1.0"
