"""An evenly spaced sample of a stream of photos whose length is not known."""

from facegan.faces.sources.photos import Photo


class EvenSample:
    """Keeps every k-th offered photo, and doubles k whenever it holds too many photos or too many bytes."""

    def __init__(self, count: int, max_bytes: int) -> None:
        """Keeps up to ``count`` photos and ``max_bytes``; a first photo larger than that is kept alone."""
        self.photos: list[Photo] = []
        self._count, self._max_bytes = count, max_bytes
        self._offered, self._stride = 0, 1

    def offer(self, photo: Photo) -> None:
        """Takes the next photo of the stream."""
        if self._offered % self._stride == 0:
            self.photos.append(photo)
            while len(self.photos) > 1 and self._is_too_large():
                self.photos = self.photos[::2]
                self._stride *= 2
        self._offered += 1

    def _is_too_large(self) -> bool:
        return len(self.photos) > self._count or sum(photo.bytes_in_memory for photo in self.photos) > self._max_bytes
