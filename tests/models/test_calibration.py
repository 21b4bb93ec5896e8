import math

import pytest
import torch

from videoseq.errors import ConfigError
from videoseq.models.calibration import Calibration

LOGITS = torch.tensor([[math.log(4.0), 0.0], [0.0, math.log(9.0)]])


def test_the_temperature_divides_the_logits():
    torch.testing.assert_close(Calibration().probs(LOGITS), torch.tensor([[0.8, 0.2], [0.1, 0.9]]))
    # The square root of the odds, and their square.
    torch.testing.assert_close(Calibration(2.0).probs(LOGITS), torch.tensor([[2 / 3, 1 / 3], [0.25, 0.75]]))
    torch.testing.assert_close(Calibration(0.5).probs(LOGITS), torch.tensor([[16 / 17, 1 / 17], [1 / 82, 81 / 82]]))


def test_probabilities_are_made_in_full_precision():
    probs = Calibration(1.5).probs(LOGITS.bfloat16())
    assert probs.dtype == torch.float32
    torch.testing.assert_close(probs.sum(1), torch.ones(2))


def test_a_probability_reaches_its_threshold_or_not():
    calibration = Calibration(1.0, (0.5, None, 0.0))
    assert [calibration.reaches(0, prob) for prob in (0.49, 0.5, 0.9)] == [False, True, True]
    assert calibration.reaches(1, 0.0)
    assert calibration.reaches(2, 0.0)
    assert Calibration().reaches(7, 0.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"temperature": 0.0}, r"temperature must be positive, got 0\.0"),
        ({"temperature": math.inf}, r"temperature must be positive, got inf"),
        ({"temperature": math.nan}, r"temperature must be positive, got nan"),
        ({"thresholds": (0.5, 1.5)}, r"a threshold must lie in \[0, 1\] or be null, got 1\.5"),
    ],
)
def test_other_values_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        Calibration(**values)
