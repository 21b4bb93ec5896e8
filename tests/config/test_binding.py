import pytest

from videoseq.config.answering import PredictConfig
from videoseq.config.binding import bind, default_values, options
from videoseq.config.schema import ExperimentConfig, TrainConfig
from videoseq.errors import ConfigError
from videoseq.models.options import MeanHeadOptions, RecurrentHeadOptions, SimpleEncoderOptions

DATA = {"root": "videos"}


def test_what_is_absent_takes_the_default_and_what_is_there_is_converted():
    cfg = bind(TrainConfig, {"data": DATA, "optimizer": {"lr": 1}, "training": {"clip_norm": None}})
    assert cfg.optimizer.lr == 1.0
    assert isinstance(cfg.optimizer.lr, float)
    assert cfg.training.clip_norm is None
    assert cfg.clip.num_frames == 16


def test_a_family_is_chosen_by_its_name():
    cfg = bind(
        TrainConfig, {"data": DATA, "model": {"encoder": {"name": "simple", "channels": [4, 8]}, "head": {"name": "mean"}}}
    )
    assert cfg.model.encoder == SimpleEncoderOptions(channels=(4, 8))
    assert cfg.model.head == MeanHeadOptions()
    assert bind(TrainConfig, {"data": DATA}).model.head == RecurrentHeadOptions()


@pytest.mark.parametrize("spatial", [[4, 3], "4x3"])
def test_a_size_is_a_list_or_a_text(spatial):
    cfg = bind(TrainConfig, {"data": DATA, "model": {"encoder": {"name": "vgg11", "spatial": spatial}}})
    assert cfg.model.encoder.spatial == (4, 3)


def test_the_head_is_checked_against_the_task_and_the_encoder():
    clip = {"sampling": "all"}
    frames = {"data": DATA, "clip": clip, "task": {"name": "frames"}, "model": {"head": {"pool": "max"}}}
    with pytest.raises(
        ConfigError, match=r"model\.head\.pool=max makes one answer of all frames.*: set model\.head\.pool=last"
    ):
        bind(TrainConfig, frames)
    grid = {"data": DATA, "model": {"encoder": {"name": "resnet18"}, "head": {"name": "conv_lstm"}}}
    with pytest.raises(ConfigError, match=r"conv_lstm needs a grid of features.*: set model\.encoder\.spatial=\[4,4\]"):
        bind(TrainConfig, grid)


