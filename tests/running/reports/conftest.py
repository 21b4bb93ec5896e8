"""A checkpoint at work."""

from tests.serving.conftest import predictor as predictor
