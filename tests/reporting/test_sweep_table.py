"""The table of a sweep: its file, the order of its rows, and what the terminal shows."""

import multiprocessing

import pytest

from tests.commands import read_csv
from videoseq.reporting.sweep_table import SweepTable, best_first, print_sweep


@pytest.fixture
def table(tmp_path):
    """A sweep of three runs that have not been run."""
    table = SweepTable(tmp_path)
    table.start([{"seed": "0", "model/head": "lstm"}, {"seed": "1", "model/head": "lstm"}, {"seed": "2", "model/head": "gru"}])
    return table


def test_a_sweep_starts_with_runs_that_were_not_run(table):
    assert table.path.read_text() == (
        "number,status,seed,model/head,epochs,seconds,folder,message\n"
        "0,not_run,0,lstm,,,,\n"
        "1,not_run,1,lstm,,,,\n"
        "2,not_run,2,gru,,,,\n"
    )


def test_rows_change_alone_and_figures_become_columns(table):
    table.record_figures(1, {"accuracy": 0.5, "loss": 1.25})
    table.update(1, {"status": "done", "epochs": 3, "seconds": "2.5", "folder": "sweep/1"})
    table.record_figures(2, {"accuracy": 1.0, "ece": 0.5})
    table.update(2, {"status": "failed", "message": "wrong:\n  do   that, please"})
    assert table.path.read_text() == (
        "number,status,seed,model/head,val_accuracy,val_loss,val_ece,epochs,seconds,folder,message\n"
        "0,not_run,0,lstm,,,,,,,\n"
        "1,done,1,lstm,0.5,1.25,,3,2.5,sweep/1,\n"
        '2,failed,2,gru,1.0,,0.5,,,,"wrong: do that, please"\n'
    )
    assert table.rows()[2]["message"] == "wrong: do that, please"
    assert [path.name for path in table.path.parent.iterdir()] == ["sweep.csv"]


def test_runs_whose_process_has_ended_are_given_up(table):
    assert table.give_up("gone") == 0
    table.update(0, {"status": "done"})
    table.update(2, {"status": "running"})
    assert table.give_up("gone") == 1
    assert [(row["status"], row["message"]) for row in table.rows()] == [("done", ""), ("not_run", ""), ("failed", "gone")]


def count_up(folder, number):
    for seconds in range(40):
        SweepTable(folder).update(number, {"seconds": seconds})


def test_processes_that_write_at_once_lose_nothing(table):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=count_up, args=(table.path.parent, number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert [row["seconds"] for row in read_csv(table.path)] == ["39", "39", "39"]


def row(number, status, **figures):
    return {"number": str(number), "status": status, **{f"val_{name}": str(value) for name, value in figures.items()}}


ROWS = [
    row(0, "done", accuracy=0.5, loss=0.7, mae=3.5),
    row(1, "failed"),
    row(2, "done", accuracy=0.75, loss=0.9, mae=0.25),
    row(3, "done", accuracy=0.75, loss=0.8, mae=4.0),
    row(4, "not_run"),
    row(5, "done", accuracy=0.75, loss=0.8, mae=4.0),
    row(6, "done", accuracy="nan", loss="nan", mae="nan"),
]


@pytest.mark.parametrize(("monitor", "order"), [("accuracy", "3520614"), ("loss", "0352614"), ("mae", "2035614")])
def test_the_best_run_comes_first_and_unfinished_ones_last(monitor, order):
    assert "".join(row["number"] for row in best_first(ROWS, monitor)) == order


def test_the_terminal_shows_the_best_first_and_marks_it(table, capsys):
    for number, accuracy in enumerate((0.25, 0.75)):
        table.record_figures(number, {"accuracy": accuracy, "loss": 0.12345})
        table.update(number, {"status": "done", "epochs": 2, "seconds": "12.6", "folder": "sweep"})
    table.update(2, {"status": "failed", "message": "broken"})
    print_sweep(table.rows(), "accuracy")
    lines = [[cell.strip() for cell in line.strip("│┃").split("│")] for line in capsys.readouterr().out.splitlines()]
    cells = [line for line in lines if len(line) > 1]
    assert cells == [
        ["best", "1", "done", "1", "lstm", "0.7500", "0.1235", "2", "13"],
        ["", "0", "done", "0", "lstm", "0.2500", "0.1235", "2", "13"],
        ["", "2", "failed", "2", "gru", "", "", "", ""],
    ]


def test_a_sweep_of_which_no_run_is_done_has_no_best(table, capsys):
    print_sweep(table.rows(), "accuracy")
    assert "best" not in capsys.readouterr().out.partition("\n")[2]
