import math

import pytest

from videoseq.errors import ConfigError
from videoseq.models.calibration import Calibration


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
