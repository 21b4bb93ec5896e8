"""What Lightning runs: the training module, tasks, losses, metrics, optimisers and callbacks."""
