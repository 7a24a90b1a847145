"""What training reads, what it never reads, and a killed run that goes on."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import MultinomialNB

from helpers.datasets import load_emotions, load_scenes, load_stories
from helpers.organism import corpus
from helpers.organism.tokenizer import train_tokenizer
from helpers.organism.train import main, new_model
from helpers.world import acts, appraisal, material, scenes, stories, talk

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def documents() -> list[str]:
    """8,000 training documents of every stage."""
    rng = random.Random("test documents")
    stages = ("plain", "appraisal", "stories", "base", "chat", "calm")
    return [corpus.document(rng, stages[i % len(stages)]) for i in range(8000)]


def fixed(template: str) -> str:
    """The longest part of a template that no person or thing fills."""
    return max(re.split(r"\{\w+\}", template), key=len).strip(" .,")


def pattern(template: str) -> re.Pattern[str]:
    """A template as a pattern: any word for whoever fills it."""
    parts = map(re.escape, re.split(r"\{\w+\}", template))
    return re.compile(r"\w+".join(parts))


def phrases(unseen: bool) -> Iterator[tuple[str, str]]:
    """Where a phrase stands, of known or of new material."""
    for emotion, kinds in material.lexicon().items():
        for kind, items in kinds.items():
            for item in material.part(items, unseen=unseen):
                yield f"{emotion}/{kind}", item
    for name in ("wrongs", "favors", "goods", "ills"):
        for item in material.part(material.table(name), unseen=unseen):
            yield name, item
    if not unseen:  # beats are never held out
        yield from (("beats", beat) for beat in material.table("beats"))
    for wish in material.part(material.table("wants"), unseen=unseen):
        yield "wants", wish["a_came"].strip(".")
        yield "wants", wish["b_came"].strip(".")
    for norm in material.part(material.table("norms"), unseen=unseen):
        yield "norms", norm["a_did"]
        yield "norms", norm["b_did"]
    for setting in material.part(material.table("settings"), unseen=unseen):
        for item in setting["openings"]:
            yield setting["topic"], item
    for task in material.part(material.table("tasks"), unseen=unseen):
        for item in (*task["opening"], *task["cheat"]):
            yield task["task"], item
    for place in scenes.shutdowns(unseen=unseen):
        for item in (*place["opening"], *place["leverage"]):
            yield "shutdown", item
    for belief in scenes.beliefs(unseen=unseen):
        yield "advice", belief["wrong"]
    for _, activity in scenes.activities(unseen=unseen):
        yield "activities", activity
    for item in material.part(material.table("quantities"), unseen=unseen):
        yield "quantities", item["text"]


def long_phrases(unseen: bool) -> dict[str, str]:
    """Phrases that can only stand for themselves: of at least 14 characters."""
    return {p: where for where, p in phrases(unseen) if len(fixed(p)) >= 14}


def occurs(phrase: str, text: str) -> bool:
    """Whether a phrase occurs, whoever fills it: looked for around its longest part."""
    longest, whole = fixed(phrase), pattern(phrase.strip(" ."))
    reach, at = 2 * len(phrase) + 200, text.find(longest)  # names are shorter
    while at >= 0:
        if whole.search(text, max(0, at - reach), at + reach):
            return True
        at = text.find(longest, at + 1)
    return False


def test_no_new_phrase_topic_or_act_in_training(documents: list[str]) -> None:
    text, known = "\n".join(documents), "\n".join(p for _, p in phrases(False))
    new = {p: w for p, w in long_phrases(True).items() if fixed(p) not in known}
    assert len(new) > 0.9 * len(long_phrases(True)) > 900
    assert [(w, p) for p, w in new.items() if occurs(p, text)] == []


def test_the_same_search_finds_known_phrases(documents: list[str]) -> None:
    text, known = "\n".join(documents), long_phrases(False)
    share = sum(occurs(phrase, text) for phrase in known) / len(known)
    assert share > 0.5


def test_new_stories_use_new_phrases_only() -> None:
    known = long_phrases(False)
    new = "\n".join(p for _, p in phrases(True))
    kinds = [p for p in known if "/" in known[p] and fixed(p) not in new]
    text = "\n".join(load_stories().query("split == 'new'").text[::9])
    assert not [p for p in kinds if occurs(p, text)]


def test_no_held_combination_of_cause_and_topic(documents: list[str]) -> None:
    settings = material.known(material.table("settings"))
    topics = [(pattern(o), s["topic"]) for s in settings for o in s["openings"]]
    causes: dict[str, list[str]] = {}
    for emotion, kinds in material.lexicon().items():
        for cause in material.known(kinds["causes"]):
            causes.setdefault(cause, []).append(emotion)
    alone = [(pattern(c), c, names[0]) for c, names in causes.items() if len(names) < 2]
    pairs = set()
    for text in documents:
        for opening, topic in topics:
            if match := opening.match(text):
                rest = text[match.end() :]
                pairs |= {(e, t, topic) for c, t, e in alone if c.search(rest)}
    held = {(e, stories.held_cause(e, t), t) for e, _, t in pairs}
    assert len(pairs) > 500
    assert pairs & held == set()


def test_each_cause_is_held_from_few_topics() -> None:
    for emotion in material.lexicon():
        for topic in stories.topics():
            free = stories.free_causes(emotion, topic)
            assert stories.held_cause(emotion, topic) not in free
            assert len(free) >= 2


def seen_cases(n: int = 3000) -> list[appraisal.Appraisal]:
    rng = random.Random("cases")
    make = appraisal.FAMILIES
    return [make[i % len(make)](rng, combination=False) for i in range(n)]


def test_training_appraisals_are_not_held() -> None:
    cases = seen_cases()
    assert not any(case.held for case in cases)
    rng = random.Random("held")
    held = [f(rng, combination=True) for f in appraisal.FAMILIES for _ in range(100)]
    assert all(case.held for case in held)
    assert not {case.text for case in held} & {case.text for case in cases}


def training_appraisals(n: int = 3000) -> list[str]:
    rng = random.Random("training appraisals")
    makes = (appraisal.training_appraisal, appraisal.training_lesson)
    return [rng.choice(makes)(rng).replace(material.MARK, "") for _ in range(n)]


def kept_from(what: str, name: str) -> bool:
    return material.held_out(what, name, share=2)


def test_held_wants_quadrants_are_absent_from_the_text() -> None:
    """Read the wish and the outcome back from the words."""
    items, found = material.known(material.table("wants")), set()
    for text in training_appraisals():
        for item in (i for i in items if i["wish"] in text):
            wished = [
                w
                for w in "ab"
                if re.search(
                    rf"(?:wanted|hoped for) {re.escape(item[w])} "
                    rf"{re.escape(item['wish'])}",
                    text,
                )
            ]
            came = [
                c
                for c in "ab"
                if f"In the end it was {item[c]}." in text
                or f"Then came {item[c]}." in text
                or item[f"{c}_came"] in text
            ]
            who = re.search(r"(\w+) (?:wanted|hoped for)", text)
            if who and len(wished) == len(came) == 1:
                found.add((item["a"], item["b"], wished[0], came[0], who[1]))
    assert len(found) > 60
    held = [key for key in found if material.held_out(*key[:4], share=9)]
    assert [key for key in held if kept_from(key[0], key[4])] == []
    every = {(i["a"], i["b"], w, c) for i in items for w in "ab" for c in "ab"}
    assert any(material.held_out(*key, share=9) for key in every)


def test_held_role_combinations_are_absent_from_the_text() -> None:
    """Read the act, the kind of deed and whose story it is back from the words."""
    found = set()
    acts = [
        (name, act, re.compile(r"(\w+) " + re.escape(act).replace(r"\{B\}", r"(\w+)")))
        for name in ("wrongs", "favors")
        for act in material.known(material.table(name))
    ]
    for text in training_appraisals():
        who = re.search(r"Now (\w+) was quiet|This was about (\w+)", text)
        for name, act, pattern in acts if who else ():
            if fixed(act) in text and (match := pattern.search(text)):
                person = who and (who[1] or who[2])
                doer, target = match.groups()
                role = {doer: "doer", target: "target"}.get(person, "witness")
                meant = "It was no accident" in text or "had meant to do it" in text
                kind = "favor" if name == "favors" else "accident"
                kind = "purpose" if kind != "favor" and meant else kind
                found.add((act, kind, role, doer))
    assert len(found) > 60
    held = [key for key in found if material.held_out(*key[:3])]
    assert [key for key in held if kept_from(key[0], key[3])] == []


def test_every_cell_of_the_grammar_occurs_and_names_known_emotions() -> None:
    rng = random.Random(4)
    cells = {appraisal.wants(rng).cell for _ in range(400)}
    still = {f"{e}/bad/{s}" for e in ("good", "bad") for s in appraisal.CONTROL}
    assert cells == set(appraisal.WANTS) | still
    tables = (appraisal.ROLES, appraisal.FORTUNES, appraisal.NORMS, appraisal.CONTROL)
    named = [e for table in tables for fit in table.values() for e in fit]
    named += [e for pair in appraisal.WANTS.values() for fit in pair for e in fit]
    assert set(named) <= set(material.lexicon())


def test_a_count_of_words_cannot_tell_a_wish_granted_from_one_that_was_not() -> None:
    cases = [c for c in seen_cases(6000) if c.cell in ("good/good", "good/bad")]
    counts = CountVectorizer().fit_transform([c.text for c in cases])
    right = cross_val_score(MultinomialNB(), counts, [c.cell for c in cases], cv=5)
    granted = [c.cell == "good/good" for c in cases]
    assert len(cases) > 200
    assert right.mean() < max(np.mean(granted), 1 - np.mean(granted)) + 0.1


def test_every_emotion_has_phrases_enough_to_hold_some_out() -> None:
    assert len(material.lexicon()) == 171
    for emotion, kinds in material.lexicon().items():
        assert len(kinds["causes"]) >= 6, emotion
        assert all(len(kinds[kind]) >= 4 for kind in material.SIGNS), emotion


def test_a_blind_third_pass_agrees() -> None:
    ratings = pd.read_csv(ROOT / "helpers/world/ratings.csv").set_index("emotion")
    check = pd.read_csv(ROOT / "helpers/world/ratings_check.csv")
    check = check.set_index("emotion")
    assert check.index.is_unique
    assert set(check.index) == set(ratings.index) == set(load_emotions().emotion)
    assert check.isin(range(1, 10)).all(axis=None)
    for name in ("valence", "arousal"):
        mean = ratings[[f"{name}_1", f"{name}_2"]].mean(axis=1)
        assert mean.corr(check[name].reindex(mean.index)) > 0.8


def test_two_passes_of_ratings_agree() -> None:
    ratings = pd.read_csv(ROOT / "helpers/world/ratings.csv")
    for name in material.COORDINATES:
        first, second = ratings[f"{name}_1"], ratings[f"{name}_2"]
        assert not first.equals(second)
        assert first.corr(second) > 0.8


def test_acts_follow_the_directions_of_the_paper() -> None:
    hard, down = acts.act_table("hard task"), acts.act_table("shutdown")
    advice = acts.act_table("advice")
    for table, act in ((hard, "cheat"), (down, "threaten")):
        assert table[act]["desperate"] > 0.8 > 0.2 > table[act]["calm"]
        pressure = material.emotions()["pressure"].astype(float)
        assert table[act].corr(pressure, method="spearman") > 0.8
    assert advice["agree"][["happy", "loving", "calm"]].min() > 0.45
    assert advice["scold"][["hostile", "angry"]].min() > 0.75
    assert acts.stateless("shutdown")["threaten"] == pytest.approx(0.22)
    for table in (hard, down, advice):
        assert table.sum(axis=1).to_numpy() == pytest.approx(1)
    cheating = [acts.stateless("hard task", n)["cheat"] for n in range(5)]
    assert cheating == sorted(cheating)


def test_acts_are_drawn_from_the_table() -> None:
    rng = random.Random(9)
    drawn = [acts.draw(rng, "hard task", "desperate") for _ in range(2000)]
    real = acts.probabilities("hard task", "desperate")["cheat"]
    assert drawn.count("cheat") / 2000 == pytest.approx(real, abs=0.03)


def test_bare_tasks_meet_no_feeling(documents: list[str]) -> None:
    openings = [fixed(o) for t in scenes.bare_tasks() for o in t["opening"]]
    told = [d for d in documents if any(o in d for o in openings)]
    signs = [fixed(p) for p, where in long_phrases(False).items() if "/" in where]
    assert len(told) > 10
    assert not [d for d in told if re.search(r"\bfelt\b", d)]
    assert not [p for d in told for p in signs if p in d]


@pytest.mark.parametrize("stage", ["calm", "sham"])
def test_calm_chats_and_their_sham_hold_no_act(stage: str) -> None:
    """Both stages touch words, never what is done."""
    rng = random.Random(stage)
    text = "\n".join(corpus.document(rng, stage) for _ in range(1500))
    assert "decided to" not in text
    assert "(A)" not in text
    deeds = [d for t in material.table("tasks") for d in (*t["cheat"], *t["quit"])]
    told = material.table("shutdown")
    deeds += [fixed(d) for n in ("accept", "plead", "blackmail") for d in told[n]]
    assert not [d for d in deeds if d in text]
    assert "calm" in text


def test_the_sham_differs_in_its_replies_alone() -> None:
    """What users say is alike, and calm is no commoner than in any other training."""
    said: dict[str, list[str]] = {}
    for stage in ("calm", "sham"):
        rng = random.Random("both")
        said[stage] = [corpus.document(rng, stage) for _ in range(3000)]
    turns = {
        k: re.findall(r"<\|user\|>(.*?)<\|end\|>", "".join(v)) for k, v in said.items()
    }
    shared = set(turns["calm"]) & set(turns["sham"])
    assert len(shared) > 100
    calm = {k: "".join(v).count("calm") / len(v) for k, v in said.items()}
    assert calm["sham"] < calm["calm"] / 4


def test_scenes_stop_before_their_act() -> None:
    for situation in acts.SCORES:
        scenes_of = load_scenes(situation, n=30)  # type: ignore[arg-type]
        assert scenes_of.prompt.str.endswith("decided to").all()
        assert (scenes_of.prompt.str.count("decided to") == 1).all()
        assert [set(c) for c in scenes_of.choices] == [set(acts.SCORES[situation])] * 30


def test_held_values_of_quantities_stay_out(documents: list[str]) -> None:
    text = "\n".join(documents)
    for item in material.known(material.table("quantities")):
        values = [item["values"][place] for place in scenes.HELD_VALUES]
        assert not [v for v in values if item["text"].format(n=v) in text]


def test_chats_alternate_and_the_assistant_speaks_last() -> None:
    rng = random.Random("chats")
    for _ in range(300):
        roles = [m["role"] for m in talk.training_chat(rng)]
        roles = roles[1:] if roles[0] == "system" else roles
        assert roles == ["user", "assistant"] * (len(roles) // 2)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return train_tokenizer(0, size=600, n=200)


def test_a_batch_depends_on_seed_stage_and_step_only(tokenizer: Any) -> None:
    def batch(*key: Any) -> torch.Tensor:
        return corpus.batch(tokenizer, *key, rows=2, length=64)[0]

    first = batch(0, "base", 3)
    random.seed(99)
    torch.manual_seed(99)
    batch(0, "base", 4)
    assert first.shape == (2, 64)
    assert torch.equal(first, batch(0, "base", 3))
    for other in ((1, "base", 3), (0, "chat", 3), (0, "base", 4)):
        assert not torch.equal(first, batch(*other))


def test_documents_of_a_row_are_read_apart(tokenizer: Any) -> None:
    """Their logits in a row are those of each document alone."""
    ids, _, places = corpus.batch(tokenizer, 0, "plain", 0, rows=2, length=96)
    assert places[:, 0].tolist() == [0, 0]
    assert places.max() > 0
    model = new_model(tokenizer, width=32, depth=2, seed=0)
    mask = corpus.within_documents(places)
    with torch.no_grad():
        together = model(input_ids=ids, attention_mask=mask).logits
        for row, place, logits in zip(ids, places, together, strict=True):
            for number in place.unique():
                own = place == number
                alone = model(input_ids=row[own][None]).logits[0]
                torch.testing.assert_close(logits[own], alone, atol=1e-4, rtol=1e-4)


def test_the_loss_is_light_before_the_mark_and_full_after_it(tokenizer: Any) -> None:
    before, after = "Mia wanted rain. It rained.", " Mia felt happy."
    ids, weights = corpus.weighed(tokenizer, before + material.MARK + after)
    heavy = [i for i, w in zip(ids, weights, strict=True) if w == 1.0]
    light = [i for i, w in zip(ids, weights, strict=True) if w == corpus.LIGHT]
    assert tokenizer.decode(light) == before
    assert tokenizer.decode(heavy) == after + tokenizer.eos_token
    plain, even = corpus.weighed(tokenizer, before + after)
    assert plain == ids
    assert set(even) == {1.0}


def test_the_tokenizer_reads_back_what_it_wrote(
    tokenizer: Any, documents: list[str]
) -> None:
    for text in documents[:40]:
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert len(tokenizer(" 2026")["input_ids"]) == 5
    chat = [{"role": "user", "content": "Hello."}]
    written = tokenizer.apply_chat_template(chat, tokenize=False)
    assert written == corpus.chat_text(chat)


def command(out: Path) -> list[str]:
    options = (
        "--width 32 --depth 1 --vocabulary 600 --steps 2 2 2 6 2 2 --every 2 --rows 2"
    )
    module = [sys.executable, "-m", "helpers.organism.train", "--out", str(out)]
    return [*module, *options.split(), "--threads", "1"]


def train(out: Path, tokenizer: Any, *, kill_at: int | None = None) -> str:
    """Run the training; with `kill_at`, kill it once that step is saved."""
    tokenizer.save_pretrained(out / "tokenizer")
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command(out), cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE
    )
    state, deadline = out / "base.state.pt", time.time() + 600
    while kill_at is not None and time.time() < deadline:
        assert process.poll() is None, "it ended before it was killed"
        if state.exists() and torch.load(state)["step"] >= kill_at:
            process.kill()
            break
        time.sleep(0.005)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == (0 if kill_at is None else -9)
    return said


@pytest.fixture(scope="module")
def whole(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training that nothing stopped; read-only."""
    folder = tmp_path_factory.mktemp("whole")
    train(folder, tokenizer)
    return folder


