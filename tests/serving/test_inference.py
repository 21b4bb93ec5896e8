import copy

import pytest
import torch

from videoseq.data.batch import ClipBatch, ClipSample, collate
from videoseq.models.calibration import Calibration
from videoseq.models.checkpoint import ModelConfig, build_model
from videoseq.models.options import RecurrentHeadOptions, SimpleEncoderOptions
from videoseq.serving.encoding import FRAMES_AT_ONCE_ON_CPU
from videoseq.serving.inference import REORDERINGS, infer_videos, reorder_frames
from videoseq.types import ClipSpec

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    encoder = SimpleEncoderOptions(channels=(4,), spatial=(2, 2), dropout=0.5)
    config = ModelConfig(
        encoder, RecurrentHeadOptions(hidden_size=8), ("a", "b", "c"), ClipSpec(num_frames=4, height=8, width=8)
    )
    return build_model(config)


def clips(*lengths, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(0, 256, (length, 3, 8, 8), dtype=torch.uint8, generator=generator) for length in lengths]


def sample(video, *crops, error=""):
    return ClipSample(torch.stack(crops) if crops else None, torch.tensor(0), video, error)


def probs_of(model, clip):
    with torch.no_grad():
        return model.eval()(clip[None], torch.tensor([len(clip)]))[0].softmax(1)[0]


def test_probabilities_are_averaged_over_the_views_of_a_video_wherever_they_stand(model):
    one, two, three, four = clips(4, 4, 4, 4)
    batches = [collate([sample(7, one), sample(2, two)]), collate([sample(7, three)]), collate([sample(7, four)])]
    result = infer_videos(model.train(), batches, device=CPU)
    assert result.videos == (2, 7)
    assert result.failures == ()
    expected = [probs_of(model, two), sum(probs_of(model, clip) for clip in (one, three, four)) / 3]
    torch.testing.assert_close(result.answers, torch.stack(expected))
    # Probabilities, not logits, are averaged; and dropout was off.
    torch.testing.assert_close(result.answers.sum(1), torch.ones(2))


def test_the_temperature_divides_the_logits_of_every_view_before_they_are_averaged(model):
    black, white = torch.zeros(4, 3, 8, 8, dtype=torch.uint8), torch.full((4, 3, 8, 8), 255, dtype=torch.uint8)
    batches = [collate([sample(0, black, white)])]
    decided = copy.deepcopy(model).eval()
    with torch.no_grad():
        decided.head.classifier.weight *= 40
        decided.head.classifier.bias *= 0
        logits = decided(torch.stack([black, white]))[0]  # (2, K)
    result = infer_videos(decided, batches, device=CPU, calibration=Calibration(temperature=2))
    torch.testing.assert_close(result.answers[0], (logits / 2).softmax(1).mean(0))
    torch.testing.assert_close(result.logits[0], logits.mean(0))
    assert not torch.allclose(result.answers[0], (logits.mean(0) / 2).softmax(0), atol=1e-3)
    assert not torch.allclose(result.answers[0], logits.softmax(1).mean(0), atol=1e-3)


def test_short_clips_in_a_batch_count_as_they_are(model):
    short, long = clips(2, 5)
    result = infer_videos(model, [collate([sample(0, short), sample(1, long)])], device=CPU)
    torch.testing.assert_close(result.answers, torch.stack([probs_of(model, short), probs_of(model, long)]), atol=1e-6, rtol=0)


def test_a_video_with_one_unreadable_clip_is_a_failure_and_not_a_guess(model):
    one, two = clips(4, 4)
    batches = [collate([sample(3, one), sample(5, two)]), collate([sample(3, error="torn"), sample(1, error="gone")])]
    result = infer_videos(model, batches, device=CPU)
    assert result.videos == (5,)
    assert result.failures == ((1, "gone"), (3, "torn"))


def test_without_a_readable_video_there_are_no_probabilities(model):
    result = infer_videos(model, [collate([sample(0, error="gone")])], device=CPU)
    assert (result.videos, result.failures) == ((), ((0, "gone"),))
    assert len(result.answers) == len(result.logits) == 0


def test_every_batch_advances_the_bar(model):
    steps = []
    batches = [collate([sample(0, *clips(4))]), collate([sample(1, error="gone")])]
    infer_videos(model, batches, device=CPU, advance=lambda: steps.append(1))
    assert len(steps) == 2


def test_attention_is_that_to_the_valid_frames_and_encodes_nothing_twice():
    torch.manual_seed(0)
    encoder, head = SimpleEncoderOptions(channels=(4,), spatial=(2, 2)), RecurrentHeadOptions(hidden_size=8, pool="attention")
    model = build_model(ModelConfig(encoder, head, ("a", "b"), ClipSpec(num_frames=5, height=8, width=8))).eval()
    short, long = clips(2, 5)
    encoded = []
    with torch.no_grad():
        expected = [model.head.attention(model.encode(clip[None]))[0] for clip in (short, long)]
    model.encoder.register_forward_hook(lambda module, given, features: encoded.append(len(features)))
    result = infer_videos(model, [collate([sample(4, short), sample(1, long)])], device=CPU, attention=True)
    assert sum(encoded) == 7
    assert result.attention.keys() == {1, 4}
    for position, weights in zip((4, 1), expected, strict=True):
        torch.testing.assert_close(result.attention[position], weights)
    assert infer_videos(model, [collate([sample(4, short)])], device=CPU).attention == {}


