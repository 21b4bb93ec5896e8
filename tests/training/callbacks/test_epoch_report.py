"""The line of an epoch."""

import logging
import re


def test_every_epoch_has_its_line(run, caplog):
    caplog.set_level(logging.INFO, logger="videoseq")
    run.fit()
    lines = [record.getMessage() for record in caplog.records if record.name.endswith("epoch_report")]
    figures = r"train/loss \d\.\d{3}  train/accuracy \d\.\d{3}  val/loss \d\.\d{3}  val/accuracy \d\.\d{3}  \d+ s"
    assert len(lines) == 2
    for number, line in enumerate(lines, start=1):
        assert re.fullmatch(rf"epoch {number}/2  {figures}", line), line
