import pytest

from videoseq.benchmarks.growth import AXES, Axis, exponent, growth_note


@pytest.mark.parametrize(
    ("seconds", "power"), [({100: 2.0, 200: 4.0, 400: 8.0}, 1), ({8: 3.0, 16: 3.0}, 0), ({10: 1.0, 20: 4.0, 40: 16.0}, 2)]
)
def test_the_exponent_of_growth(seconds, power):
    assert exponent(seconds) == pytest.approx(power)


@pytest.mark.parametrize(
    ("values", "seconds", "note"),
    [
        ((8, 16), [1.0, 2.0], "grows as n^1.00; aim: n^1 or less"),
        ((0, 1, 2), [3.0, 2.5, 2.0], "an epoch with 0 things takes 1.50 times as long as one with 2"),
    ],
)
def test_what_is_said_of_growth(values, seconds, note):
    assert growth_note(Axis("things", "data.things", values), seconds) == note


def test_what_is_varied():
    assert [(axis.name, axis.values) for axis in AXES] == [
        ("videos", (104, 200, 400)),
        ("frames per clip", (8, 16, 32, 64)),
        ("workers", (0, 1, 2)),
    ]