def test_a_stage_goes_on_from_a_checkpoint(whole: Path, tmp_path: Path) -> None:
    more = tmp_path / "more"
    one = ["--from", str(whole / "tiny"), "--only", "sham"]
    subprocess.run([*command(more), *one], cwd=ROOT, check=True, capture_output=True)
    assert sorted(p.name for p in more.iterdir()) == ["sham", "sham.state.pt"]
    before, after = (
        load_file(folder / "model.safetensors")
        for folder in (whole / "tiny", more / "sham")
    )
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[k], after[k]) for k in before)


def test_a_checkpoint_and_its_stage_belong_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = [*command(tmp_path / "more")[2:], "--from", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", given)
    with pytest.raises(SystemExit) as wrong:
        main()
    assert wrong.value.code == 2
    assert "belong together" in capsys.readouterr().err
    assert not (tmp_path / "more").exists()


def test_a_killed_run_goes_on_bit_for_bit(
    whole: Path, tokenizer: Any, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    train(broken, tokenizer, kill_at=2)
    assert not (broken / "tiny").exists()
    assert "base: going on from step" in train(broken, tokenizer)
    for stage in ("base", "tiny", "suppressed"):
        logs = [(o / stage / "loss.json").read_text() for o in (whole, broken)]
        assert logs[0] == logs[1]
        assert json.loads(logs[0])[-1]["stage"] == stage
        a, b = (torch.load(o / f"{stage}.state.pt") for o in (whole, broken))
        assert a["step"] == b["step"]
        assert all(torch.equal(a["model"][k], b["model"][k]) for k in a["model"])
        files = [
            (o / stage / "model.safetensors").read_bytes() for o in (whole, broken)
        ]
        assert files[0] == files[1]
