"""How far a model's probabilities can be believed: what was fitted on validation videos and lies in the checkpoint."""

import math
from dataclasses import dataclass

from videoseq.errors import ConfigError


@dataclass(frozen=True)
class Calibration:
    """A temperature, and the probability from which each class is claimed.

    Attributes:
        temperature: T > 0; probabilities are those of logits / T (Guo et al. 2017, eq. 9), see `answers_of`. 1 changes nothing.
        thresholds: Class id -> probability in [0, 1] that the class must reach, None where there is none; empty for no class.
            Fitted on the probabilities of single views, one class against the rest.

    Raises:
        ConfigError: A value that is none of these.
    """

    temperature: float = 1.0
    thresholds: tuple[float | None, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "thresholds", tuple(self.thresholds))
        if not 0 < self.temperature < math.inf:
            raise ConfigError(f"temperature must be positive, got {self.temperature}")
        for value in self.thresholds:
            if value is not None and not 0 <= value <= 1:
                raise ConfigError(f"a threshold must lie in [0, 1] or be null, got {value}")

    def reaches(self, class_id: int, prob: float) -> bool:
        """Whether a probability reaches the threshold of its class; True where the class has none.

        Predictions ask it of the likeliest class alone, also where their probability is the mean of several views.
        """
        threshold = self.thresholds[class_id] if self.thresholds else None
        return threshold is None or prob >= threshold
