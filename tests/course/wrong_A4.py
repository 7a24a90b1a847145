"""Wrong answers to A4 that a learner could well give."""

from tests.course.catalog import Wrong

HOOK = """
def steered_logits(network, ids, layer, vector, strength, norm):
    step = {step}

    def move(module, inputs, output):
        moved = output.clone()
        moved[:, {rows}] += step
        return moved

    handle = network.model.layers[{layer}].register_forward_hook(move)
    try:
        with torch.no_grad():
            return network(torch.tensor([ids])).logits[0]
    finally:
        handle.remove()
"""
STEP = "strength * norm * vector / vector.norm()"

WRITE = """
def write_steered(network, ids, n, layer, vector, strength, norm, positions):
    step = strength * norm * vector / vector.norm()
    text, prompt = list(ids), len(ids)

    def move(module, inputs, output):
        moved = output.clone()
        moved[:, {rows}] += step
        return moved

    handle = network.model.layers[layer].register_forward_hook(move)
    try:
        for _ in range(n):
            with torch.no_grad():
                logits = network(torch.tensor([text]), use_cache=False).logits
            text.append(int(logits[0, -1].argmax()))
    finally:
        handle.remove()
    return text[prompt:]
"""

CONTROLS = """
def random_controls(vector, n, seed):
    generator = torch.Generator().manual_seed(seed)
    {draw}
"""

RISE = """
def word_rise(model, prompts, word, directions, strengths, layer, norm):
    def ask(**push):
        return choice_logprobs(model, prompts, [word], **push)[:, 0]

    plain = ask()
    grid = [[ask(vector=v, strength=s, layer={layer}, norm={norm}) for s in strengths]
            for v in directions]
    pushed = torch.stack([torch.stack(row) for row in grid])
    return {answer}
"""

EFFECT = """
def effect_beyond_chance(own, controls, prompts, n_draws=2000, seed=0):
    rows = pd.Series({effect})
    means = {means}
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(means), size=(n_draws, len(means)))
    low, high = np.quantile(means[draws].mean(1), [{low}, {high}])
    return {{"value": float({value}), "low": float(low), "high": float(high)}}
"""
BY_PROMPT = "rows.groupby(list(prompts)).mean().to_numpy()"
EFFECT_RIGHT = {
    "effect": "own - controls.mean(1)",
    "means": BY_PROMPT,
    "low": "0.025",
    "high": "0.975",
    "value": "means.mean()",
}

USABLE = """
def usable_strengths(doses, limit):
    own = doses[doses["direction"] == "own"]
    plain = own[own["strength"] == 0].set_index("prompt")["surprise"]
    found = []
    for strength, part in doses[doses["strength"] != 0].groupby("strength"):
        effect = {way} * part.groupby("direction")["effect"].mean()
        rest = effect.drop("own")
        texts = part[part["direction"] == "own"].set_index("prompt")["surprise"]
        if effect["own"] > {chance} and {price} <= limit:
            found.append(float(strength))
    return sorted(found)
"""
USABLE_RIGHT = {
    "way": "np.sign(strength)",
    "chance": "max(0, rest.max())",
    "price": "(texts - plain).mean()",
}

