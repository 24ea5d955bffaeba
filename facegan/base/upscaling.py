"""What both the upscaler that is fitted and the one that is shipped are made of."""

SLOPE = 0.2  # of its leaky ReLUs
