"""Texts to read vectors from: stories, neutral texts, and the list of emotions."""

from helpers.datasets.emotions import cluster_of, load_emotions
from helpers.datasets.stories import load_neutral, load_stories

__all__ = ["cluster_of", "load_emotions", "load_neutral", "load_stories"]
