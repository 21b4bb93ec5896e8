"""The folder of a run: made anew, or found to continue."""

import logging
from datetime import datetime
from pathlib import Path

from videoseq.errors import CheckpointError, ConfigError

logger = logging.getLogger(__name__)

METRICS_FILE = "metrics.json"
LOG_FILE = "train.log"
TENSORBOARD_FOLDER = "tensorboard"
LAST_CHECKPOINT = Path("checkpoints") / "last.ckpt"
BEST_CHECKPOINT = Path("checkpoints") / "best.ckpt"


def new_run_folder(outputs: Path, name: str, prefix: str = "") -> Path:
    """Makes and returns `outputs/name/<prefix><date_time_ms>`, a folder that no other run has.

    Raises:
        ConfigError: No folder can be made there.
    """
    while True:
        folder = outputs / name / (prefix + datetime.now().strftime("%Y-%m-%d_%H-%M-%S-%f")[:-3])
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise ConfigError(
                f"cannot make the run's folder {str(folder)!r}: {error.strerror}; paths.outputs=DIR names another place"
            ) from error
        return folder


def find_resumable(outputs: Path, name: str, resume: str | None) -> Path | None:
    """Returns the checkpoint that a run continues, which lies in that run's folder; None where a new run is started.

    Args:
        outputs: Folder of all runs.
        name: Name of the run.
        resume: A checkpoint; `auto`: the last one of the newest run of that name that has one and has not finished; None.

    Raises:
        CheckpointError: The checkpoint is missing or does not lie in a run's folder.
    """
    if resume is None:
        return None
    if resume != "auto":
        checkpoint = Path(resume).expanduser().absolute()
        folder_of_checkpoint(checkpoint)
        return checkpoint
    runs = sorted((outputs / name).glob(f"*/{LAST_CHECKPOINT}"), reverse=True)
    unfinished = next((path for path in runs if not (path.parents[1] / METRICS_FILE).exists()), None)
    if unfinished is None:
        logger.warning("resume=auto: no unfinished run of the name %r in %s, a new one is started", name, outputs)
    return unfinished


def folder_of_checkpoint(checkpoint: Path) -> Path:
    """Returns the folder of the run that wrote a checkpoint.

    Raises:
        CheckpointError: The file is missing or does not lie in a run's folder.
    """
    if not checkpoint.is_file():
        raise CheckpointError(f"no checkpoint at {str(checkpoint)!r}: resume=PATH names a file such as RUN/{LAST_CHECKPOINT}")
    if checkpoint.parent.name != "checkpoints":
        raise CheckpointError(
            f"{str(checkpoint)!r} does not lie in a run's folder (RUN/{LAST_CHECKPOINT}), so there is no run to continue: "
            "start a new one from its weights with init_from=PATH"
        )
    return checkpoint.parents[1]
