import pytest

from videoseq.benchmarks.comparison import Comparison, Contender, rate


def contender(name, figures, calls, **options):
    """A contender whose figures are known, which writes down its turns."""
    remaining = iter(figures)

    def measure():
        calls.append(name)
        return next(remaining)

    return Contender(name, measure, **options)


def test_contenders_take_turns_and_the_warm_up_is_not_counted():
    calls = []
    comparison = Comparison("work", "clips", [contender("a", [9, 1, 2], calls), contender("b", [9, 3, 4], calls)]).run(2)
    assert calls == ["a", "b", "a", "b", "a", "b"]
    assert comparison.runs == {"a": [1, 2], "b": [3, 4]}


def test_without_a_warm_up_every_turn_counts():
    assert Comparison("work", "clips", [contender("a", [5, 6], [])]).run(2, warm_up=False).runs == {"a": [5, 6]}


@pytest.mark.parametrize(("less_is_better", "ratios"), [(False, (2.0, [1.5, 3.0])), (True, (0.5, [0.375, 0.75]))])
def test_ratios_are_taken_turn_by_turn_and_above_one_is_better(less_is_better, ratios):
    contenders = [
        contender("ours", [2, 4, 8], [], is_ours=True),
        contender("ours too", [1, 1, 1], [], is_ours=True),
        contender("peer", [2, 2, 2], [], aim=1.15),
    ]
    plain = Comparison("work", "clips", contenders, less_is_better).run(3, warm_up=False).plain()
    assert plain["rows"][0] == {
        "name": "ours", "is_ours": True, "median": 4, "quartiles": [3.0, 6.0], "runs": [2, 4, 8],
    }  # fmt: skip
    first, second = plain["ratios"]
    assert (first["ours"], first["peer"], first["median"], first["quartiles"], first["aim"]) == ("ours", "peer", *ratios, 1.15)
    assert (second["ours"], second["aim"]) == ("ours too", None)


def test_a_single_run_is_its_own_median_and_quartiles():
    plain = Comparison("work", "clips", [contender("a", [3.0], [])]).run(1, warm_up=False).plain()
    assert (plain["rows"][0]["median"], plain["rows"][0]["quartiles"]) == (3.0, [3.0, 3.0])


def test_a_rate_is_work_over_time():
    assert 0 < rate(lambda: sum(range(100_000)) and 3, "CPU")() < float("inf")
    assert rate(lambda: 0, "wall")() == 0
