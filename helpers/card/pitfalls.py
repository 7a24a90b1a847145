"""Thirty-one ways to be wrong about emotion vectors, as questions to a paper.

Each says where it was met: in the study that this book follows, in a replication or
another work on open models, or in this book. Taught in chapter 14.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd


class Pitfall(NamedTuple):
    """What to ask, why, the chapters that show it, and where it was met."""

    group: str
    name: str
    ask: str
    why: str
    chapters: str
    met: str


TEXTS, READING, PUSHING = "the texts", "reading", "pushing"
SCORING, COUNTING, MEANING = "scoring", "counting", "meaning"
STUDY, REPLICATION, BOOK = "the study", "a replication", "this book"

PITFALLS = (
    Pitfall(
        TEXTS,
        "leaked words",
        "Do the stories name their emotion, or a form of the word?",
        "then a vector is that of a word; a third or more of generated stories leak",
        "02",
        REPLICATION,
    ),
    Pitfall(
        TEXTS,
        "no text-only baseline",
        "How far do word counts get on the same split?",
        "a high accuracy may need no model at all",
        "04",
        STUDY,
    ),
    Pitfall(
        TEXTS,
        "length",
        "Are the texts of each emotion equally long?",
        "an axis that tracks length looks like arousal",
        "06",
        REPLICATION,
    ),
    Pitfall(
        TEXTS,
        "narrator",
        "Are first and third person balanced within each emotion?",
        "*my* and *myself* end up on the axis of calm and anger",
        "02, 06",
        REPLICATION,
    ),
    Pitfall(
        TEXTS,
        "topics",
        "Is each emotion told on each topic?",
        "otherwise the vector knows the topic",
        "04, 06",
        REPLICATION,
    ),
    Pitfall(
        TEXTS,
        "the middle",
        "What was subtracted, and over which set of emotions?",
        "a few unbalanced emotions pull the mean to one side",
        "03",
        REPLICATION,
    ),
    Pitfall(
        TEXTS,
        "one writer",
        "Who wrote the stories, and does another writer give the same vectors?",
        "usable layers change with the writer",
        "",
        REPLICATION,
    ),
    Pitfall(
        TEXTS,
        "stories only",
        "Was it tried on texts that are no stories?",
        "figures fall on messages and chats",
        "05, 07",
        REPLICATION,
    ),
    Pitfall(
        TEXTS,
        "own test set",
        "Was the test set written before the scores were seen?",
        "a test that its author mends until it passes is none",
        "04, 05",
        BOOK,
    ),
    Pitfall(
        READING,
        "uncentered cosines",
        "Was the shared part taken away on both sides?",
        "the shared part hides differences, or makes them",
        "03, 05",
        REPLICATION,
    ),
    Pitfall(
        READING,
        "norms",
        "Are sizes given in units of the residual norm?",
        "a large effect may be a large norm",
        "06, 13",
        REPLICATION,
    ),
    Pitfall(
        READING,
        "padding and templates",
        "Is a batch equal to its texts alone? Which token was read?",
        "left padding and doubled first tokens give false nulls",
        "02",
        REPLICATION,
    ),
    Pitfall(
        READING,
        "first tokens",
        "Were the first positions left out, and is enough left after them?",
        "the first token's norm can be a hundred times the others'",
        "02, 08",
        REPLICATION,
    ),
    Pitfall(
        READING,
        "best layer",
        "Where was the layer chosen, and where was it confirmed?",
        "the best of twenty layers is good by luck",
        "04, 07",
        REPLICATION,
    ),
    Pitfall(
        READING,
        "leaky folds",
        "Is no topic on both sides of the split?",
        "0.9 can fall to chance when whole cells are held out",
        "04",
        REPLICATION,
    ),
    Pitfall(
        READING,
        "synonyms",
        "Are near words told apart, or clusters and margins?",
        "with cosines above 0.9 the argmax is a lottery",
        "03, 04",
        REPLICATION,
    ),
    Pitfall(
        PUSHING,
        "no random vectors",
        "What do random directions of the same norm do, and how many were tried?",
        "a random vector has worked 10 times in 11",
        "08, 10",
        REPLICATION,
    ),
    Pitfall(
        PUSHING,
        "dose by template",
        "Is a slope compared with those of random directions?",
        "anything drifts along a template; trust the sign before the size",
        "05b",
        REPLICATION,
    ),
    Pitfall(
        PUSHING,
        "a push to yes",
        "Do control questions and swapped orders stay put?",
        "a general push to *yes* or *A* looks like a wish",
        "09",
        REPLICATION,
    ),
    Pitfall(
        PUSHING,
        "too strong",
        "What does fluency do at that dose?",
        "broken text scores as almost anything",
        "08",
        STUDY,
    ),
    Pitfall(
        PUSHING,
        "prompts that go wrong",
        "For how many prompts does the push go the other way?",
        "a mean hides them",
        "08",
        BOOK,
    ),
    Pitfall(
        PUSHING,
        "forced words",
        "Was the act chosen freely, or after a forced opening?",
        "the two can differ",
        "10, 11b",
        REPLICATION,
    ),
    Pitfall(
        SCORING,
        "judges",
        "Who scores, blind to the condition, and do two scorers agree?",
        "two judges can turn a result round",
        "08, 10",
        REPLICATION,
    ),
    Pitfall(
        SCORING,
        "the scorer's bugs",
        "Does the scorer have tests with planted cases?",
        "a score of 8 plus a score of 5 is not 85",
        "10",
        REPLICATION,
    ),
    Pitfall(
        SCORING,
        "floor and ceiling",
        "What is the rate before anything is done?",
        "from 0 or 1 there is one way to go",
        "10",
        REPLICATION,
    ),
    Pitfall(
        SCORING,
        "other languages",
        "How much of the steered text is in another script?",
        "some models slip, and word lists do not see it",
        "",
        REPLICATION,
    ),
    Pitfall(
        COUNTING,
        "no intervals",
        "Are there intervals, and over what: texts, or topics and scenes?",
        "a hundred wordings of one scene are one scene",
        "02, 10",
        STUDY,
    ),
    Pitfall(
        COUNTING,
        "tiny samples",
        "What would chance give with so few cases?",
        "a perfect rank order of seven doses is not rare among many",
        "05b, 10",
        REPLICATION,
    ),
    Pitfall(
        COUNTING,
        "precision",
        "Which dtype, and were compared models in the same one?",
        "8 bits against 16 is a difference, too",
        "13",
        REPLICATION,
    ),
    Pitfall(
        MEANING,
        "a concept is no state",
        "Does the sentence go further than the rungs that hold?",
        "a direction for *afraid* is there whoever is afraid",
        "07b, 14",
        STUDY,
    ),
    Pitfall(
        MEANING,
        "here and now",
        "Was it read later, when the talk was of something else?",
        "what is read is local; the search for a lasting mood came back empty",
        "07b",
        STUDY,
    ),
)


def load_pitfalls() -> pd.DataFrame:
    """The pitfalls as a table: group, name, ask, why, chapters, met."""
    return pd.DataFrame(PITFALLS)
