"""Lists, tables and JSON files of annotations, with the places that messages name."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from videoseq.errors import DataError


def find_file(folders: Sequence[Path], names: Sequence[str], layout: str) -> Path:
    """Returns the first file that is there.

    Args:
        folders: The folders to look in.
        names: The names that it may have, looked for in every folder.
        layout: The layout that the format expects, for the message.

    Raises:
        DataError: There is none; the message names every path that was looked for.
    """
    found = find_optional(folders, names)
    if found is not None:
        return found
    paths = [folder / name for folder in folders for name in names]
    looked = " or ".join(repr(str(path)) for path in paths)
    raise DataError(f"there is no {looked}, expected {layout}. Fix: put it there, or name its place with data.annotations")


def find_optional(folders: Sequence[Path], names: Sequence[str]) -> Path | None:
    """Returns the first file that is there, as `find_file` looks for it; None where there is none."""
    return next((path for folder in folders for name in names if (path := folder / name).is_file()), None)


def text_rows(file: Path) -> Iterator[tuple[int, str]]:
    """Yields every line of a text file that is not blank, stripped, with its number as an editor counts.

    Raises:
        DataError: The file cannot be read or is not UTF-8.
    """
    line = 1
    try:
        with file.open(encoding="utf-8-sig") as stream:
            for line, text in enumerate(stream, 1):
                if text.strip():
                    yield line, text.strip()
    except UnicodeDecodeError:
        raise _not_utf8(file, line) from None
    except OSError as error:
        raise _unreadable(file, error) from None


def csv_rows(file: Path, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yields each row of a CSV file that is not blank with the number of its first line, as an editor counts.

    Raises:
        DataError: The file cannot be read, is not UTF-8, or its quotes do not match.
    """
    line = 1
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True, delimiter=delimiter)
            for values in reader:
                if "".join(values).strip():
                    yield line, values
                line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{file.name} row {line}: not a CSV row ({error}). Fix: the quotes of this row") from None
    except UnicodeDecodeError:
        raise _not_utf8(file, line) from None
    except OSError as error:
        raise _unreadable(file, error) from None


def read_json(file: Path, kind: type, expected: str) -> Any:
    """Returns the content of a JSON file.

    Args:
        file: The file.
        kind: What it must hold: `dict` or `list`.
        expected: What that is, in words.

    Raises:
        DataError: The file cannot be read or holds something else.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise _unreadable(file, error) from None
    except ValueError as error:  # of the decoding or of JSON's
        raise DataError(f"{file.name}: not a JSON file ({error}). Fix: download it again") from None
    if not isinstance(content, kind):
        raise DataError(f"{file.name}: got a JSON {type(content).__name__}, expected {expected}. Fix: download it again")
    return content


def _not_utf8(file: Path, line: int) -> DataError:
    return DataError(f"{file.name} row {line} or later: the text is not UTF-8. Fix: save the file again as UTF-8")


def _unreadable(file: Path, error: OSError) -> DataError:
    return DataError(f"cannot read the annotations {str(file)!r}: {error.strerror}. Fix: correct data.annotations")
