from videoseq.reporting.growth import growth_figure


def test_every_curve_is_drawn_from_zero_with_the_medians_and_the_runs():
    curves = [
        {"name": "videos", "values": [100, 200], "seconds": [[1.0, 3.0], [4.0, 4.0]]},
        {"name": "workers", "values": [0, 1], "seconds": [[2.0], [1.0]]},
    ]
    videos, workers = growth_figure(curves).axes
    (line,) = videos.lines
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([100, 200], [2.0, 4.0])
    assert [len(dots.get_offsets()) for dots in videos.collections] == [2, 2]
    assert (videos.get_xlabel(), workers.get_xlabel()) == ("videos", "workers")
    assert videos.get_ylim()[0] == 0
