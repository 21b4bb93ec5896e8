"""What commands do that takes several rooms: measuring a run, running other commands, folds, sweeps."""
