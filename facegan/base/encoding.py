"""Constants of the look-alike encoder, which gan/ trains with torch and model/ runs with onnxruntime."""

SIDE = 64  # px of the two pictures that it compares; at 128 px each face took four times as long
SLOPE = 0.2  # of its leaky ReLUs
PASSES = 2  # of the encoder, the second with the image that the first one's latents give; model/refine.py follows
