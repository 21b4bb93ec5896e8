"""Runs the command `benchmark` and checks what every target owes."""

from tests.commands import read_json, run


def measure(capsys, tmp_path, *words):
    """Runs the command and returns what it wrote, having checked what every target owes."""
    output = tmp_path / "figures.json"
    done = run(capsys, "benchmark", *words, f"output={output}")
    assert done.code == 0, done.err
    content = read_json(output)
    assert content["command"].startswith(f"python -m videoseq.benchmark target={content['target']}")
    assert set(content["machine"]) == {"cpu", "cores", "memory_gb", "os", "gpu"}
    assert {"python", "torch", "decord"} <= set(content["versions"])
    assert "git_commit" in content
    for table in content["tables"]:
        assert table["title"] in done.out
        for row in table["rows"]:
            low, high = row["quartiles"]
            assert 0 < low <= row["median"] <= high
            assert len(row["runs"]) == content["repeats"]
        assert all(ratio["median"] > 0 for ratio in table["ratios"])
    return content


def names(table):
    return [row["name"] for row in table["rows"]]
