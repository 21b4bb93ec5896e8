"""Writing a copy of a data set that decodes fast."""
