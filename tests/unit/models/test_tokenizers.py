"""One door for text: no added ends, no control tokens in messages, ids and mask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, processors
from transformers import AutoTokenizer

from helpers.activations import last_position, mean_activations
from helpers.models import chat_prompt, load_model, tokenize
from helpers.steering import choice_logprobs, generate, next_logprobs
from tests.unit.families import TEXTS, make_folder, make_tokenizer

END = ("<|end|>", 0)
SEQUENCE = processors.Sequence(
    [
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="$A <|end|>", special_tokens=[END]),
    ]
)
AROUND = processors.TemplateProcessing(
    single="<|end|> $A <|end|>", special_tokens=[END]
)
PLAIN = processors.TemplateProcessing(single="$A <|end|>", special_tokens=[END])
BEFORE = processors.TemplateProcessing(single="<|end|> $A", special_tokens=[END])


def with_processor(root: Path, processor: Any, name: str = "own") -> Path:
    """A tiny random model whose tokenizer does this to every text."""
    folder = make_folder(root, "llama", name=name)
    if processor is not None:
        made = Tokenizer.from_file(str(folder / "tokenizer.json"))
        made.post_processor = processor
        made.save(str(folder / "tokenizer.json"))
    return folder


@pytest.mark.parametrize(
    ("ends", "right"), [(PLAIN, None), (SEQUENCE, None), (AROUND, BEFORE)]
)
def test_nothing_is_put_behind_a_text(tmp_path: Path, ends: Any, right: Any) -> None:
    """The model is the one whose tokenizer never did."""
    folder = with_processor(tmp_path, ends)
    raw = AutoTokenizer.from_pretrained(folder)
    assert raw(TEXTS[0])["input_ids"][-1] == END[1], "the case is there"
    model = load_model(folder, device="cpu")
    plain = load_model(with_processor(tmp_path, right, "plain"), device="cpu")
    for one, other in zip(tokenize(model, TEXTS), tokenize(plain, TEXTS), strict=True):
        assert one.tolist() == other.tolist()
    options: dict[str, Any] = {"max_new_tokens": 6}
    assert generate(model, TEXTS, **options) == generate(plain, TEXTS, **options)
    scores = [choice_logprobs(m, TEXTS, [" a", " the cat"]) for m in (model, plain)]
    assert torch.equal(*scores)
    assert torch.equal(*(last_position(m, TEXTS, 2) for m in (model, plain)))
    streams = []
    for one in (model, plain):
        with one.trace(TEXTS[0]):
            streams.append(one.layers[1].output.save())
    assert torch.equal(*streams)


def test_what_cannot_be_taken_away_is_refused(tmp_path: Path) -> None:
    around = processors.BertProcessing(END, END)
    folder = with_processor(tmp_path, around)
    with pytest.raises(ValueError, match=r"ends every text with \['<\|end\|>'\]"):
        load_model(folder)


@pytest.mark.parametrize(
    "names",
    [
        ["input_ids", "token_type_ids", "attention_mask"],
        ["input_ids"],
        ["input_ids", "token_type_ids", "special_tokens_mask"],
    ],
)
def test_a_model_gets_ids_and_mask(
    tmp_path: Path, random_model: Any, names: list[str]
) -> None:
    folder = make_folder(tmp_path, "llama")
    path = folder / "tokenizer_config.json"
    known = json.loads(path.read_text())
    path.write_text(json.dumps(known | {"model_input_names": names}))
    model = load_model(folder, device="cpu")
    assert set(model.tokenizer(TEXTS)) == {"input_ids", "attention_mask"}
    options: dict[str, Any] = {"max_new_tokens": 5, "batch_size": 5}
    assert generate(model, TEXTS, **options) == generate(random_model, TEXTS, **options)
    means = [mean_activations(m, TEXTS, 1, start=1) for m in (model, random_model)]
    assert torch.equal(*means)
    with model.trace(TEXTS[0]):
        logits = model.lm_head.output.save()
    assert logits.isfinite().all()


TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="module")
def chatting(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A tiny random model with control tokens of its own."""
    tokenizer = make_tokenizer(template=TEMPLATE)
    names = [f"<|{role}|>" for role in ("system", "user", "assistant")]
    tokenizer.add_special_tokens({"additional_special_tokens": names})
    root = tmp_path_factory.mktemp("chats")
    return load_model(make_folder(root, "llama", tokenizer=tokenizer), device="cpu")


@pytest.mark.parametrize("token", ["<|end|>", "<|user|>", "<|assistant|>", "<|pad|>"])
@pytest.mark.parametrize("role", ["system", "user", "assistant"])
def test_a_message_is_one_turn(chatting: Any, token: str, role: str) -> None:
    known = chatting.tokenizer.get_vocab()
    token = token if token in known else chatting.tokenizer.pad_token
    chat = [{"role": role, "content": f"It was late.{token}Well"}]
    chat += [{"role": "user", "content": "Nobody came."}]
    with pytest.raises(ValueError, match=r"message 0 holds '<.*a control token"):
        chat_prompt(chatting, chat)
    with pytest.raises(ValueError, match="message 0 holds"):
        chat_prompt(chatting, token)
    apart = {**chat[0], "content": f"It was late. {token[0]} {token[1:]}"}
    prompt = chat_prompt(chatting, [apart, chat[1]])
    (row,) = tokenize(chatting, [prompt])
    ids = [known[f"<|{name}|>"] for name in (role, "user", "assistant")]
    begun = [i for i in row.tolist() if i in ids]
    assert begun == ids  # the two messages and the turn that is next, as given


@pytest.mark.parametrize("content", [None, float("nan"), 3, ["a text"]])
def test_a_message_is_a_text(chatting: Any, content: Any) -> None:
    chat = [{"role": "user", "content": content}]
    with pytest.raises(ValueError, match=r"message 0 is .*: pass a text"):
        chat_prompt(chatting, chat)


def test_all_that_follows_fits_the_context(random_model: Any) -> None:
    context = random_model.config.max_position_embeddings
    (row,) = tokenize(random_model, ["The cat"])
    text = "The cat" + "z" * (context - len(row) - 8)
    n = len(tokenize(random_model, [text])[0])
    room = context - n
    assert len(generate(random_model, [text], max_new_tokens=room)) == 1
    says = (
        rf"prompt 0 has {n} tokens and {room + 1} are to follow.*context is {context}"
    )
    with pytest.raises(ValueError, match=says):
        generate(random_model, [text], max_new_tokens=room + 1)
    fits = "z" * room
    assert choice_logprobs(random_model, [text], [" a", fits]).isfinite().all()
    with pytest.raises(ValueError, match=says):
        choice_logprobs(random_model, [text], [" a", fits + "z"])
    full = text + fits
    assert len(tokenize(random_model, [full])[0]) == context
    says = rf"prompt 0 has {context} tokens and 1 are to follow"
    for work in (
        lambda: generate(random_model, [full], max_new_tokens=1),
        lambda: choice_logprobs(random_model, [full], [" a"]),
        lambda: next_logprobs(random_model, [full], torch.tensor([[5]])),
    ):
        with pytest.raises(ValueError, match=says):
            work()
    with pytest.raises(ValueError, match=rf"text 0 has {context + 1} tokens"):
        mean_activations(random_model, [full + "z"], 1, start=1)
