"""From annotations to batches of uint8 clips."""
