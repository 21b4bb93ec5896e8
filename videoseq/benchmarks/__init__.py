"""What `videoseq.benchmark` measures."""
