"""The names of the formats of annotations, free of all that reads them, so that a command's help comes at once."""

from typing import Literal

AnnotationFormat = Literal["auto", "folders", "csv", "ucf101", "hmdb51", "kinetics", "something", "jester", "list"]
"""A key of `formats.FORMATS`, or `auto`: csv where there is a CSV file, else class folders."""