@pytest.mark.parametrize("stages", [{2: 1, 5: "all"}, {"2": "1", 5: "all"}], ids=["numbers", "text_behind_a_dot"])
def test_epochs_and_layers_of_stages_may_arrive_as_numbers_or_text(stages):
    cfg = bind(TrainConfig, {"data": DATA, "model": {"encoder": {"name": "vgg11", "unfreeze_at_epoch": stages}}})
    assert cfg.model.encoder.unfreeze_at_epoch == {2: "1", 5: "all"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"clip": {"num_frame": 8}}, r"unknown option clip\.num_frame: did you mean clip\.num_frames\?"),
        ({"data": {"split": {"stategy": "random"}}}, r"did you mean data\.split\.strategy\?"),
        ({"data": {"limits": {"max_pixel": 1}}}, r"did you mean data\.limits\.max_pixels\?"),
        ({"augment": {"flipp": True}}, r"did you mean augment\.flip\?"),
        ({"model": {"encoder": {"weigths": None}}}, r"did you mean model\.encoder\.weights\?"),
        ({"model": {"head": {"hiden_size": 3}}}, r"did you mean model\.head\.hidden_size\?"),
        (
            {"model": {"head": {"name": "mean", "hidden_size": 3}}},
            r"unknown option model\.head\.hidden_size.*knows: centre, dropout",
        ),
        ({"task": {"los": {}}}, r"did you mean task\.loss\?"),
        ({"task": {"loss": {"label_smothing": 0.1}}}, r"did you mean task\.loss\.label_smoothing\?"),
        ({"optimizer": {"leaning_rate": 1}}, r"unknown option optimizer\.leaning_rate"),
        ({"optimizer": {"scheduler": {"warmup": 1}}}, r"did you mean optimizer\.scheduler\.warmup_fraction\?"),
        ({"training": {"max_epoch": 1}}, r"did you mean training\.max_epochs\?"),
        ({"trainer": {"num_threads": 0}}, r"trainer\.num_threads must be at least 1 or null, got 0"),
        ({"trainer": {"precison": 1}}, r"did you mean trainer\.precision\?"),
        ({"paths": {"output": "x"}}, r"did you mean paths\.outputs\?"),
        ({"hidden_size": 3}, r"unknown option hidden_size: did you mean model\.head\.hidden_size\?"),
        ({"model": {"head": {"name": "lsmt"}}}, r"unknown model\.head\.name='lsmt': did you mean 'lstm'\?"),
        ({"task": {"name": "clasification"}}, r"unknown task\.name='clasification': did you mean 'classification'\?"),
        ({"clip": {"sampling": "unifrom"}}, r"clip\.sampling must be one of .* \(did you mean 'uniform'\?\), got 'unifrom'"),
        ({"clip": {"num_frames": "many"}}, r"clip\.num_frames must be a whole number, got 'many'"),
        ({"clip": {"num_frames": True}}, r"clip\.num_frames must be a whole number, got True"),
        ({"optimizer": {"lr": "fast"}}, r"optimizer\.lr must be a number, got 'fast'"),
        ({"training": {"channels_last": 1}}, r"training\.channels_last must be true or false, got 1"),
        ({"training": {"clip_norm": "x"}}, r"training\.clip_norm must be a number or null, got 'x'"),
        (
            {"model": {"encoder": {"spatial": 4}}},
            r"model\.encoder\.spatial must be a size such as 4x4 or \[4,4\] or null, got 4",
        ),
        (
            {"model": {"encoder": {"spatial": "4X4"}}},
            r"model\.encoder\.spatial must be a size such as 4x4 or \[4,4\] or null, got '4X4'",
        ),
        ({"clip": 3}, r"clip must hold options of its own, got 3"),
        ({"clip": {"num_frames": 0}}, r"clip\.num_frames must be at least 1, got 0"),
        ({"clip": {"crop_fraction": 0.0}}, r"clip\.crop_fraction must lie in \(0, 1\]"),
        ({"clip": {"target_fps": -1.0}}, r"clip\.target_fps must be positive or null, got -1\.0"),
        ({"optimizer": {"lr": 0}}, r"optimizer\.lr must be positive, got 0"),
        ({"optimizer": {"weight_decay": -1}}, r"optimizer\.weight_decay must not be negative"),
        ({"optimizer": {"encoder_lr_scale": 0}}, r"encoder_lr_scale must be positive.*model\.encoder\.freeze=all"),
        (
            {"optimizer": {"layer_decay": 0.75}},
            r"optimizer\.layer_decay=0\.75 changes nothing: .*model\.encoder\.freeze=all\); set model\.encoder\.freeze=none or",
        ),
        (
            {"optimizer": {"encoder_lr_scale": 0.1}, "model": {"encoder": {"name": "timm:test_vit"}}},
            r"optimizer\.encoder_lr_scale=0\.1 changes nothing: the encoder is not trained",
        ),
        ({"optimizer": {"scheduler": {"warmup_fraction": 1}}}, r"optimizer\.scheduler\.warmup_fraction must lie in \[0, 1\)"),
        ({"task": {"loss": {"label_smoothing": 1}}}, r"task\.loss\.label_smoothing must lie in \[0, 1\)"),
        ({"training": {"max_epochs": 0}}, r"training\.max_epochs must be at least 1"),
        ({"training": {"early_stopping": 0}}, r"training\.early_stopping must be positive or null"),
        ({"data": {"batch_size": 0}}, r"data\.batch_size must be at least 1"),
        ({"data": {"num_workers": -1}}, r"data\.num_workers must be 0, more, or null"),
        ({"data": {"max_bad_fraction": 2}}, r"data\.max_bad_fraction must lie in \[0, 1\]"),
        ({"data": {"limits": {"max_frames": 0}}}, r"data\.limits\.max_frames must be positive"),
        ({"model": {"encoder": {"unfreeze_at_epoch": 2, "freeze": "none"}}}, r"but nothing is frozen"),
        (
            {"model": {"encoder": {"unfreeze_at_epoch": "layer4"}}},
            r"unfreeze_at_epoch must be a whole number or stages such as \{2: layer4, 5: all\} or null, got 'layer4'",
        ),
        ({"model": {"encoder": {"unfreeze_at_epoch": {"two": "layer4"}}}}, r"or stages such as .* got \{'two': 'layer4'\}"),
        ({"model": {"encoder": {"unfreeze_at_epoch": {2: None}}}}, r"or stages such as .* got \{2: None\}"),
        ({"seed": -1}, r"^seed must lie in \[0, 2\*\*32\), got -1$"),
        ({"seed": 2**32}, r"^seed must lie in \[0, 2\*\*32\), got 4294967296$"),
        (
            {"clip": {"frame_stride": 2}},
            r"^clip\.frame_stride=2 has no effect with clip\.sampling=uniform.*: clip\.sampling=random_clip and clip",
        ),
        (
            {"clip": {"frame_stride": 3, "sampling": "segments"}},
            r"^clip\.frame_stride=3 has no effect with clip\.sampling=segments",
        ),
        (
            {"clip": {"num_frames": 1}, "model": {"head": {"centre": "clip"}}},
            r"^clip\.num_frames=1 with model\.head\.centre=clip: of a single frame that makes nothing but zeros; set model",
        ),
        (
            {"clip": {"num_frames": 1}, "model": {"head": {"centre": "causal"}}},
            r"^clip\.num_frames=1 with model\.head\.centre=causal: .*; set model\.head\.centre=none, or clip\.num_frames=2",
        ),
        (
            {"clip": {"num_frames": 1, "sampling": "random_clip"}, "model": {"head": {"motion": "difference"}}},
            r"^clip\.num_frames=1 with model\.head\.motion=difference: .*; set model\.head\.motion=none, or clip",
        ),
        ({"channels": [4]}, r"unknown option channels: did you mean model\.encoder\.channels\?"),
        ({"resume": "auto", "init_from": "x.ckpt"}, r"resume continues a run and init_from starts a new one"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_repair(content, message):
    content = {**content, "data": {**DATA, **content.get("data", {})}}
    with pytest.raises(ConfigError, match=message):
        bind(TrainConfig, content)


def test_whole_videos_are_centred_whatever_the_frames_of_a_clip():
    content = {"data": DATA, "clip": {"num_frames": 1, "sampling": "all"}, "model": {"head": {"centre": "clip"}}}
    assert bind(TrainConfig, content).model.head.centre == "clip"


@pytest.mark.parametrize("encoder", [{"freeze": "none"}, {"unfreeze_at_epoch": 1}, {"name": "simple"}])
def test_rates_of_an_encoder_that_is_trained_at_some_time_are_taken(encoder):
    content = {"data": DATA, "model": {"encoder": encoder}, "optimizer": {"layer_decay": 0.75, "encoder_lr_scale": 0.1}}
    assert bind(TrainConfig, content).optimizer.layer_decay == 0.75


def test_all_problems_are_reported_together():
    with pytest.raises(ConfigError) as caught:
        bind(TrainConfig, {"data": DATA, "clip": {"num_frames": 0, "heigth": 3}, "optimizer": {"lr": "x"}, "sed": 1})
    lines = str(caught.value).splitlines()
    assert len(lines) == 3  # the clip's values are only checked once its keys are known
    assert "clip.heigth" in lines[0]
    assert "optimizer.lr" in lines[1]
    assert "did you mean seed?" in lines[2]


def test_nothing_to_train_on_names_both_ways():
    with pytest.raises(ConfigError, match=r"\+experiment=moving_shapes.*data\.root=DIR.*class_name/\*\.mp4"):
        bind(TrainConfig, {})


def test_a_required_option_is_named_with_an_example():
    with pytest.raises(ConfigError, match=r"checkpoint is missing: checkpoint=outputs/.*\ninput is missing: input=video\.mp4"):
        bind(PredictConfig, {})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"top_k": 0}, "top_k must be at least 1"),
        ({"windows": True, "frames": [1]}, "windows and frames"),
        ({"output": "rows.txt"}, r"output must end in \.csv or \.json, got 'rows\.txt'"),
        ({"window_seconds": 0}, "window_seconds must be positive or null"),
        ({"frames": "all"}, r"frames must be a list"),
        ({"frames": []}, r"frames names no frame, got \[\]\. Fix: frames=\[0,100\] or any others, or leave frames out"),
    ],
)
def test_predict_checks_its_options(content, message):
    with pytest.raises(ConfigError, match=message):
        bind(PredictConfig, {"checkpoint": "a.ckpt", "input": "b.mp4", **content})


