from dataclasses import replace

import pytest
import torch

from videoseq.data.dataset import EvalClips, Reading
from videoseq.errors import CheckpointError, DataError
from videoseq.models.calibration import Calibration
from videoseq.serving.parts import whole_video
from videoseq.serving.predictor import Predictor

LOADING = {"reading": Reading(), "precision": "32-true", "progress": None, "batch_size": 4, "num_workers": 0}


def test_a_prediction_is_the_models_answer_to_the_clip(predictor, infos):
    videos = [whole_video(info) for info in infos]
    result = predictor.predict(videos)
    assert result.videos == (0, 1, 2)
    clips = EvalClips(videos, predictor.loaded.config.clip, predictor.reading)
    for position, probs in enumerate(result.answers):
        video = clips[position].frames
        logits, _ = predictor.loaded.model(video, torch.tensor([video.shape[1]]))
        torch.testing.assert_close(probs, logits[0].softmax(0), atol=1e-6, rtol=0)


def test_a_calibrated_checkpoint_has_its_temperature_in_every_view_and_its_likeliest_class_stays(predictor, infos):
    videos = [whole_video(info) for info in infos]
    plain = predictor.predict(videos)
    torch.testing.assert_close(plain.answers, plain.logits.softmax(1))
    cooled = replace(predictor, loaded=replace(predictor.loaded, calibration=Calibration(temperature=0.5)))
    result = cooled.predict(videos)
    assert torch.equal(result.logits, plain.logits)
    torch.testing.assert_close(result.answers, (plain.logits / 0.5).softmax(1))
    assert torch.equal(result.answers.argmax(1), plain.answers.argmax(1))
    shuffled = predictor.predict(videos, order="shuffled").logits
    torch.testing.assert_close(cooled.predict(videos, order="shuffled").answers, (shuffled / 0.5).softmax(1))


def test_batches_and_workers_change_nothing(predictor, infos):
    videos = [whole_video(info) for info in infos]
    expected = predictor.predict(videos, num_clips=2, num_crops=2).answers
    for changes in ({"batch_size": 1}, {"batch_size": 5}, {"num_workers": 1}):
        found = replace(predictor, **changes).predict(videos, num_clips=2, num_crops=2).answers
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


def test_a_video_that_has_gone_is_a_failure_or_an_error_as_told(predictor, infos):
    gone = replace(infos[0], path=infos[0].path.with_name("gone.mp4"))
    videos = [whole_video(gone), whole_video(infos[1])]
    result = predictor.predict(videos)
    assert result.videos == (1,)
    ((position, reason),) = result.failures
    assert position == 0
    assert "gone.mp4" in reason
    strict = replace(predictor, reading=Reading(bad_videos="error"))
    with pytest.raises(DataError, match=r"gone\.mp4"):
        strict.predict(videos)


def test_loading_needs_a_checkpoint(tmp_path):
    with pytest.raises(CheckpointError, match=r"none\.ckpt"):
        Predictor.from_checkpoint(tmp_path / "none.ckpt", device=torch.device("cpu"), **LOADING)


@pytest.mark.parametrize("num_workers", [0, 2])
def test_middle_clips_are_what_a_single_view_shows(predictor, infos, num_workers):
    videos = [whole_video(info) for info in infos]
    clips = replace(predictor, num_workers=num_workers, batch_size=2).middle_clips(videos)
    assert [(tuple(clip.shape), clip.dtype) for clip in clips] == [((4, 3, 16, 16), torch.uint8)] * len(videos)
    for video, clip in zip(videos, clips, strict=True):
        logits, _ = predictor.loaded.model(clip[None], torch.tensor([4]))
        torch.testing.assert_close(predictor.predict([video]).answers[0], logits[0].softmax(0), atol=1e-6, rtol=0)
    with pytest.raises(DataError, match=r"gone\.mp4"):
        predictor.middle_clips([whole_video(replace(infos[0], path=infos[0].path.with_name("gone.mp4")))])
