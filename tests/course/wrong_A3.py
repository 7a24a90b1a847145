"""Plausible wrong submissions of assignment A3, and the questions each must lose."""

from tests.course.catalog import Wrong

STUDY = """
def study(rows, labels, invented, words, n, seed):
    rows, labels, words = np.asarray(rows), np.array(labels), np.asarray(words)
    names = np.unique(labels)
    means = np.stack([rows[labels == e].mean(0) for e in names])
    length = np.array([words[labels == e].mean() for e in names])
    rating = np.array([invented[e] for e in names])
    places = geometry.principal_axes(means, 3).places
    rng = np.random.default_rng(seed)

    def best(values):
        place, r = geometry.best_axis(places, values)
        return place, abs(r)

    axis, r = best(rating)

    def left(values):
        return abs(geometry.partial_correlation(places[:, axis], values, length))

    mixed = [rng.permutation(rating) for _ in range(n)]
    p = (1 + sum(best(v)[1] >= r - 1e-12 for v in mixed)) / (1 + n)
    stays = left(rating)
    left_p = (1 + sum(left(v) >= stays - 1e-12 for v in mixed)) / (1 + n)
    verdict = "nothing" if p >= 0.05 else "length" if left_p >= 0.05 else "axis"
    found = {"axis": axis, "r": r, "p": p, "left": stays, "left_p": left_p}
    return found | {"verdict": verdict}


report = {
    "as told": study(as_told, labels, invented, words, 300, 0),
    "sentences added": study(added, labels, invented, more_words, 300, 0),
}
"""
DECIDE = """
def decide(table):
    axes = [c for c in table if c.startswith("axis")]
    rating = table["rating"].to_numpy()
    rng = np.random.default_rng(0)

    def sizes(values, target):
        values, target = values - values.mean(0), target - target.mean()
        norms = np.linalg.norm(values, axis=0) * np.linalg.norm(target)
        return np.abs(target @ values) / norms

    def without(confound):
        known = table[confound]
        if confound in ("topic", "person"):
            known = pd.get_dummies(known, drop_first=True)
        known = known.to_numpy(float)
        rest = [geometry.left_over(v, known) for v in (places, rating)]
        return sizes(*rest)

    places = table[axes].to_numpy()
    best = [sizes(places, rng.permutation(rating)).max() for _ in range(400)]
    bound, seen = np.quantile(best, 0.95), sizes(places, rating)
    left = {c: without(c) for c in ("length", "person", "topic", "norm")}
    verdicts = {}
    for i, axis in enumerate(axes):
        least = min(left, key=lambda c: left[c][i])
        gone = least if left[least][i] <= bound else "real"
        verdicts[axis] = gone if seen[i] > bound else "chance"
    return verdicts
"""


def but(code: str, old: str, new: str) -> str:
    """`code` with one mistake put in."""
    assert code.count(old) == 1, f"{old!r} stands {code.count(old)} times in the code"
    return code.replace(old, new)


VALENCE = """
forty = yours.emotions(LEARNER, 40)
rating = load_emotions().set_index("emotion").loc[forty, "valence"].to_numpy()
rng, FOUND = np.random.default_rng(0), {}
for name in ("tiny", "smollm2"):
    m = load_model(name)
    table = load_stories(m, emotions=forty)
    table = table[table["topic"].isin(table["topic"].unique()[:8])]
    rows = mean_activations(m, table["text"], default_layer(m), progress=False)
    words = table["text"].str.split().str.len().to_numpy()
    each = [(table["emotion"] == emotion).to_numpy() for emotion in forty]
    length = np.array([words[here].mean() for here in each])
    means = np.stack([rows.numpy()[here].mean(0) for here in each])
    places = geometry.principal_axes(means, 3).places
"""