def test_precision_changes_the_figures_a_little(model):
    batches = [collate([sample(0, *clips(4))])]
    exact, rough = (infer_videos(model, batches, device=CPU, precision=name).answers for name in ("32-true", "bf16-mixed"))
    assert exact.dtype == rough.dtype == torch.float32
    assert not torch.equal(exact, rough)
    torch.testing.assert_close(exact, rough, atol=0.02, rtol=0)


def numbered(*lengths):
    """A batch whose frames carry their number."""
    frames = [
        torch.arange(10, 10 + length, dtype=torch.uint8)[:, None, None, None].expand(length, 3, 2, 2) for length in lengths
    ]
    return collate([sample(position, clip) for position, clip in enumerate(frames)])


def order_of(batch: ClipBatch) -> list[list[int]]:
    return batch.video[:, :, 0, 0, 0].tolist()


def test_reversed_clips_keep_their_padding_at_the_end():
    assert order_of(reorder_frames(numbered(4, 2), "reversed", [0, 0])) == [[13, 12, 11, 10], [11, 10, 0, 0]]


def test_shuffled_clips_show_the_same_frames_in_another_order():
    batch = numbered(8, 8, 3)
    shuffled = order_of(reorder_frames(batch, "shuffled", [1, 1, 1]))
    assert [sorted(row[:length]) for row, length in zip(shuffled, (8, 8, 3), strict=True)] == [
        list(range(10, 18)), list(range(10, 18)), [10, 11, 12],
    ]  # fmt: skip
    assert shuffled[0] != shuffled[1]
    assert shuffled[2][3:] == [0] * 5
    assert shuffled == order_of(reorder_frames(batch, "shuffled", [1, 1, 1]))
    assert shuffled != order_of(reorder_frames(batch, "shuffled", [2, 2, 2]))


def test_single_repeats_one_valid_frame_drawn_at_random():
    rows = order_of(reorder_frames(numbered(*[8] * 40, 3), "single", [0] * 41))
    assert all(len(set(row)) == 1 for row in rows[:40])
    assert {row[0] for row in rows[:40]} == set(range(10, 18))
    assert rows[40][0] in (10, 11, 12)
    assert rows[40] == [rows[40][0]] * 3 + [0] * 5


@pytest.mark.parametrize("order", REORDERINGS)
def test_the_batch_itself_stays_as_it_was(order):
    batch = numbered(4, 2)
    before = batch.video.clone()
    reorder_frames(batch, order, [0, 0])
    assert torch.equal(batch.video, before)


@pytest.mark.parametrize("order", ["shuffled", "single"])
def test_what_is_drawn_for_a_view_does_not_depend_on_the_batch_around_it(model, order):
    views = [sample(position, clip) for position in (0, 1, 2) for clip in clips(8, 8, seed=position)]
    found = {}
    for size in (1, 2, 4, 6):
        batches = [collate(views[start : start + size]) for start in range(0, 6, size)]
        found[size] = infer_videos(model, batches, device=CPU, order=order).logits
        torch.testing.assert_close(found[size], found[1], atol=1e-6, rtol=0)
    ordered = infer_videos(model, [collate(views)], device=CPU).logits
    assert not torch.allclose(found[1], ordered, atol=1e-4)


def test_every_view_of_a_video_gets_a_draw_of_its_own():
    frames = torch.arange(8, dtype=torch.uint8)[:, None, None, None].expand(8, 3, 2, 2)
    batch = collate([sample(5, frames, frames), sample(6, frames)])
    first, second, other = order_of(reorder_frames(batch, "shuffled", [0, 1, 0]))
    assert first != second != other != first


def test_the_order_reaches_the_model(model):
    batches = [collate([sample(0, *clips(5))])]
    found = {order: infer_videos(model, batches, device=CPU, order=order).answers for order in ("ordered", *REORDERINGS)}
    torch.testing.assert_close(found["reversed"][0], probs_of(model, batches[0].video[0].flip(0)))
    for order in REORDERINGS:
        assert not torch.equal(found[order], found["ordered"])


def test_long_clips_are_encoded_a_few_frames_at_a_time(model):
    sizes: list[int] = []
    hook = model.encoder.register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))
    (long,) = clips(FRAMES_AT_ONCE_ON_CPU + 8)
    result = infer_videos(model, [collate([sample(0, long)])], device=CPU)
    hook.remove()
    assert sizes == [FRAMES_AT_ONCE_ON_CPU, 8]
    torch.testing.assert_close(result.answers[0], probs_of(model, long))