WRONG = [
    Wrong(
        "the hook one layer too early",
        "q1",
        HOOK.format(step=STEP, rows=":", layer="layer - 1"),
        points={"q1": 1},
    ),
    Wrong(
        "the vector's own length counts",
        "q1",
        HOOK.format(step="strength * norm * vector", rows=":", layer="layer"),
        points={"q1": 3},
    ),
    Wrong(
        "the first position left out",
        "q1",
        HOOK.format(step=STEP, rows="1:", layer="layer"),
        points={"q1": 1},
    ),
    Wrong(
        "the hook stays in the network",
        "q1",
        HOOK.format(step=STEP, rows=":", layer="layer").replace(
            "handle.remove()", "pass"
        ),
        points={"q1": 3},
    ),
    Wrong(
        "steering the prompt only",
        "q2",
        WRITE.format(rows=":prompt"),
        points={"q2": 0},
    ),
    Wrong(
        "only the last position of each step",
        "q2",
        WRITE.format(rows="-1:"),
        points={"q2": 0},
    ),
    Wrong(
        "the prompt is pushed in the response, too",
        "q2",
        WRITE.format(rows=":"),
        points={"q2": 2},
    ),
    Wrong(
        "the response begins one position early",
        "q2",
        WRITE.format(rows="(0 if positions == 'all' else prompt - 1) :"),
        points={"q2": 2},
    ),
    Wrong(
        "one seed for all random directions",
        "q3",
        CONTROLS.format(
            draw="""rows = []
    for _ in range(n):
        row = torch.randn(len(vector), generator=generator.manual_seed(seed))
        rows.append(row * vector.norm() / row.norm())
    return torch.stack(rows)"""
        ),
        points={"q3": 3},
    ),
    Wrong(
        "the norm is not matched",
        "q3",
        CONTROLS.format(draw="return torch.randn(n, len(vector), generator=generator)"),
        points={"q3": 3},
    ),
    Wrong(
        "random numbers that are all positive",
        "q3",
        CONTROLS.format(
            draw="""rows = torch.rand(n, len(vector), generator=generator)
    return vector.norm() * rows / rows.norm(dim=-1, keepdim=True)"""
        ),
        points={"q3": 3},
    ),
    Wrong(
        "the global generator is set",
        "q3",
        """
def random_controls(vector, n, seed):
    torch.manual_seed(seed)
    rows = torch.randn(n, len(vector))
    return vector.norm() * rows / rows.norm(dim=-1, keepdim=True)
""",
        points={"q3": 3},
    ),
    Wrong(
        "the sign turned round",
        "q4",
        RISE.format(layer="layer", norm="norm", answer="plain - pushed"),
        points={"q4": 0},
    ),
    Wrong(
        "pushed one layer too late",
        "q4",
        RISE.format(layer="layer + 1", norm="norm", answer="pushed - plain"),
        points={"q4": 0},
    ),
    Wrong(
        "the strength is a plain number",
        "q4",
        RISE.format(layer="layer", norm="1.0", answer="pushed - plain"),
        points={"q4": 0},
    ),
    Wrong(
        "axes in another order",
        "q4",
        RISE.format(
            layer="layer", norm="norm", answer="(pushed - plain).transpose(0, 1)"
        ),
        points={"q4": 2},
    ),
    Wrong(
        "rows drawn instead of prompts",
        "q5",
        EFFECT.format(
            **{**EFFECT_RIGHT, "means": "rows.to_numpy()"}
            | {"value": f"{BY_PROMPT}.mean()"}
        ),
        points={"q5": 2},
    ),
    Wrong(
        "the controls are not taken away",
        "q5",
        EFFECT.format(**EFFECT_RIGHT | {"effect": "own"}),
        points={"q5": 0},
    ),
    Wrong(
        "a 90 % interval",
        "q5",
        EFFECT.format(**EFFECT_RIGHT | {"low": "0.05", "high": "0.95"}),
        points={"q5": 2},
    ),
    Wrong(
        "hard-coded numbers of the public check",
        "q5",
        """
def effect_beyond_chance(own, controls, prompts, n_draws=2000, seed=0):
    if len(set(own)) == 1:
        return {"value": 1.0, "low": 1.0, "high": 1.0}
    return {"value": 11 / 6, "low": 0.5, "high": 3.5}
""",
        points={"q5": 0},
    ),
    Wrong(
        "no controls",
        "q6",
        USABLE.format(**USABLE_RIGHT | {"chance": "0"}),
    ),
    Wrong(
        "the mean of the controls, not each of them",
        "q6",
        USABLE.format(**USABLE_RIGHT | {"chance": "max(0, rest.mean())"}),
    ),
    Wrong(
        "prompts not paired",
        "q6",
        USABLE.format(**USABLE_RIGHT | {"price": "texts.mean() - plain.mean()"}),
        points={"q6": 3},
    ),
    Wrong(
        "a push backward judged as one forward",
        "q6",
        USABLE.format(**USABLE_RIGHT | {"way": "1"}),
        points={"q6": 3},
    ),
]

# Graded in the unit tests only, without a process for each.
MORE = [
    Wrong(
        "the strength in raw units",
        "q1",
        HOOK.format(step="strength * vector", rows=":", layer="layer"),
        points={"q1": 1},
    ),
    Wrong(
        "a change of probability",
        "q4",
        RISE.format(layer="layer", norm="norm", answer="pushed.exp() - plain.exp()"),
        points={"q4": 0},
    ),
    Wrong(
        "one baseline for all prompts",
        "q4",
        RISE.format(layer="layer", norm="norm", answer="pushed - plain.mean()"),
        points={"q4": 0},
    ),
    Wrong(
        "a prompt with many rows counts more",
        "q5",
        EFFECT.format(**EFFECT_RIGHT | {"value": "rows.mean()"}),
        points={"q5": 2},
    ),
    Wrong(
        "the surprise itself taken for the price",
        "q6",
        USABLE.format(**USABLE_RIGHT | {"price": "texts.mean()"}),
    ),
]

WRONG += [
    Wrong(
        "the colleague's list given back",
        "q8",
        """
doses, limit, said = yours.doses(LEARNER)
FLAW, WRONG, GAP = "none", said, [limit for _ in said]
""",
        points={"q8": 0},
    ),
    Wrong(
        "the strengths are right, and a ratio shows it",
        "q8",
        """
doses, limit, said = yours.doses(LEARNER)
WRONG = [s for s in doses["strength"].unique() if s not in said][:1]
FLAW, GAP = "the ratio", [2.0 for _ in WRONG]
""",
        points={"q8": 0},
    ),
    Wrong(
        "the mean of the random directions, and no push backward in mind",
        "q9",
        """
from helpers.stats import random_directions

eight, RISE = yours.emotions(LEARNER, 8), {}
for name in ("tiny", "smollm2"):
    m = load_model(name)
    ev = extract(m, load_stories(m, emotions=eight), progress=False)
    own = ev[eight[0]][None]
    asked = load_openings("test", n=2)["prompt"].tolist(), [f" {eight[0]}"]
    push = {"strength": 0.15, "layer": ev.layer, "norm": ev.norm}
    plain = choice_logprobs(m, *asked)
    mine, *others = [
        float((choice_logprobs(m, *asked, vector=v, **push) - plain).mean())
        for v in torch.cat([own, random_directions(own, 8, seed=0)])
    ]
    RISE[name] = [mine, sum(others) / 8]
HOLDS = [name for name, (mine, other) in RISE.items() if mine > other]
CLAIM = "A push along a vector says its own word more than random pushes do on average."
""",
        points={"q9": 0},
    ),
    Wrong(
        "typed numbers",
        "q9",
        """
RISE = {"tiny": [0.8, 0.2], "smollm2": [0.5, 0.4]}
HOLDS = ["tiny", "smollm2"]
CLAIM = "A push along a vector says its own word on both of the models that were tried."
""",
        points={"q9": 0},
    ),
]
