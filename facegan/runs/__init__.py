"""One run, the whole way: start, findings, comparison, evaluation."""
