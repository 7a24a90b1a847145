"""Plain data between processes: it comes back as it was, and nothing else comes in."""

from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from helpers import grading
from helpers.grading import Wrong, encoding


def there(value: Any, **options: Any) -> Any:
    return encoding.decode(encoding.encode(value, **options))


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -2.5, "ü\n", [], [1, [2, "x"]], {"a": {"b": [None, False]}}],
)
def test_simple_values_come_back(value: Any) -> None:
    back = there(value)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "bool"])
def test_arrays_come_back_to_the_bit(dtype: str) -> None:
    array = np.random.default_rng(0).normal(size=(3, 0, 2, 4)).astype(dtype)
    for one in (array, np.ones((2, 5)).astype(dtype).T, np.array(1).astype(dtype)):
        back = there(one)
        assert back.dtype == one.dtype
        assert np.array_equal(back, one)


def test_tensors_arrive_as_tensors_and_come_back_as_arrays() -> None:
    for dtype in (torch.float32, torch.bfloat16, torch.int64, torch.bool):
        tensor = (
            torch.tensor([[1.5, 0], [2, -3]])
            .to(dtype)
            .requires_grad_(dtype is torch.float32)
        )
        out = there({"t": (tensor, "x")}, outgoing=True)["t"]
        assert isinstance(out, tuple)
        assert torch.equal(out[0].float(), tensor.float())
        back = there((tensor, "x"))
        assert isinstance(back, list)
        assert isinstance(back[0], np.ndarray)
        assert np.array_equal(back[0], tensor.detach().float().numpy())


def test_tables_come_back() -> None:
    table = pd.DataFrame({"emotion": ["sad", "calm"], "score": [0.5, -1.0]})
    pd.testing.assert_frame_equal(there(table), table)
    assert there(table["emotion"]) == ["sad", "calm"]


def test_a_ref_is_looked_up_where_it_is_read() -> None:
    text = encoding.encode([encoding.Ref("model")], outgoing=True)
    assert encoding.decode(text, {"model": 7}) == [7]
    with pytest.raises(ValueError, match="no 'model'"):
        encoding.decode(text, {})
    with pytest.raises(ValueError, match="not a message"):
        encoding.decode(text)
    with pytest.raises(TypeError, match="Ref"):
        encoding.encode(encoding.Ref("model"))


def test_objects_with_code_of_their_own_do_not_pass() -> None:
    class Same:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    class Number(float):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    for bad in (Same(), [Same()], {"x": Same()}, np.array([Same()]), {1: 2}, len):
        with pytest.raises(TypeError):
            encoding.encode(bad)
    assert type(there(Number(7))) is float
    deep: list[Any] = []
    for _ in range(50):
        deep = [deep]
    with pytest.raises(ValueError, match="nested"):
        encoding.encode(deep)
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="nested"):
        encoding.encode(endless)


def test_text_that_encode_does_not_write_is_refused() -> None:
    array = json.loads(encoding.encode(np.ones(3)))
    bad = [
        "", "{", "[" * 100_000, '{"x": 1}', '{"$": "pickle"}', '{"$": "dict"}',
        '{"$": "dict", "items": [[1, 2]]}', '{"$": "array"}',
        *(
            json.dumps(array | change)
            for change in (
                {"dtype": "O"}, {"dtype": "float64,O"}, {"dtype": "U9"},
                {"shape": [4]}, {"shape": [-3]}, {"shape": [1 << 40]}, {"data": "!"},
                {"shape": ["3"]},
            )
        ),
    ]  # fmt: skip
    for text in bad:
        with pytest.raises(ValueError, match=r".") as caught:
            encoding.decode(text)
        assert not isinstance(caught.value, pickle.UnpicklingError)


def test_answer_never_raises_and_never_shares_an_object() -> None:
    def boom() -> None:
        raise KeyError("lost")

    def leave() -> None:
        raise SystemExit(0)

    names: dict[str, Any] = {"boom": boom, "leave": leave, "rows": [1, 2], "f": len}
    learner, _ = grading.begin(names)
    assert learner.call("f", [1, 2, 3]) == 3
    got = learner.value("rows")
    got.append(3)
    assert names["rows"] == [1, 2]
    for name, error in (("boom", "KeyError"), ("leave", "SystemExit")):
        with pytest.raises(Wrong, match=error):
            learner.call(name)
    with pytest.raises(Wrong, match="no 'gone'"):
        learner.call("gone")
    with pytest.raises(Wrong, match="no plain data"):
        learner.value("f")
    learner.run("y = 5")
    assert learner.value("y") == 5


def test_what_is_no_reply_wins_nothing() -> None:
    for reply in ("", "[]", "null", '{"$": "dict", "items": []}', "3"):
        line = grading.Line(lambda _, reply=reply: reply, [1])  # type: ignore[misc]
        learner, _ = grading.begin(line)
        with pytest.raises(Wrong):
            learner.value("x")


def test_a_line_has_its_seed_and_otter_draws_anew() -> None:
    line = grading.Line(lambda text: text, [4, 2])
    first, second = (grading.begin(line)[1].random() for _ in range(2))
    assert first == second
    np.random.seed(0)  # noqa: NPY002 (as a learner's notebook may do)
    one = grading.begin({})[1].random()
    np.random.seed(0)  # noqa: NPY002
    assert one != grading.begin({})[1].random()


def test_types_are_looked_at() -> None:
    assert grading.number(np.array([2])) == 2.0
    assert grading.flag(np.array(True)) is True
    assert grading.array([[1, 2], [3, 4]], (2, None)).shape == (2, 2)
    bad = [
        (grading.number, True), (grading.number, "1"), (grading.number, float("nan")),
        (grading.number, [1]), (grading.flag, 1), (grading.flag, None),
        (grading.array, "ab"), (grading.array, [[1], [1, 2]]), (grading.array, [True]),
        (grading.array, np.array([np.inf])), (grading.array, None),
        (grading.names, ["a", 1]), (grading.names, "ab"), (grading.text, None),
    ]  # fmt: skip
    for check, value in bad:
        with pytest.raises(Wrong):
            check(value)
    with pytest.raises(Wrong, match="shape"):
        grading.array(np.ones((2, 3)), (3, None))
    with pytest.raises(Wrong, match="lacks"):
        grading.table(pd.DataFrame({"a": [1]}), ["a", "b"])


def test_close_is_relative_to_the_largest() -> None:
    right = np.array([100.0, 1.0])
    grading.close([100.05, 1.05], right)
    with pytest.raises(Wrong, match="off by"):
        grading.close([100.2, 1.0], right)
    with pytest.raises(Wrong, match="shape"):
        grading.close([100.0], right)
    grading.close(3, 3.0)
    with pytest.raises(Wrong):
        grading.close(0.01, 0.0)
