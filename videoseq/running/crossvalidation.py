"""A cross-validation: one training for each fold, kept when finished and continued when killed, and what it comes to."""

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from videoseq.data.manifest import build_manifest
from videoseq.data.membership import count_seen, identity_words, unpack
from videoseq.errors import ConfigError, DataError, Interrupted, VideoseqError
from videoseq.models.checkpoint import PAYLOAD_KEY
from videoseq.models.weights import read_torch_file
from videoseq.reporting.files import write_json
from videoseq.reporting.progress import progress_bar
from videoseq.running.candidates import Candidate
from videoseq.running.folds import Fold, FoldPlan, check_fold, check_tested_once, describe, differences, plan_folds
from videoseq.running.launching import run_command
from videoseq.training.run_folder import BEST_CHECKPOINT, LAST_CHECKPOINT, METRICS_FILE

logger = logging.getLogger(__name__)

FOLDS_FILE = "folds.json"


def plan_all(candidates: Sequence[Candidate], cache: Path, *, folds: int, repeats: int) -> FoldPlan:
    """Reads the data set and deals the folds that all candidates are trained on.

    Args:
        candidates: What is trained.
        cache: Folder for the scan's results.
        folds: Folds of each repeat.
        repeats: How often the videos are dealt.

    Raises:
        DataError: The data cannot be used, a class has too few groups, or a candidate has other videos or folds.
    """
    plans: list[FoldPlan] = []
    for candidate in candidates:
        first = candidates[0]
        found = [f"data.root={candidate.root}, not {first.root}"] if candidate.root != first.root else []
        if candidate.task != first.task:
            found.append(f"another task, {candidate.task}, not {first.task}")
        if not found and (not plans or (candidate.data, candidate.seed) != (first.data, first.seed)):
            manifest = build_manifest(candidate.data, cache, progress_bar, task=candidate.task)
            plans.append(plan_folds(manifest, candidate.data.split, folds=folds, repeats=repeats, seed=candidate.seed))
            found = differences(describe(plans[0], {}), describe(plans[-1], {}))
        if found:
            raise DataError(
                f"compare: {candidate.label!r} has other videos or folds than {first.label!r}: {'; '.join(found)}. "
                "Fix: compare on the same data, with the same seed and data.split.seed for all"
            )
    return plans[0]


def run_folds(candidate: Candidate, plan: FoldPlan, folder: Path, lock: int) -> list[Path]:
    """Trains what is not finished of a cross-validation, every fold with a command of its own, and returns the runs' folders.

    A finished fold is kept; one that was stopped goes on in its own folder. What decides the result stands in `folds.json`:
    folds of other options or other videos are never mixed.

    Args:
        candidate: What is trained.
        plan: The folds.
        folder: Where the runs lie, `repeat_R/fold_K/<date>`.
        lock: File descriptor of the folder's lock, which the trainings inherit.

    Raises:
        ConfigError: The folder holds folds of other options or videos.
        DataError: Something stands on two sides of a fold, or was seen by the checkpoint that the trainings start from.
        Interrupted: A signal stopped a fold after saving.
        VideoseqError: A fold fails.
    """
    check_tested_once(plan)
    _check_initial(candidate, plan)
    _keep_description(folder / FOLDS_FILE, describe(plan, candidate.options))
    runs = []
    for fold in plan.folds:
        check_fold(plan, fold)
        place = _place(folder, fold)
        where = f"fold {fold.number + 1} of {plan.num_folds} ({place.relative_to(folder)})"
        finished = sorted(place.glob(f"*/{METRICS_FILE}"))
        if finished:
            logger.info("%s: %s is finished and kept", candidate.label, where)
        else:
            logger.info("%s: %s", candidate.label, where)
            _train(candidate, plan, fold, folder, lock, where)
            finished = sorted(place.glob(f"*/{METRICS_FILE}"))
        _check_trained_on(finished[-1].parent, plan, fold)
        runs.append(finished[-1].parent)
    return runs


def _place(folder: Path, fold: Fold) -> Path:
    return folder / f"repeat_{fold.repeat}" / f"fold_{fold.number}"


def _train(candidate: Candidate, plan: FoldPlan, fold: Fold, folder: Path, lock: int, where: str) -> None:
    place = _place(folder, fold)
    words = [
        *candidate.words,
        "data.split.strategy=kfold",
        "data.split.index=null",
        f"data.split.folds={plan.num_folds}",
        f"data.split.fold={fold.number}",
        f"data.split.seed={fold.split_seed}",
        f"seed={fold.seed}",
        "test=true",
        f"name={place.name}",
        f"paths.outputs={place.parent}",
    ]
    if any(place.glob(f"*/{LAST_CHECKPOINT}")):
        words += ["resume=auto", "init_from=null"]
    else:  # killed before it saved anything: there is nothing to continue
        shutil.rmtree(place, ignore_errors=True)
    try:
        run_command("train", *words, keep_open=[lock])
    except Interrupted as error:
        raise Interrupted(f"stopped in {where} of {candidate.label}; continue with the same command") from error
    except VideoseqError as error:
        raise VideoseqError(f"{where} of {candidate.label} failed, its message stands above: {error}") from error


def _keep_description(path: Path, description: dict[str, Any]) -> None:
    """Stores what decides the result, or checks it against what is stored."""
    now = json.loads(json.dumps(description))
    if path.exists():
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
            found = differences(before, now)
        except (ValueError, LookupError, TypeError) as error:
            raise ConfigError(f"{str(path)!r} cannot be read: {error}. Fix: delete the folder {str(path.parent)!r}") from error
        if found:
            raise ConfigError(
                f"{str(path.parent)!r} holds folds of another cross-validation: {'; '.join(found)}. "
                "Fix: name=… for a folder of its own, or delete that folder"
            )
        if len(before["folds"]) >= len(now["folds"]):
            return
    write_json(path, now)


def _check_initial(candidate: Candidate, plan: FoldPlan) -> None:
    """Refuses to start from a checkpoint that has seen what the folds are tested on."""
    if candidate.init_from is None:
        return
    seen = count_seen(plan.videos, _videos_of(candidate.init_from))
    if seen:
        raise DataError(
            f"a leak: init_from={candidate.init_from} was trained on or chosen by {seen} of the {len(plan.videos)} videos, "
            "which the folds test. Fix: start from a checkpoint of other data, or leave init_from out"
        )


def _check_trained_on(run: Path, plan: FoldPlan, fold: Fold) -> None:
    """Checks that a run was trained and tested on the videos of its fold, by what its checkpoint says."""
    found = {part: identity_words(unpack(those)) for part, those in _videos_of(run / BEST_CHECKPOINT).items()}
    if found != plan.identities(fold):
        raise DataError(
            f"{str(run)!r} was trained on other videos than those of its fold: the data changed in between. "
            f"Fix: delete {str(run.parent)!r} and run the same command again"
        )


def _videos_of(checkpoint: Path) -> Mapping[str, str]:
    """Returns the packed identities of the videos of each split of the run that wrote a checkpoint."""
    content = read_torch_file(checkpoint, what="a checkpoint of videoseq", fix="give checkpoints/best.ckpt of a run")
    payload = content.get(PAYLOAD_KEY, {}) if isinstance(content, Mapping) else {}
    videos: Mapping[str, str] = payload.get("origin", {}).get("videos", {})
    return videos
