import pytest

from videoseq.models.encoders import build_encoder
from videoseq.models.options import EncoderOptions, SimpleEncoderOptions, TimmEncoderOptions, TorchvisionEncoderOptions
from videoseq.models.simple_encoder import SimpleEncoder
from videoseq.models.timm_encoder import TimmEncoder
from videoseq.models.torchvision_encoder import TorchvisionEncoder


def test_the_options_choose_the_encoder():
    assert isinstance(build_encoder(SimpleEncoderOptions(), height=32, width=32), SimpleEncoder)
    options = TorchvisionEncoderOptions(name="squeezenet1_1", weights=None)
    assert isinstance(build_encoder(options, height=32, width=32), TorchvisionEncoder)
    options = TimmEncoderOptions(name="timm:test_resnet", weights=None)
    assert isinstance(build_encoder(options, height=32, width=32), TimmEncoder)
    with pytest.raises(
        TypeError, match=r"expected the options of an encoder, such as SimpleEncoderOptions, got EncoderOptions"
    ):
        build_encoder(EncoderOptions(), height=32, width=32)
