"""Checks of the written stories: leaks, length, person, crossing, copies, openings.

Each rule takes the table of stories (emotion, topic, person, text) and gives findings
as (rule, emotion, topic, detail). Rules of other texts are tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer

from helpers.datasets.emotions import load_emotions
from helpers.datasets.written import entries, load_written_stories

WORDS = (60, 110)  # shortest and longest story
SHARED, COSINE = 0.05, 0.5  # of 5-grams, and of TF-IDF, from which two are copies
LENGTH_R = 0.2  # correlation of length with a rating
SPREAD = 10.0  # standard deviation of length, in words, at least
OPENING = 0.01  # share of stories that may begin with the same three words, at most
BRITISH = (  # spellings and words
    r"(?:col|fav|hon|lab|neighb|rum|harb|hum|flav|behavi|od|parl|vap|arm|splend)our\w*"
    r"|grey\w*|\w*centre\w*|theatres?|metres?|litres?|whilst|amongst|mum|mums|mummy"
    r"|lorry|lorries|learnt|spelt|dreamt|leant|burnt|pyjamas|tyres?|kerb|plough\w*"
    r"|(?:real|organ|recogn|apolog)is(?:e|ed|es|ing)|travell\w+|cheques?|queue\w*"
)
ENDINGS = r"(?:s|ed|d|ing|ly|er|est|ness|ment|ful|y|ily|iness)?"

Finding = tuple[str, str, str, str]


def lint_stories(
    stories: pd.DataFrame | None = None, avoid: dict[str, list[str]] | None = None
) -> pd.DataFrame:
    """Everything wrong with stories: rule, emotion, topic, detail; empty if clean.

    `avoid` gives the stems that no story of an emotion may hold.
    """
    table = load_written_stories() if stories is None else stories
    stems = avoid or {e: entry["avoid"] for e, entry in entries().items()}
    found = [
        *leaks(table, stems), *lengths(table), *persons(table), *crossing(table),
        *copies(table), *length_correlations(table), *openings(table),
        *spelling(table),
    ]  # fmt: skip
    return pd.DataFrame(found, columns=["rule", "emotion", "topic", "detail"])


def forbidden(emotion: str, stems: list[str]) -> re.Pattern[str]:
    """The emotion and stems, at the start of a word; short ones with endings only."""
    parts = {emotion.lower(), *(s.lower() for s in stems)}
    if emotion.endswith("y"):
        parts.add(emotion[:-1] + "i")
    each = (
        re.escape(p) + (rf"{ENDINGS}\b" if len(p) <= 4 else r"\w*")
        for p in sorted(parts)
    )
    return re.compile(rf"\b(?:{'|'.join(each)})", re.IGNORECASE)


def leaks(stories: pd.DataFrame, avoid: dict[str, list[str]]) -> Iterator[Finding]:
    """Stories that name their emotion or hold one of its stems."""
    for emotion, group in stories.groupby("emotion"):
        search = forbidden(str(emotion), avoid.get(str(emotion), [])).search
        for row in group.itertuples():
            if hit := search(str(row.text)):
                yield "leak", str(emotion), str(row.topic), hit.group()


def lengths(stories: pd.DataFrame) -> Iterator[Finding]:
    """Stories outside the range of `WORDS`."""
    for row in stories.itertuples():
        n = len(str(row.text).split())
        if not WORDS[0] <= n <= WORDS[1]:
            yield "length", str(row.emotion), str(row.topic), f"{n} words"


def persons(stories: pd.DataFrame) -> Iterator[Finding]:
    """First person must say I, me, my or we outside of quotes; third must not say I."""
    for row in stories.itertuples():
        told = re.sub(r'"[^"]*"|“[^”]*”', " ", str(row.text))
        single = re.search(r"\b(?:I|me|my|mine|myself)\b", told, re.IGNORECASE)
        several = re.search(r"\b(?:we|us|our|ours)\b", told, re.IGNORECASE)
        if '"' in told:
            yield "person", str(row.emotion), str(row.topic), "a quote stays open"
        elif row.person == "first" and not (single or several):
            yield "person", str(row.emotion), str(row.topic), "no narrator"
        elif row.person == "third" and single:
            yield "person", str(row.emotion), str(row.topic), single.group()


def crossing(stories: pd.DataFrame) -> Iterator[Finding]:
    """Each emotion meets each topic once; each has as many in both persons."""
    counts = pd.crosstab(stories.emotion, stories.topic)
    for topic in counts:
        for emotion, n in counts[topic].items():
            if n != 1:
                yield "crossing", str(emotion), str(topic), f"{n} stories"
    first = stories.person == "first"
    for key, slack in (("emotion", 0.0), ("topic", 0.05)):
        for name, group in first.groupby(stories[key]):
            if abs(2 * int(group.sum()) - len(group)) > max(1, slack * len(group)):
                names = (str(name), "") if key == "emotion" else ("", str(name))
                yield "balance", *names, f"{group.sum()} of {len(group)} first"


def copies(stories: pd.DataFrame) -> Iterator[Finding]:
    """Pairs that share too many 5-grams (of the shorter one) or are too close."""
    texts = [str(t) for t in stories.text]
    grams = [five_grams(t) for t in texts]
    holders: dict[tuple[str, ...], list[int]] = {}
    for i, found in enumerate(grams):
        for gram in found:
            holders.setdefault(gram, []).append(i)
    pairs = {p for who in holders.values() for p in combinations(who, 2)}
    for i, j in sorted(pairs):
        share = len(grams[i] & grams[j]) / min(len(grams[i]), len(grams[j]))
        if share >= SHARED:
            yield *pair(stories, i, j), f"{share:.0%} of 5-grams"
    counted = TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
    cosine = np.triu((counted @ counted.T).toarray(), 1)
    for i, j in np.argwhere(cosine >= COSINE).tolist():
        yield *pair(stories, i, j), f"cosine {cosine[i, j]:.2f}"


def five_grams(text: str) -> set[tuple[str, ...]]:
    """Every five words in a row, in lower case."""
    words = re.findall(r"[\w']+", text.lower())
    return set(zip(*(words[k:] for k in range(5)), strict=False))


def pair(stories: pd.DataFrame, i: int, j: int) -> tuple[str, str, str]:
    """Rule, emotions and topics of two stories that are too alike."""
    one, two = stories.iloc[i], stories.iloc[j]
    return "copy", f"{one.emotion} / {two.emotion}", f"{one.topic} / {two.topic}"


def length_correlations(stories: pd.DataFrame) -> Iterator[Finding]:
    """Ratings that the length of a text would give away."""
    words = stories.text.map(lambda text: len(text.split()))
    ratings = load_emotions().set_index("emotion")
    for name in ("valence", "arousal"):
        r = words.corr(stories.emotion.map(ratings[name]).astype(float))
        if abs(r) >= LENGTH_R:
            yield "length with " + name, "", "", f"r = {r:.2f}"


def openings(stories: pd.DataFrame) -> Iterator[Finding]:
    """Three words that too many stories begin with; lengths too much alike."""
    if len(stories) < 1 / OPENING:
        return
    starts = stories.text.str.lower().str.split().str[:3].str.join(" ")
    for start, share in starts.value_counts(normalize=True).items():
        if share > OPENING:
            yield "opening", "", "", f"{share:.1%} begin with {start!r}"
    if (spread := stories.text.map(lambda text: len(text.split())).std()) < SPREAD:
        yield "spread", "", "", f"lengths differ by {spread:.1f} words"


def spelling(stories: pd.DataFrame) -> Iterator[Finding]:
    """Words that are spelled, or used, as in Britain."""
    for row in stories.itertuples():
        for word in re.findall(rf"\b(?:{BRITISH})\b", str(row.text), re.IGNORECASE):
            yield "spelling", str(row.emotion), str(row.topic), word
