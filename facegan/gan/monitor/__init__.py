"""What a training shows while it runs: log, charts, its page, the console and TensorBoard."""
