"""What an encoder is, whoever fits it or runs it."""

SIDE = 64  # px of the two pictures that it compares; at 128 px each face took four times as long
SLOPE = 0.2  # of its leaky ReLUs
PASSES = 2  # it sees the face, and then also its first answer; model/refine.py does the rest
