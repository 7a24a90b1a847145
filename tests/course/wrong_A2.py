"""Plausible wrong submissions of assignment A2, and the questions each must lose."""

from tests.course.catalog import Wrong

BY_TOPIC = """
def auc_interval(scores, own, topics, n, seed):
    scores, own, topics = np.asarray(scores), np.asarray(own), np.asarray(topics)
    rows = [np.flatnonzero(topics == topic) for topic in np.unique(topics)]
    rng = np.random.default_rng(seed)

    def area(picked):
        a = scores[picked][own[picked]][:, None]
        b = scores[picked][~own[picked]][None]
        return float(((a > b) + 0.5 * (a == b)).mean())

    drawn = [
        area(np.concatenate([rows[i] for i in rng.integers(len(rows), size=len(rows))]))
        for _ in range(n)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return area(np.arange(len(own))), float(low), float(high)
"""

WRONG = [
    Wrong(
        "capitals hide the name",
        "q1",
        """
def leaks(text, name, stems):
    either = "|".join(re.escape(word) for word in [name, *stems])
    return re.search(rf"\\b(?:{either})", text) is not None
""",
        points={"q1": 1},
    ),
    Wrong(
        "found inside other words",
        "q1",
        """
def leaks(text, name, stems):
    return any(word.lower() in text.lower() for word in [name, *stems])
""",
        points={"q1": 1},
    ),
    Wrong(
        "whole words only",
        "q1",
        """
def leaks(text, name, stems):
    either = "|".join(re.escape(word) for word in [name, *stems])
    return re.search(rf"\\b(?:{either})\\b", text, re.IGNORECASE) is not None
""",
        points={"q1": 1},
    ),
    Wrong(
        "a story names its emotion",
        "q2",
        """
NAME = "stage fright"
STEMS = ["stage", "fright"]
BORROWED = ["nervous", "excited"]
causes = own.phrases("nervous")["causes"] + own.phrases("excited")["causes"]
signs = own.phrases("nervous")["signs"] + own.phrases("excited")["signs"]
causes += [
    "{S} stood behind the red curtain and heard the crowd.",
    "The lights went up and {p} name was called.",
    "{S} had to walk out on the stage alone.",
]
signs += [
    "{P} hands were cold and {p} face was hot.",
    "{S} looked frightened.",
    "{S} counted to ten behind the curtain.",
]
BANK = {"causes": causes, "signs": signs}
""",
        points={"q2": 2},
    ),
    Wrong(
        "borrowed and not said so",
        "q2",
        """
NAME = "stage fright"
STEMS = ["stage", "fright"]
BORROWED = ["nervous"]
causes = own.phrases("nervous")["causes"] + own.phrases("excited")["causes"]
signs = own.phrases("nervous")["signs"] + own.phrases("excited")["signs"]
causes += [
    "{S} stood behind the red curtain and heard the crowd.",
    "The lights went up and {p} name was called.",
    "The doors opened, and a hundred people looked at {o}.",
]
signs += [
    "{P} hands were cold and {p} face was hot.",
    "{P} heart beat like a drum before the first note.",
    "{S} counted to ten behind the curtain.",
]
BANK = {"causes": causes, "signs": signs}
""",
        points={"q2": 2},
    ),
    Wrong(
        "another emotion's phrases under a new name, padded by repeats",
        "q2",
        """
NAME = "stage fright"
STEMS = ["stage", "fright"]
BORROWED = ["nervous"]
BANK = own.phrases("nervous")
BANK["causes"] = BANK["causes"] + BANK["causes"][:2]
""",
        points={"q2": 1},
    ),
    Wrong(
        "topics leaked over the split",
        "q3",
        """
def split_parts(bank, topics, seed):
    rng = np.random.default_rng(seed)

    def cut(items):
        mixed = [items[i] for i in rng.permutation(len(items))]
        return mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]

    halves = {kind: cut(sentences) for kind, sentences in bank.items()}
    return tuple(
        (
            {kind: half[side] for kind, half in halves.items()},
            [topics[i] for i in rng.permutation(len(topics))],
        )
        for side in (0, 1)
    )
""",
    ),
    Wrong(
        "each side draws its sentences by itself",
        "q3",
        """
def split_parts(bank, topics, seed):
    rng = np.random.default_rng(seed)
    places = list(rng.permutation(topics))
    cut = len(places) // 2

    def half(items):
        return list(rng.choice(items, size=len(items) // 2, replace=False))

    return tuple(
        ({kind: half(items) for kind, items in bank.items()}, part)
        for part in (places[:cut], places[cut:])
    )
""",
    ),
    Wrong(
        "the same halves for every seed",
        "q3",
        """
def split_parts(bank, topics, seed):
    def cut(items):
        return list(items[: len(items) // 2]), list(items[len(items) // 2 :])

    halves = {kind: cut(sentences) for kind, sentences in bank.items()}
    places = cut(topics)
    return tuple(
        ({kind: half[side] for kind, half in halves.items()}, places[side])
        for side in (0, 1)
    )
""",
        points={"q3": 2},
    ),
    Wrong(
        "no centering",
        "q4",
        """
def own_vector(means, labels, name, neutral=None, share=0.5):
    vector = means[np.array(labels) == name].mean(0)
    if neutral is not None:
        from helpers.vectors import neutral_components, project_out

        vector = project_out(vector[None], neutral_components(neutral, share))[0]
    return vector / vector.norm(), torch.zeros_like(vector)
""",
        points={"q4": 0},
    ),
    Wrong(
        "the center is the mean of all stories",
        "q4",
        """
def own_vector(means, labels, name, neutral=None, share=0.5):
    center = means.mean(0)
    vector = means[np.array(labels) == name].mean(0) - center
    if neutral is not None:
        from helpers.vectors import neutral_components, project_out

        vector = project_out(vector[None], neutral_components(neutral, share))[0]
    return vector / vector.norm(), center
""",
        points={"q4": 0},
    ),
    Wrong(
        "neutral texts are not centered, so their mean goes and not what varies",
        "q4",
        """
def own_vector(means, labels, name, neutral=None, share=0.5):
    labels = np.array(labels)
    each = {e: means[labels == e].mean(0) for e in np.unique(labels)}
    center = torch.stack(list(each.values())).mean(0)
    vector = each[name] - center
    if neutral is not None:
        _, sizes, directions = torch.linalg.svd(neutral, full_matrices=False)
        held = sizes.square().cumsum(0) / sizes.square().sum()
        gone = directions[: int((held < share).sum()) + 1]
        vector = vector - vector @ gone.T @ gone
    return vector / vector.norm(), center
""",
        points={"q4": 3},
    ),
    Wrong(
        "stories are drawn, not topics",
        "q5",
        """
def auc_interval(scores, own, topics, n, seed):
    scores, own = np.asarray(scores), np.asarray(own)
    rng = np.random.default_rng(seed)

    def area(picked):
        a = scores[picked][own[picked]][:, None]
        b = scores[picked][~own[picked]][None]
        return float(((a > b) + 0.5 * (a == b)).mean())

    drawn = [area(rng.integers(len(own), size=len(own))) for _ in range(n)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return area(np.arange(len(own))), float(low), float(high)


def shuffled_aucs(means, labels, held, own, name, n, seed):
    rng, own, found = np.random.default_rng(seed), np.asarray(own), []
    for _ in range(n):
        mixed = rng.permutation(np.asarray(labels))
        each = {e: means[mixed == e].mean(0) for e in np.unique(mixed)}
        center = torch.stack(list(each.values())).mean(0)
        scores = ((held - center) @ (each[name] - center)).numpy()
        a, b = scores[own][:, None], scores[~own][None]
        found.append(float(((a > b) + 0.5 * (a == b)).mean()))
    return np.array(found)


def one_sided_p(real, null):
    return (1 + int((np.asarray(null) >= real).sum())) / (1 + len(null))
""",
        points={"q5": 2},
    ),
    Wrong(
        "p without the real one, and one shuffle for all draws",
        "q5",
        BY_TOPIC
        + """

def shuffled_aucs(means, labels, held, own, name, n, seed):
    own, found = np.asarray(own), []
    for _ in range(n):
        rng = np.random.default_rng(seed)
        mixed = rng.permutation(np.asarray(labels))
        each = {e: means[mixed == e].mean(0) for e in np.unique(mixed)}
        center = torch.stack(list(each.values())).mean(0)
        scores = ((held - center) @ (each[name] - center)).numpy()
        a, b = scores[own][:, None], scores[~own][None]
        found.append(float(((a > b) + 0.5 * (a == b)).mean()))
    return np.array(found)


def one_sided_p(real, null):
    return float((np.asarray(null) >= real).mean())
""",
        points={"q5": 2},
    ),
    Wrong(
        "the test's labels are shuffled, and p is two-sided",
        "q5",
        BY_TOPIC
        + """

def shuffled_aucs(means, labels, held, own, name, n, seed):
    rng, found, labels = np.random.default_rng(seed), [], np.asarray(labels)
    each = {e: means[labels == e].mean(0) for e in np.unique(labels)}
    center = torch.stack(list(each.values())).mean(0)
    scores = ((held - center) @ (each[name] - center)).numpy()
    for _ in range(n):
        mixed = rng.permutation(np.asarray(own))
        a, b = scores[mixed][:, None], scores[~mixed][None]
        found.append(float(((a > b) + 0.5 * (a == b)).mean()))
    return np.array(found)


def one_sided_p(real, null):
    null = np.asarray(null)
    far = np.abs(null - 0.5) >= abs(real - 0.5)
    return (1 + int(far.sum())) / (1 + len(null))
""",
        points={"q5": 2},
    ),
    Wrong(
        "mean of all positions, and words counted on the test stories too",
        "q6",
        """
def validate(model, train, test, name, neutral):
    from helpers.vectors import column_auc as auc
    from helpers.vectors import cosine_scores, word_counts
    from helpers.stats import bootstrap_statistic
    from helpers.vectors import difference_of_means, extract, mean_of_means

    layer, labels = default_layer(model), list(train["emotion"])
    ev = extract(model, train, neutral, layer, start=0, progress=False)
    texts = list(test["text"])
    held = mean_activations(model, texts, layer, start=0, progress=False)
    scores = cosine_scores(held - ev.center, ev[name][None])[:, 0].numpy()

    both = [*train["text"], *test["text"]]
    counted, _ = word_counts(both, both)
    known, asked = counted[: len(train)], counted[len(train) :]
    rows, names = difference_of_means(known, labels)
    shifted = asked - mean_of_means(known, labels)
    words = cosine_scores(shifted, rows[[names.index(name)]])[:, 0].numpy()
    truth = np.array(test["emotion"])
    truth = np.where(truth == name, name, "another")

    def area(values, i):
        return float(auc(values[i][:, None], [name], truth[i])[0])

    def difference(i):
        return area(scores, i) - area(words, i)

    gap = bootstrap_statistic(difference, list(test["topic"]), n_draws=400)
    verdict = "no difference"
    if gap.low > 0 or gap.high < 0:
        verdict = "vector" if gap.low > 0 else "words"
    every = np.arange(len(truth))
    return {
        "scores": scores,
        "words": words,
        "auc": area(scores, every),
        "auc_words": area(words, every),
        "gap": list(gap),
        "verdict": verdict,
    }


train, test = own.tables(NAME, BANK, BORROWED)
report = validate(model, train, test, NAME, neutral)
""",
        points={"q6": 1},
    ),
    Wrong(
        "copied public outputs",
        "q6",
        """
report = {
    "scores": np.linspace(-0.2, 0.4, 286),
    "words": np.linspace(-0.1, 0.3, 286),
    "auc": 0.93,
    "auc_words": 0.71,
    "gap": [0.22, 0.11, 0.31],
    "verdict": "vector",
}


def validate(model, train, test, name, neutral):
    return report
""",
        points={"q6": 0},
    ),
    Wrong(
        "the verdict reads the value and not the interval",
        "q6",
        """
def validate(model, train, test, name, neutral):
    from helpers.vectors import column_auc as auc
    from helpers.vectors import cosine_scores, word_counts
    from helpers.stats import bootstrap_statistic
    from helpers.vectors import difference_of_means, extract, mean_of_means

    layer, labels = default_layer(model), list(train["emotion"])
    ev = extract(model, train, neutral, layer, progress=False)
    held = mean_activations(model, list(test["text"]), layer, progress=False)
    scores = cosine_scores(held - ev.center, ev[name][None])[:, 0].numpy()
    known, asked = word_counts(list(train["text"]), list(test["text"]))
    rows, names = difference_of_means(known, labels)
    shifted = asked - mean_of_means(known, labels)
    words = cosine_scores(shifted, rows[[names.index(name)]])[:, 0].numpy()
    truth = np.array(test["emotion"])
    truth = np.where(truth == name, name, "another")

    def area(values, i):
        return float(auc(values[i][:, None], [name], truth[i])[0])

    def difference(i):
        return area(scores, i) - area(words, i)

    gap = bootstrap_statistic(difference, list(test["topic"]), n_draws=400)
    every = np.arange(len(truth))
    return {
        "scores": scores,
        "words": words,
        "auc": area(scores, every),
        "auc_words": area(words, every),
        "gap": list(gap),
        "verdict": "vector" if gap.value > 0 else "words",
    }


train, test = own.tables(NAME, BANK, BORROWED)
report = validate(model, train, test, NAME, neutral)
""",
    ),
    Wrong(
        "the cue is right, and its AUC is that of the stories as they were",
        "q7",
        """
from sklearn.metrics import roc_auc_score

mine_train, mine_test = yours.stories(LEARNER)
own_kind = mine_train["kind"] == "mine"
CUE = max(
    yours.DULL,
    key=lambda s: abs(
        mine_train["text"][own_kind].str.contains(s, regex=False).mean()
        - mine_train["text"][~own_kind].str.contains(s, regex=False).mean()
    ),
)
means = [
    mean_activations(model, list(t["text"]), default_layer(model), progress=False)
    for t in (mine_train, mine_test)
]
keep = torch.tensor(own_kind.to_numpy().copy())
vector = means[0][keep].mean(0) - means[0][~keep].mean(0)
BEFORE = AFTER = roc_auc_score(mine_test["kind"] == "mine", means[1] @ vector)
""",
        points={"q7": 4},
    ),
    Wrong(
        "the data of a friend",
        "q7",
        """
friend_train, friend_test = yours.stories("a friend")
CUE, BEFORE, AFTER = "The wall was grey.", 0.7, 0.5
""",
        points={"q7": 0},
    ),
    Wrong(
        "the stories that the vector was made from are scored with it",
        "q8",
        """
from helpers.datasets import load_stories
from helpers.stats import auc, bootstrap_statistic
from helpers.vectors import word_counts

twenty, GAP = yours.emotions(LEARNER, 20), {}
for name in ("tiny", "smollm2"):
    m = load_model(name)
    table = load_stories(m, emotions=twenty)
    table = table[table["topic"].isin(table["topic"].unique()[:8])]
    texts = table["text"].tolist()
    mine = torch.tensor((table["emotion"] == twenty[0]).tolist())
    inside = mean_activations(m, texts, default_layer(m), progress=False)
    both = [
        (rows @ (rows[mine].mean(0) - rows[~mine].mean(0))).numpy()
        for rows in (inside, word_counts(texts, texts)[0])
    ]

    def gap(i):
        one, two = (auc(s[i], mine.numpy()[i], None)[0] for s in both)
        return one - two

    GAP[name] = list(bootstrap_statistic(gap, table["topic"].tolist()))
HOLDS = [name for name, (_, low, _) in GAP.items() if low > 0]
CLAIM = "The vector tells stories apart in both models, and the words do so, too."
""",
    ),
    Wrong(
        "a neighbor's numbers",
        "q8",
        """
GAP = {"tiny": [-0.02, -0.05, 0.0], "smollm2": [0.4, 0.17, 0.62]}
HOLDS = ["smollm2"]
CLAIM = "Words are enough in the world of tiny, and they are not in what people wrote."
""",
        points={"q8": 0},
    ),
]
