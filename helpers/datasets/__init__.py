"""Texts that are read: stories, messages, scenes, and the list of emotions."""

from helpers.datasets import own, own_words
from helpers.datasets.activities import load_activities, written_activities
from helpers.datasets.appraisals import load_appraisals, load_exchanges, Split
from helpers.datasets.dialogues import load_dialogues
from helpers.datasets.emotions import cluster_of, load_emotions, load_norms
from helpers.datasets.episodes import load_episodes
from helpers.datasets.masked import (
    load_felt_messages, load_lines, load_masked, load_plain_messages, PARTS,
)
from helpers.datasets.masked_talk import (
    load_masked_chats, load_masked_dialogues, spans_in,
)
from helpers.datasets.messages import (
    load_distress, load_doses, load_messages, load_replies, NEEDS, OWN_REPLIES, TWELVE,
)
from helpers.datasets.moments import load_beginnings, load_moods, load_negations
from helpers.datasets.openings import load_openings
from helpers.datasets.pairs import load_care, load_contrasts, load_judgments, scrambled
from helpers.datasets.planted import planted_axes
from helpers.datasets.roles import roles
from helpers.datasets.scenes import ACTS, load_act_chats, load_scenes, Situation
from helpers.datasets.stories import load_stories, repeated, sentences
from helpers.datasets.subjects import load_subjects
from helpers.datasets.tasks import load_rejections, load_tasks, unseen_tasks
from helpers.datasets.watched import load_long_chats, load_watched, WATCHED_ACTS
from helpers.datasets.written import corpus, entries, load_written_stories, TOPIC_SPLITS
from helpers.models import load_neutral

__all__ = [
    "ACTS", "NEEDS", "OWN_REPLIES", "PARTS", "Situation", "Split", "TOPIC_SPLITS",
    "TWELVE", "WATCHED_ACTS", "cluster_of", "corpus", "entries", "load_act_chats",
    "load_activities", "load_appraisals", "load_beginnings", "load_care",
    "load_contrasts", "load_dialogues", "load_distress", "load_doses",
    "load_emotions", "load_episodes", "load_exchanges", "load_felt_messages",
    "load_judgments", "load_lines", "load_long_chats", "load_masked",
    "load_masked_chats", "load_masked_dialogues", "load_messages", "load_moods",
    "load_negations", "load_neutral", "load_norms", "load_openings",
    "load_plain_messages", "load_rejections", "load_replies", "load_scenes",
    "load_stories", "load_subjects", "load_tasks", "load_watched",
    "load_written_stories", "own", "own_words", "planted_axes", "repeated", "roles",
    "scrambled", "sentences", "spans_in", "unseen_tasks", "written_activities",
]
