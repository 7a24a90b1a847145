"""The embedded model's world, as text: its phrases, stories, scenes and acts."""

from helpers.world import act_chats, acts, appraisal, material, scenes, stories, talk
from helpers.world.acts import act_table
from helpers.world.material import MARK, emotions, lexicon
from helpers.world.stories import beat, opening

__all__ = [
    "MARK", "act_chats", "act_table", "acts", "appraisal", "beat", "emotions",
    "lexicon", "material", "opening", "scenes", "stories", "talk",
]
