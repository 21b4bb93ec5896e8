"""Lightning callbacks, one subject a file."""
