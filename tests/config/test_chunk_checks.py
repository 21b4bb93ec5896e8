"""What cannot be trained on in chunks is refused before a video is opened, with the way out."""

import pytest

from videoseq.config import TrainConfig, load_config
from videoseq.errors import ConfigError

WORDS = ("data.root=nowhere", "task.name=frames", "clip.sampling=all", "training.tbptt_frames=32")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["task.name=classification"],
            r"training\.tbptt_frames=32 trains on the frames of whole videos, and task\.name=classification has one answer "
            r"for each video\. Fix: task\.name=frames, or task\.name=regression with task\.per_frame=true; or leave it out",
        ),
        (["task.name=regression"], r"task\.name=regression has one answer for each video"),
        (
            ["model.head.bidirectional=true"],
            r"carries the state of the head .* this head \(model\.head\.name=lstm\) needs the whole video at once\. Fix: "
            r"model\.head\.bidirectional=false; or leave it out",
        ),
        (
            ["model.head.bidirectional=true", "model.head.centre=clip"],
            r"Fix: model\.head\.bidirectional=false and model\.head\.centre=causal; or leave it out",
        ),
        (["clip.sampling=random_clip"], r"got clip\.sampling=random_clip\. Fix: clip\.sampling=all"),
        (["clip.sampling=uniform"], r"got clip\.sampling=uniform\. Fix: clip\.sampling=all$"),
        (["augment.temporal.speed=1.5"], r"temporal\.speed varies clips in time, .*Fix: leave augment\.temporal\.speed out"),
        (["augment.temporal.drop=0.1"], r"augment\.temporal\.drop varies clips in time"),
        (["clip.max_frames=50"], r"clip\.max_frames cuts clips out of videos, and .*Fix: leave clip\.max_frames out"),
        (["clip.padding=loop"], r"clip\.padding cuts clips out of videos, and training\.tbptt_frames=32 goes over the whole"),
        (["data.bucketing=length"], r"data\.bucketing=length orders clips, .*Fix: leave it out"),
        (["training.tbptt_frames=0"], r"tbptt_frames must be positive or null, got 0"),
    ],
)
def test_what_chunks_cannot_do_is_refused(words, message):
    with pytest.raises(ConfigError, match=message):
        load_config(TrainConfig, "train", [*WORDS, *words])


@pytest.mark.parametrize("words", [[], ["task.name=regression", "task.per_frame=true"], ["model.head.centre=causal"]])
def test_what_chunks_can_do_is_not(words):
    assert load_config(TrainConfig, "train", [*WORDS, *words]).training.tbptt_frames == 32
