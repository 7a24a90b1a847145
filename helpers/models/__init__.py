"""Load a model, and what is asked of it: tokens, chats, prompts, memory."""

from helpers.models import remote, smollm2
from helpers.models.adapters import ADAPTERS, add_adapter
from helpers.models.chats import chat_prompt
from helpers.models.families import load_family_table
from helpers.models.load import load_model
from helpers.models.memory import estimate, GB, read_budget
from helpers.models.neutral import load_neutral, written_neutral
from helpers.models.places import chat_frame, message_places, token_spans
from helpers.models.prompts import (
    adds_space, check_new, check_prompts, check_seeds, token_rows,
)
from helpers.models.properties import (
    CHECKPOINTS, d_model, default_layer, default_start, depths, EMBEDDED,
    evidence_file, is_embedded, model_name, n_layers, text_config, where,
)
from helpers.models.remote import home, travels
from helpers.models.selfcheck import unwrap
from helpers.models.tokens import (
    as_list, check_length, pad, Row, token_strings, tokenize,
)
from helpers.models.twins import random_twin, relatives, sketch

__all__ = [
    "ADAPTERS", "CHECKPOINTS", "EMBEDDED", "GB", "Row", "add_adapter", "adds_space",
    "as_list", "chat_frame", "chat_prompt", "check_length", "check_new",
    "check_prompts", "check_seeds", "d_model", "default_layer", "default_start",
    "depths", "estimate", "evidence_file", "home", "is_embedded",
    "load_family_table", "load_model", "load_neutral", "message_places",
    "model_name", "n_layers", "pad", "random_twin", "read_budget", "relatives",
    "remote", "sketch", "smollm2", "text_config", "token_rows", "token_spans",
    "token_strings", "tokenize", "travels", "unwrap", "where",
    "written_neutral",
]
