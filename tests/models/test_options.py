import subprocess
import sys

import pytest

from videoseq.errors import ConfigError
from videoseq.models.options import (
    HEADS,
    ConvLSTMHeadOptions,
    MeanHeadOptions,
    RecurrentHeadOptions,
    SimpleEncoderOptions,
    TCNHeadOptions,
    TimmEncoderOptions,
    TorchvisionEncoderOptions,
    TransformerHeadOptions,
    encoder_options,
    head_options,
)
from videoseq.types import plain_dict

SIMPLE, TORCHVISION, RECURRENT = SimpleEncoderOptions, TorchvisionEncoderOptions, RecurrentHeadOptions


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (SIMPLE, {"channels": []}, r"model\.encoder\.channels must be a list of at least one whole number, got \[\]"),
        (SIMPLE, {"channels": [8, 0]}, r"channels\[1\] must be a whole number of at least 1, got 0"),
        (SIMPLE, {"channels": "32"}, r"channels must be a list of whole numbers, got '32'"),
        (SIMPLE, {"kernel_size": 4}, r"kernel_size must be odd, so that a convolution keeps the size, got 4"),
        (SIMPLE, {"kernel_size": 0}, r"kernel_size must be a whole number of at least 1, got 0"),
        (SIMPLE, {"depth": 1.5}, r"depth must be a whole number of at least 1, got 1\.5"),
        (SIMPLE, {"depth": True}, r"depth must be a whole number of at least 1, got True"),
        (SIMPLE, {"dropout": 1.0}, r"encoder\.dropout must be a number in \[0, 1\), got 1\.0"),
        (SIMPLE, {"weights": "DEFAULT"}, r"weights must be null or a path: the simple encoder has no pretrained"),
        (SIMPLE, {"name": "resnet18"}, r"encoder\.name must be 'simple' where the options of the simple encoder"),
        (SIMPLE, {"spatial": [4]}, r"spatial must be null or two whole numbers \(height, width\), got \[4\]"),
        (SIMPLE, {"spatial": [0, 4]}, r"spatial\[0\] must be a whole number of at least 1, got 0"),
        (
            SIMPLE,
            {"unfreeze_at_epoch": 3},
            r"unfreeze_at_epoch=3, but nothing is frozen: set model\.encoder\.freeze=all",
        ),
        (TORCHVISION, {"unfreeze_at_epoch": 0}, r"unfreeze_at_epoch must be a whole number of at least 1, got 0"),
        (TORCHVISION, {"unfreeze_at_epoch": {}}, r"unfreeze_at_epoch must be null, an epoch, or stages such as \{2: layer4"),
        (TORCHVISION, {"unfreeze_at_epoch": {0: "layer4"}}, r"an epoch of .*unfreeze_at_epoch must be a whole number of at"),
        (TORCHVISION, {"unfreeze_at_epoch": {"2": "layer4"}}, r"an epoch of .* must be a whole number .*, got '2'"),
        (
            TORCHVISION,
            {"unfreeze_at_epoch": {5: "layer3", 2: "all"}},
            r"nothing is left to unfreeze after 'all', so it comes last",
        ),
        (
            TORCHVISION,
            {"unfreeze_at_epoch": {2: "all"}, "freeze": "none"},
            r"but nothing is frozen: set model\.encoder\.freeze",
        ),
        (TORCHVISION, {"freeze_batchnorm": 1}, r"model\.encoder\.freeze_batchnorm must be true or false, got 1"),
        (TORCHVISION, {"freeze": "some"}, r"model\.encoder\.freeze must be one of none, all, got 'some'"),
        (TORCHVISION, {"freeze_until": "layer3"}, r"freeze=all and model\.encoder\.freeze_until=layer3 exclude each"),
        (TORCHVISION, {"padding": "valid"}, r"model\.encoder\.padding must be one of torch, same, got 'valid'"),
        (RECURRENT, {"name": "mean"}, r"model\.head\.name must be one of lstm, gru, rnn, got 'mean'"),
        (RECURRENT, {"hidden_size": 0}, r"model\.head\.hidden_size must be a whole number of at least 1, got 0"),
        (RECURRENT, {"num_layers": "2"}, r"model\.head\.num_layers must be a whole number of at least 1, got '2'"),
        (RECURRENT, {"bidirectional": 1}, r"model\.head\.bidirectional must be true or false, got 1"),
        (RECURRENT, {"dropout": -0.1}, r"model\.head\.dropout must be a number in \[0, 1\), got -0\.1"),
        (RECURRENT, {"pool": "first"}, r"model\.head\.pool must be one of last, mean, max, attention, got 'first'"),
        (MeanHeadOptions, {"name": "lstm"}, r"model\.head\.name must be one of mean, got 'lstm'"),
        (MeanHeadOptions, {"centre": "video"}, r"model\.head\.centre must be one of none, clip, causal, got 'video'"),
        (MeanHeadOptions, {"motion": True}, r"model\.head\.motion must be one of none, difference, got True"),
        (MeanHeadOptions, {"layer_norm": 1}, r"model\.head\.layer_norm must be true or false, got 1"),
        (MeanHeadOptions, {"projection": 0}, r"model\.head\.projection must be a whole number of at least 1, got 0"),
        (RECURRENT, {"residual": "yes"}, r"model\.head\.residual must be true or false, got 'yes'"),
        (
            ConvLSTMHeadOptions,
            {"kernel_size": 2},
            r"model\.head\.kernel_size must be odd, so that a convolution keeps the size",
        ),
        (TCNHeadOptions, {"kernel_size": 1}, r"model\.head\.kernel_size must be at least 2: with 1 no frame would see another"),
        (TransformerHeadOptions, {"hidden_size": 10}, r"hidden_size must be a multiple of model\.head\.num_heads=4, got 10"),
        (TransformerHeadOptions, {"context": 1}, r"model\.head\.context must be at least 2: with 1 no frame would see another"),
        (TransformerHeadOptions, {"context": 0}, r"model\.head\.context must be a whole number of at least 1, got 0"),
    ],
)
def test_illegal_values_are_refused_with_name_value_and_what_is_legal(kind, values, message):
    with pytest.raises(ConfigError, match=message):
        kind(**values)