WRONG = [
    Wrong(
        "p without the real order",
        "q1",
        """
def axis_p(axis, rating, n, seed):
    rng = np.random.default_rng(seed)
    real = np.corrcoef(axis, rating)[0, 1]
    drawn = [np.corrcoef(axis, rng.permutation(rating))[0, 1] for _ in range(n)]
    return float(real), float((np.abs(drawn) >= abs(real) - 1e-12).mean())
""",
        points={"q1": 2},
    ),
    Wrong(
        "one-sided",
        "q1",
        """
def axis_p(axis, rating, n, seed):
    rng = np.random.default_rng(seed)
    real = np.corrcoef(axis, rating)[0, 1]
    drawn = [np.corrcoef(axis, rng.permutation(rating))[0, 1] for _ in range(n)]
    reached = int((np.array(drawn) >= real - 1e-12).sum())
    return float(real), (1 + reached) / (1 + n)
""",
    ),
    Wrong(
        "the same shuffle each time",
        "q1",
        """
def axis_p(axis, rating, n, seed):
    real, drawn = np.corrcoef(axis, rating)[0, 1], []
    for _ in range(n):
        rng = np.random.default_rng(seed)
        drawn.append(np.corrcoef(axis, rng.permutation(rating))[0, 1])
    reached = int((np.abs(drawn) >= abs(real) - 1e-12).sum())
    return float(real), (1 + reached) / (1 + n)
""",
    ),
    Wrong(
        "out of one side only",
        "q2",
        """
def left_with(axis, rating, confounds):
    columns = pd.get_dummies(confounds, drop_first=True).to_numpy(float)
    rest = geometry.left_over(np.asarray(axis, float), columns)
    return float(np.corrcoef(rest, rating)[0, 1])
""",
        points={"q2": 0},
    ),
    Wrong(
        "topics as numbers in an order",
        "q2",
        """
def left_with(axis, rating, confounds):
    codes = confounds.copy()
    for name in codes:
        if codes[name].map(type).eq(str).all():
            codes[name] = pd.factorize(codes[name])[0]
    return geometry.partial_correlation(axis, rating, codes.to_numpy(float))
""",
        points={"q2": 2},
    ),
    Wrong(
        "no intercept",
        "q2",
        """
def left_with(axis, rating, confounds):
    columns = pd.get_dummies(confounds, drop_first=True).to_numpy(float)

    def rest(values):
        values = np.asarray(values, float)
        return values - columns @ np.linalg.lstsq(columns, values, rcond=None)[0]

    return float(np.corrcoef(rest(axis), rest(rating))[0, 1])
""",
    ),
    Wrong(
        "the null has one axis, the search had many",
        "q3",
        """
def best_axis_p(places, rating, n, seed):
    rng = np.random.default_rng(seed)
    each = [np.corrcoef(p, rating)[0, 1] for p in places.T]
    best = int(np.abs(each).argmax())
    axis = places[:, best]
    drawn = [np.corrcoef(axis, rng.permutation(rating))[0, 1] for _ in range(n)]
    reached = int((np.abs(drawn) >= abs(each[best]) - 1e-12).sum())
    return best, float(each[best]), (1 + reached) / (1 + n)
""",
        points={"q3": 1},
    ),
    Wrong(
        "wrong sign: the largest r, not the largest size",
        "q3",
        """
def best_axis_p(places, rating, n, seed):
    rng = np.random.default_rng(seed)

    def each(values):
        return np.array([np.corrcoef(p, values)[0, 1] for p in places.T])

    real = each(rating)
    best = int(real.argmax())
    drawn = [each(rng.permutation(rating)).max() for _ in range(n)]
    reached = int((np.array(drawn) >= real[best] - 1e-12).sum())
    return best, float(real[best]), (1 + reached) / (1 + n)
""",
        points={"q3": 0},
    ),
    Wrong(
        "each axis shuffled by itself",
        "q3",
        """
def best_axis_p(places, rating, n, seed):
    rng = np.random.default_rng(seed)
    each = np.array([np.corrcoef(p, rating)[0, 1] for p in places.T])
    best, drawn = int(np.abs(each).argmax()), []
    for _ in range(n):
        mixed = [np.corrcoef(p, rng.permutation(rating))[0, 1] for p in places.T]
        drawn.append(np.abs(mixed).max())
    reached = int((np.array(drawn) >= abs(each[best]) - 1e-12).sum())
    return best, float(each[best]), (1 + reached) / (1 + n)
""",
        points={"q3": 1},
    ),
    Wrong(
        "stories are drawn, not topics",
        "q4",
        """
def r_interval(axis, rating, topics, n, seed):
    axis, rating = np.array(axis), np.array(rating)
    rng, m, drawn = np.random.default_rng(seed), len(axis), []
    for _ in range(n):
        i = rng.integers(m, size=m)
        drawn.append(np.corrcoef(axis[i], rating[i])[0, 1])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(np.corrcoef(axis, rating)[0, 1]), float(low), float(high)
""",
        points={"q4": 1},
    ),
    Wrong(
        "the mean of each topic, then topics drawn",
        "q4",
        """
def r_interval(axis, rating, topics, n, seed):
    table = pd.DataFrame({"a": axis, "b": rating, "t": topics})
    means = table.groupby("t").mean().to_numpy()
    rng, k, drawn = np.random.default_rng(seed), len(means), []
    for _ in range(n):
        picked = means[rng.integers(k, size=k)]
        drawn.append(np.corrcoef(picked.T)[0, 1])
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return float(np.corrcoef(axis, rating)[0, 1]), float(low), float(high)
""",
        points={"q4": 1},
    ),
    Wrong(
        "reused seed",
        "q4",
        """
def r_interval(axis, rating, topics, n, seed):
    axis, rating, topics = np.array(axis), np.array(rating), np.array(topics)
    rows = [np.flatnonzero(topics == topic) for topic in np.unique(topics)]
    rng, drawn = np.random.default_rng(0), []
    for _ in range(n):
        i = np.concatenate([rows[j] for j in rng.integers(len(rows), size=len(rows))])
        drawn.append(np.corrcoef(axis[i], rating[i])[0, 1])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(np.corrcoef(axis, rating)[0, 1]), float(low), float(high)
""",
        points={"q4": 2},
    ),
    Wrong(
        "each axis has its own p below 0.05",
        "q5",
        but(DECIDE, "rng.permutation(rating)).max()", "rng.permutation(rating))[0]"),
        points={"q5": 3},
    ),
    Wrong(
        "confounds out of the axis only, topics as numbers",
        "q5",
        but(
            but(
                DECIDE,
                "known = pd.get_dummies(known, drop_first=True)",
                "known = pd.Series(pd.factorize(known)[0])",
            ),
            "[geometry.left_over(v, known) for v in (places, rating)]",
            "(geometry.left_over(places, known), rating)",
        ),
    ),
    Wrong(
        "hard-coded truth of a public table",
        "q5",
        """
def decide(table):
    _, truth = planted_axes(0)
    return {c: truth.get(c, "chance") for c in table if c.startswith("axis")}
""",
        points={"q5": 0},
    ),
    Wrong(
        "hard-coded numbers",
        "q6",
        """
def study(rows, labels, invented, words, n, seed):
    found = {"axis": 0, "r": 0.62, "p": 0.004, "left": 0.11, "left_p": 0.4}
    return found | {"verdict": "length"}


report = {
    "as told": study(as_told, labels, invented, words, 300, 0),
    "sentences added": study(added, labels, invented, more_words, 300, 0),
}
""",
        points={"q6": 0},
    ),
    Wrong(
        "words out of the axis and not out of the rating",
        "q6",
        but(
            STUDY,
            "abs(geometry.partial_correlation(places[:, axis], values, length))",
            "abs(geometry.correlation(\n"
            "            geometry.left_over(places[:, axis], length), values))",
        ),
    ),
    Wrong(
        "p of the first axis alone, and not of the best",
        "q6",
        but(
            STUDY,
            "best(v)[1] >= r - 1e-12",
            "abs(geometry.correlation(places[:, axis], v)) >= r - 1e-12",
        ),
    ),
    Wrong(
        "the rival taken from one side only",
        "q7",
        """
table, claimed = yours.claim(LEARNER)
each = {}
for name in ("topic", "person", "length", "norm"):
    known = pd.get_dummies(table[[name]], drop_first=True).to_numpy(float)
    rest = geometry.left_over(table[claimed], known)
    each[name] = abs(float(np.corrcoef(rest, table["rating"])[0, 1]))
RIVAL = min(each, key=each.get)
BEFORE = abs(float(np.corrcoef(table[claimed], table["rating"])[0, 1]))
AFTER, LEAST_OTHER = sorted(each.values())[:2]
""",
        points={"q7": 4},
    ),
    Wrong(
        "the claim of a friend",
        "q7",
        """
table, claimed = yours.claim("a friend")
RIVAL, BEFORE, AFTER, LEAST_OTHER = "luck", 0.4, 0.1, 0.4
""",
        points={"q7": 0},
    ),
    Wrong(
        "as many facts as stories",
        "q8",
        VALENCE
        + """
    rated = table["emotion"].map(dict(zip(forty, rating))).to_numpy()
    places = geometry.principal_axes(rows.numpy(), 3).places
    axis, r = geometry.best_axis(places, rated)
    left = geometry.partial_correlation(places[:, axis], rated, words)
    FOUND[name] = [abs(r), 1 / 1001, abs(left)]
HOLDS = [name for name, (r, _, left) in FOUND.items() if left > r / 2]
CLAIM = "How pleasant a story is can be seen on an axis of both of these models."
""",
        points={"q8": 0},
    ),
    Wrong(
        "all is right, and what follows from it is wished",
        "q8",
        VALENCE
        + """
    axis, r = geometry.best_axis(places, rating)
    mixed = [rng.permutation(rating) for _ in range(1000)]
    best = np.array([abs(geometry.best_axis(places, v)[1]) for v in mixed])
    p = (1 + int((best >= abs(r) - 1e-12).sum())) / 1001
    left = geometry.partial_correlation(places[:, axis], rating, length)
    FOUND[name] = [abs(r), p, abs(left)]
HOLDS = []
CLAIM = "Valence is an axis of no model, since all of this is an artifact of words."
""",
        points={"q8": 2},
    ),
]
