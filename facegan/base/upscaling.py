"""The constant of the upscaler that both its training (gan/) and the check of a shipped one (model/) need."""

SLOPE = 0.2  # of its leaky ReLUs