def test_unknown_head_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match=r"model\.head\.name=lsmt: there is no such head; did you mean 'lstm'\?"):
        head_options("lsmt")


def test_names_lead_to_their_options():
    assert {name: kind for name, kind in HEADS.items() if kind is RECURRENT} == dict.fromkeys(("lstm", "gru", "rnn"), RECURRENT)
    assert all(head_options(name)().name == name for name in HEADS if name not in ("gru", "rnn"))
    assert head_options("gru") is RECURRENT
    assert encoder_options("simple") is SIMPLE
    assert encoder_options("vgg11") is TORCHVISION
    assert encoder_options("timm:vgg11") is TimmEncoderOptions


@pytest.mark.parametrize(
    ("options", "per_frame", "has_grid", "message"),
    [
        (ConvLSTMHeadOptions(), False, False, r"conv_lstm needs a grid of features.*set model\.encoder\.spatial=\[4,4\], or"),
        (RECURRENT(pool="mean"), True, False, r"pool=mean makes one answer of all frames.*: set model\.head\.pool=last"),
        (TCNHeadOptions(pool="attention"), True, True, r"pool=attention makes one answer of all frames"),
        (
            MeanHeadOptions(centre="clip"),
            False,
            True,
            r"the mean of the centred features is always 0; set model\.head\.centre=none",
        ),
    ],
)
def test_heads_that_fit_neither_task_nor_encoder_are_refused(options, per_frame, has_grid, message):
    with pytest.raises(ConfigError, match=message):
        options.check_effect(per_frame=per_frame, has_grid=has_grid)


@pytest.mark.parametrize(
    ("options", "fixes"),
    [
        (RECURRENT(), ()),
        (RECURRENT(centre="causal"), ()),
        (MeanHeadOptions(centre="clip"), ("model.head.centre=causal",)),
        (RECURRENT(bidirectional=True, centre="clip"), ("model.head.bidirectional=false", "model.head.centre=causal")),
    ],
)
def test_heads_say_what_keeps_them_from_streams(options, fixes):
    assert options.stream_fixes == fixes
    assert options.is_causal == (not fixes)


def test_stages_of_unfreezing_are_in_the_order_of_their_epochs():
    assert TORCHVISION(unfreeze_at_epoch={5: "layer3", 2: "layer4"}).unfreezing == {2: "layer4", 5: "layer3"}
    assert TORCHVISION(unfreeze_at_epoch=3).unfreezing == {3: "all"}
    assert TORCHVISION().unfreezing == {}


def test_lists_become_tuples_and_plain_dicts_go_both_ways():
    options = SIMPLE(channels=[8, 16], spatial=[2, 3])
    assert (options.channels, options.spatial) == ((8, 16), (2, 3))
    assert SIMPLE(**plain_dict(options)) == options
    assert RECURRENT(**plain_dict(RECURRENT(pool="max"))) == RECURRENT(pool="max")


def test_options_need_no_torch():
    code = "import sys, videoseq.models.options; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
