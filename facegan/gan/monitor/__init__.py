"""The monitoring of a training: log, charts, progress page, console and TensorBoard."""
