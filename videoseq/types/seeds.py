"""Seeds that follow from numbers."""

import numpy as np


def derive_seed(*parts: int) -> int:
    """Returns a seed in [0, 2**63) that is a pure function of non-negative numbers, such as (seed, epoch, position)."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))
