"""What is computed once and read by later epochs and runs: arrays on disk, and what is kept in them."""
