"""Runs an experiment over seeds: `python -m videoseq.experiment name=NAME seeds=[0,1,2]`."""

import json
import shutil
from pathlib import Path
from typing import Any

from videoseq.config import ExperimentConfig, main
from videoseq.running.launching import run_command

PICTURES = ("clips.png", "timelines.png", "curves.png")
"""What shows videos of the test split, whichever the task has."""

USAGE = """Trains an experiment once per seed, measures each run and its order probe, and writes experiments/NAME/metrics.json.

  python -m videoseq.experiment name=moving_shapes seeds=[0,1,2]
  make experiment NAME=moving_shapes SEEDS=0,1,2"""


def experiment(cfg: ExperimentConfig) -> dict[str, Any]:
    """Trains an experiment over seeds and writes and returns every run's figures, their mean and standard deviation.

    Every run is a process of its own, started with the command that a user would type.

    Raises:
        VideoseqError: A run fails; its own message stands above.
    """
    from videoseq.reporting.files import write_json
    from videoseq.reporting.summaries import summarise
    from videoseq.training.run_folder import new_run_folder

    outputs = new_run_folder(Path("outputs"), f"experiment_{cfg.name}")
    folder = Path(cfg.output).expanduser() / cfg.name
    runs = [_run(cfg, seed, outputs, folder) for seed in cfg.seeds]
    result = {
        "command": f"make experiment NAME={cfg.name} SEEDS={','.join(map(str, cfg.seeds))}",
        "overrides": list(cfg.overrides),
        "summary": summarise([{key: run[key] for key in run if key != "versions"} for run in runs]),
        "runs": runs,
    }
    write_json(folder / "metrics.json", result)
    return result


def _run(cfg: ExperimentConfig, seed: int, outputs: Path, results: Path) -> dict[str, Any]:
    name = f"seed_{seed}"
    run_command("train", f"+experiment={cfg.name}", f"seed={seed}", f"paths.outputs={outputs}", f"name={name}", *cfg.overrides)
    (folder,) = (outputs / name).iterdir()
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    if metrics["test"] is not None:
        drawn = folder
        if not metrics["task"]["per_frame"]:  # else the run has measured and drawn all that there is
            run_command("evaluate", f"checkpoint={folder / 'checkpoints' / 'best.ckpt'}", "num_clips=1", "order_probe=true")
            drawn = folder / "evaluation_test"
            metrics["order_probe"] = json.loads((drawn / "metrics.json").read_text(encoding="utf-8"))["order_probe"]
        results.mkdir(parents=True, exist_ok=True)
        for picture in PICTURES:
            if (drawn / picture).is_file():
                shutil.copy(drawn / picture, results / f"test_{picture}")
    return metrics


if __name__ == "__main__":
    main(ExperimentConfig, "experiment", experiment, USAGE)
