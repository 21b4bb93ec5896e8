"""A checkpoint at work: predictions for files and data sets."""
