"""Seeds and truncation: a face is a point g in R^100 with g ~ N(0, I)."""

import hashlib
import unicodedata
from collections.abc import Sequence

import numpy as np

LATENT_SIZE = 100  # as in the DCGAN paper and in the original system
MAX_SEED = 2**32 - 1  # the largest that numpy's RandomState accepts
MAX_TRUNCATION = 1.5  # the end of the demo's slider: above it nearly every image stops looking like a face


def latents_of(seeds: Sequence[int], latent_size: int = LATENT_SIZE, truncation: float = 1.0) -> np.ndarray:
    """Latents float32 (len(seeds), latent_size); one seed is one face on every machine, forever.

    `RandomState(seed).randn` is numpy's frozen legacy stream (NEP 19), so the numbers do not change with numpy.
    `truncation` psi scales g: 1.0 is the training distribution, smaller is more typical and less varied.

    Raises ValueError for a seed outside 0 .. 2**32 - 1.
    """
    for seed in seeds:
        if not 0 <= seed <= MAX_SEED:
            raise ValueError(f"A seed is a whole number from 0 to {MAX_SEED}, not {seed}.")
    points = [np.random.RandomState(seed).randn(latent_size) for seed in seeds]
    return (np.asarray(points).reshape(len(points), latent_size) * truncation).astype(np.float32)


def seed_of_name(name: str) -> int:
    """The seed of a name, the same on every machine, forever.

    Upper and lower case, surrounding spaces and the composition of accents make no difference.

    The first four bytes, big-endian, of the SHA-256 of the name in NFC, trimmed, case-folded, in UTF-8. Turkish ı and İ
    count as i, because their capitals are ambiguous: "YILMAZ" is "Yılmaz", and "İREM" is "irem". The probability that
    two of 2,000 names share a seed is 1 in 2,100. Raises ValueError for a lone surrogate, which UTF-8 cannot encode.
    """
    plain = unicodedata.normalize("NFC", name).strip().casefold().replace("i\u0307", "i").replace("ı", "i")
    plain = unicodedata.normalize("NFC", plain)  # case folding decomposes some letters
    return int.from_bytes(hashlib.sha256(plain.encode()).digest()[:4], "big")
