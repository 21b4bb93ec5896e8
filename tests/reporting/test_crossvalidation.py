"""What a cross-validation and a comparison show on the terminal."""

from videoseq.reporting.crossvalidation import print_comparison, print_crossvalidation

FIGURES = {"accuracy": 0.75, "f1_macro": 0.7, "loss": 0.5}
RESULT = {
    "folds": [
        {"repeat": 1, "fold": number, "num_videos": {"train": 24, "val": 8, "test": 32}, "test": FIGURES | {"loss": number}}
        for number in range(2)
    ],
    "mean": FIGURES,
    "std": {"accuracy": 0.1, "f1_macro": 0.2, "loss": 0.3},
    "out_of_fold": FIGURES,
    "interval_95": {name: [value - 0.25, value + 0.25] for name, value in FIGURES.items()},
    "interval_method": "a method",
}  # fmt: skip


def rows(text: str) -> list[list[str]]:
    """Returns the cells of the rows of a table."""
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if line.startswith("│")]


def test_the_folds_their_mean_and_the_interval_are_shown(capsys):
    print_crossvalidation("model.encoder.spatial=[4,4]", RESULT)
    shown = capsys.readouterr().out
    assert shown.splitlines()[0].strip() == "model.encoder.spatial=[4,4]"
    assert rows(shown) == [
        ["repeat_1/fold_0", "24", "8", "32", "0.750", "0.700", "0.000"],
        ["repeat_1/fold_1", "24", "8", "32", "0.750", "0.700", "1.000"],
        ["mean", "", "", "", "0.750 ± 0.100", "0.700 ± 0.200", "0.500 ± 0.300"],
        ["out of fold", "", "", "", "0.750", "0.700", "0.500"],
        ["95 % interval", "", "", "", "0.500 to 1.000", "0.450 to 0.950", "0.250 to 0.750"],
    ]
    assert shown.splitlines()[-1] == "interval: a method"


def test_without_an_interval_none_is_shown(capsys):
    print_crossvalidation("one group", RESULT | {"interval_95": None})
    assert rows(capsys.readouterr().out)[-1] == ["95 % interval", "", "", "", "-", "-", "-"]


def test_candidates_stand_in_rows_and_differences_in_sentences(capsys):
    candidates = [
        {"candidate": name, **{key: RESULT[key] for key in ("out_of_fold", "interval_95")}} for name in ("A", "B [2]")
    ]
    print_comparison({"headline": "accuracy", "candidates": candidates, "differences": [{"sentence": "B is better"}]})
    shown = capsys.readouterr().out
    assert rows(shown) == [[name, "0.750", "0.700", "0.500", "0.500 to 1.000"] for name in ("A", "B [2]")]
    assert shown.splitlines()[-1] == "B is better."
    both = [{"sentence": "B is better"}, {"sentence": "C is worse"}]
    print_comparison({"headline": "accuracy", "candidates": candidates, "differences": both})
    last = capsys.readouterr().out.splitlines()[-3:]
    assert last == [
        "B is better.", "C is worse.", "The intervals are widened so that all of these sentences hold together with 95 %.",
    ]  # fmt: skip