@pytest.mark.parametrize("sampling", ["random_clip", "all"])
def test_a_frame_stride_is_taken_where_it_is_used(sampling):
    cfg = bind(TrainConfig, {"data": DATA, "clip": {"frame_stride": 2, "sampling": sampling}})
    assert cfg.clip.frame_stride == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"seeds": [0, 0]}, r"^seeds must be different ones and at least one, such as \[0,1,2\], got \[0, 0\]$"),
        ({"seeds": []}, r"^seeds must be different ones and at least one, such as \[0,1,2\], got \[\]$"),
        ({"seeds": [0, -1]}, r"^seeds must lie in \[0, 2\*\*32\), got -1$"),
        *(
            ({"overrides": ["training.max_epochs=1", word]}, rf"leave name, seed and paths\.outputs .*got '{word}': .*seeds=")
            for word in ("name=other", "seed=3", "paths.outputs=here")
        ),
        ({"overrides": ["++seed=3"]}, r"got '\+\+seed=3'"),
    ],
)
def test_an_experiment_checks_its_options(content, message):
    with pytest.raises(ConfigError, match=message):
        bind(ExperimentConfig, {"name": "moving_shapes", **content})
    assert bind(ExperimentConfig, {"name": "x", "overrides": ["data.split.seed=3"]}).overrides == ("data.split.seed=3",)


def test_every_option_has_a_meaning_in_its_docstring():
    from videoseq.config.answering import EvaluateConfig
    from videoseq.config.help import attribute_text

    for schema in (TrainConfig, EvaluateConfig, PredictConfig, ExperimentConfig):
        found = [option for option in options(schema) if not attribute_text(option.owner, option.key.rpartition(".")[2])]
        assert [option.key for option in found] == []


def test_default_values_are_those_of_the_dataclasses():
    defaults = default_values(TrainConfig)
    assert defaults["clip"]["num_frames"] == 16
    assert defaults["data"]["limits"]["max_frames"] == 1_000_000
    assert "encoder" not in defaults["model"]
