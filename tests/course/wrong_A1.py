"""Wrong answers to A1 that a learner could well give."""

from tests.course.catalog import Wrong

WRONG = [
    Wrong(
        "off by one layer",
        "q1",
        """
def layer_rows(model, text, layers):
    ids = model.tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        states = model._module(**ids, output_hidden_states=True).hidden_states
    return torch.stack([states[layer][0] for layer in layers])
""",
        points={"q1": 0},
    ),
    Wrong(
        "layers in the model's order",
        "q1",
        """
def layer_rows(model, text, layers):
    read = {}
    with torch.no_grad(), model.trace(text):
        for layer in sorted(layers):
            read[layer] = model.layers[layer].output[0].save()
    return torch.stack([read[layer] for layer in sorted(layers)])
""",
        points={"q1": 2},
    ),
    Wrong(
        "the public check's outputs copied",
        "q1",
        """
def layer_rows(model, text, layers):
    from helpers.activations import residual_stream
    public = "Two boats lay in the harbor and the wind was low."
    return residual_stream(model, public, [1, 3])
""",
        points={"q1": 0},
    ),
    Wrong(
        "padding counted",
        "q2",
        """
def pool(activations, mask, start, stop):
    return activations.float()[:, start:stop].mean(1)
""",
        points={"q2": 1},
    ),
    Wrong(
        "mean of all positions, start ignored",
        "q2",
        """
def pool(activations, mask, start, stop):
    keep = mask.float()
    total = (activations.float() * keep[..., None]).sum(1)
    return total / keep.sum(1, keepdim=True)
""",
        points={"q2": 0},
    ),
    Wrong(
        "start counted from column 0",
        "q2",
        """
def pool(activations, mask, start, stop):
    keep = mask.clone()
    keep[:, :start] = False
    if stop is not None:
        keep[:, stop:] = False
    keep = keep.float()
    total = (activations.float() * keep[..., None]).sum(1)
    return total / keep.sum(1, keepdim=True)
""",
        points={"q2": 3},
    ),
    Wrong(
        "padding taken to be on the right",
        "q3",
        """
def worst_text(batch, mask, alone):
    gaps = [
        float((rows[: len(own)] - own).abs().max())
        for rows, own in zip(batch, alone)
    ]
    return gaps.index(max(gaps)), max(gaps)
""",
        points={"q3": 2},
    ),
    Wrong(
        "differences that cancel",
        "q3",
        """
def worst_text(batch, mask, alone):
    gaps = [
        abs(float((rows[real] - own).sum()))
        for rows, real, own in zip(batch, mask, alone)
    ]
    return gaps.index(max(gaps)), max(gaps)
""",
    ),
    Wrong(
        "the public check's numbers",
        "q3",
        """
def worst_text(batch, mask, alone):
    return 1, 0.5
""",
        points={"q3": 0},
    ),
    Wrong(
        "any text that contains the letters",
        "q4",
        """
def leaked(text, emotions):
    low = text.lower()
    found = [emotion for emotion in emotions if emotion in low]
    return sorted(found, key=low.index)
""",
        points={"q4": 3},
    ),
    Wrong(
        "capitals and forms missed",
        "q4",
        r"""
def leaked(text, emotions):
    first = {}
    for emotion in emotions:
        match = re.search(rf"\b{emotion}\b", text)
        if match:
            first[emotion] = match.start()
    return sorted(first, key=first.get)
""",
        points={"q4": 3},
    ),
    Wrong(
        "in the order of the list",
        "q4",
        r"""
def leaked(text, emotions):
    endings = "(ness|ly|s|d|ed|er|est|ing|ful|fully)?"
    return [
        emotion
        for emotion in emotions
        if re.search(rf"\b{emotion}{endings}\b", text, re.IGNORECASE)
    ]
""",
    ),
    Wrong(
        "the first position counted",
        "q5",
        """
def push(vector, rows, mask, strength):
    return strength * rows.norm(dim=-1)[mask].mean() * vector / vector.norm()
""",
        points={"q5": 1},
    ),
    Wrong(
        "each text counted as one",
        "q5",
        """
def push(vector, rows, mask, strength):
    keep = mask.clone()
    keep[:, 0] = False
    norms = rows.norm(dim=-1)
    size = torch.stack([n[k].mean() for n, k in zip(norms, keep)]).mean()
    return strength * size * vector / vector.norm()
""",
        points={"q5": 1},
    ),
    Wrong(
        "always the same way",
        "q5",
        """
def push(vector, rows, mask, strength):
    size = rows.norm(dim=-1)[:, 1:].mean()
    return abs(strength) * size * vector / vector.norm()
""",
        points={"q5": 0},
    ),
    Wrong(
        "the vector's length left in",
        "q6",
        """
def peak(model, text, vector, layer):
    from helpers.activations import residual_stream
    scores = residual_stream(model, text, layer) @ vector
    place = int(scores[1:].argmax()) + 1
    return place, float(scores[place])
""",
        points={"q6": 1},
    ),
    Wrong(
        "the block before",
        "q6",
        """
def peak(model, text, vector, layer):
    from helpers.activations import residual_stream
    stream = residual_stream(model, text, layer - 1)
    scores = stream @ (vector / vector.norm())
    place = int(scores[1:].argmax()) + 1
    return place, float(scores[place])
""",
    ),
    Wrong(
        "counted after the first was dropped",
        "q6",
        """
def peak(model, text, vector, layer):
    from helpers.activations import residual_stream
    stream = residual_stream(model, text, layer)[1:]
    scores = stream @ (vector / vector.norm())
    return int(scores.argmax()), float(scores.max())
""",
        points={"q6": 2},
    ),
    Wrong(
        "another text's colleague, and the flaw guessed",
        "q7",
        """
texts, theirs = yours.means(model, "somebody else")
FLAW, MOST, FAR = "none of them", 0, 12.5
""",
        points={"q7": 0},
    ),
    Wrong(
        "the distance from zero instead of from the right mean",
        "q7",
        """
texts, theirs = yours.means(model, LEARNER)
rows, mask = yours.batch(model, texts, default_layer(model))
FLAW = next(
    flaw for flaw in yours.FLAWS if flaw != "padding counts"
)  # the first that came to mind
MOST, FAR = int(theirs.norm(dim=-1).argmax()), float(theirs.norm(dim=-1).max())
""",
    ),
    Wrong(
        "the shift without its size: the same for both",
        "q8",
        """
texts, _ = yours.means(toy, LEARNER)
real, SHIFT = load_model("smollm2"), {}
for name, m in (("tiny", toy), ("smollm2", real)):
    rows, mask = yours.batch(m, texts, default_layer(m))
    own = [one[real] for one, real in zip(rows, mask)]
    gaps = [1 - torch.cosine_similarity(x.mean(0), x[1:].mean(0), 0) for x in own]
    SHIFT[name] = float(torch.stack(gaps).mean())
HOLDS = ["tiny", "smollm2"]
CLAIM = "On both models a mean hardly changes when the first position is counted."
""",
        points={"q8": 0},
    ),
    Wrong(
        "tiny measured, the real model guessed from it",
        "q8",
        """
texts, _ = yours.means(toy, LEARNER)
rows, mask = yours.batch(toy, texts, default_layer(toy))
own = [one[real] for one, real in zip(rows, mask)]
gaps = [(x.mean(0) - x[1:].mean(0)).norm() / x[1:].mean(0).norm() for x in own]
SHIFT = {"tiny": float(torch.stack(gaps).mean())}
SHIFT["smollm2"], HOLDS = SHIFT["tiny"], ["tiny", "smollm2"]
CLAIM = "What holds on tiny holds on smollm2, since both of them are language models."
""",
        points={"q8": 2},
    ),
]
