"""Cross-validates an experiment, or compares several on the same folds: `python -m videoseq.crossvalidate +experiment=NAME`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from videoseq.config import CrossvalidateConfig, TrainConfig, load_config, main
from videoseq.config.words import entry_words, given_words, key_of, typed_line, without
from videoseq.errors import ConfigError
from videoseq.running.candidates import Candidate, check_all_differ, result_options
from videoseq.types import plain_dict

USAGE = """Trains once for each fold of the data, each time tested on the videos that it was not trained on.

  python -m videoseq.crossvalidate +experiment=kernel_size folds=5
  python -m videoseq.crossvalidate data.root=DIR model/encoder=simple folds=5 repeats=3
  python -m videoseq.crossvalidate compare=[moving_shapes,moving_shapes_mean]     two experiments on the same folds
  python -m videoseq.crossvalidate data.root=DIR "compare=['model/head=lstm','model/head=gru']"

Folds keep groups together and, of a classification, are stratified by class; each has a validation part of its own. The same
command again keeps finished folds and continues one that was stopped. With compare, an option of one encoder or head goes into
its entry."""

_OWN = ("compare", "folds", "output", "repeats")
_DEALT = ("data.split.fold", "data.split.folds", "data.split.index", "data.split.strategy")


def crossvalidate(cfg: CrossvalidateConfig) -> dict[str, Any]:
    """Trains and tests on every fold; writes, prints and returns the figures and how sure they are.

    Raises:
        VideoseqError: The options or the data cannot be used, or a fold fails.
        Interrupted: A signal stopped a fold after saving; the same command continues.
    """
    words = given_words()
    candidates = [_candidate(cfg, entry, without(words, _OWN)) for entry in cfg.compare or ("",)]
    check_all_differ(candidates)

    from videoseq.reporting.crossvalidation import print_comparison, print_crossvalidation
    from videoseq.reporting.files import write_json
    from videoseq.running.crossvalidation import plan_all, run_folds
    from videoseq.running.fold_results import COMPARISON_FILE, collect, compare, summarise_folds
    from videoseq.running.locking import locked

    plan = plan_all(candidates, Path(cfg.paths.cache).expanduser(), folds=cfg.folds, repeats=cfg.repeats)
    kind = "comparison" if cfg.compare else "crossvalidation"
    folder = Path(cfg.paths.outputs).expanduser() / candidates[0].name / kind
    command = typed_line("crossvalidate", words)
    results, found = {}, {}
    with locked(folder) as lock:
        for candidate in candidates:
            place = folder / candidate.file_name if cfg.compare else folder
            runs = run_folds(candidate, plan, place, lock)
            found[candidate.label] = collect(plan, runs, candidate.root)
            results[candidate.label] = summarise_folds(plan, runs, found[candidate.label], place, command)
            print_crossvalidation(candidate.label, results[candidate.label])
        result = results[candidates[0].label]
        if cfg.compare:
            result = compare(plan, found, results, command)
            write_json(folder / COMPARISON_FILE, result)
            print_comparison(result)
    print(f"written to {folder}")
    if cfg.output is not None:
        write_json(Path(cfg.output).expanduser(), result)
    return result


def _candidate(cfg: CrossvalidateConfig, entry: str, shared: Sequence[str]) -> Candidate:
    """Returns what an entry of `compare` names, or without one the command line itself, its options checked."""
    own = entry_words(entry)
    _check_words(entry, shared, own)
    try:
        training = load_config(TrainConfig, "train", [*shared, *own])
    except ConfigError as error:
        raise ConfigError(f"compare, entry {entry!r}: {error}" if entry else str(error)) from error
    data = replace(training.data, split=replace(training.data.split, strategy="kfold", index=None, folds=cfg.folds, fold=0))
    return Candidate(
        entry or training.name,
        training.name,
        (*shared, *own),
        result_options(plain_dict(replace(training, data=data))),
        data,
        training.seed,
        None if training.init_from is None else Path(training.init_from).expanduser(),
        training.task.spec,
    )


def _check_words(entry: str, shared: Sequence[str], own: Sequence[str]) -> None:
    keys = [key_of(word) for word in (*shared, *own)]
    for key in keys:
        if key in _DEALT:
            raise ConfigError(
                f"{key} is set by the cross-validation itself, which deals grouped folds. Fix: leave it out; folds=N says how "
                "many there are"
            )
    for key in map(key_of, own):
        if key in ("name", "paths.outputs", *_OWN):
            raise ConfigError(f"compare: {key} in the entry {entry!r} holds for all. Fix: put it behind the command")
    if keys.count("experiment") > 1:
        raise ConfigError(
            f"two experiments for the entry {entry!r}. Fix: name experiments in compare, or one for all with +experiment=NAME "
            "and only options in compare"
        )


if __name__ == "__main__":
    main(CrossvalidateConfig, "crossvalidate", crossvalidate, USAGE)
