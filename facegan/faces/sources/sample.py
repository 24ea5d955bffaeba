"""A few of many photos, evenly spread, whose number is not known beforehand."""

from facegan.faces.sources.find import Photo


class EvenSample:
    """Keeps every k-th photo that it is offered, and doubles k whenever it holds too many or too much."""

    def __init__(self, count: int, most_bytes: int) -> None:
        """Keeps up to ``count`` photos, and ``most_bytes`` unless the first photo alone is larger."""
        self.photos: list[Photo] = []
        self._count, self._most_bytes = count, most_bytes
        self._offered, self._stride = 0, 1

    def offer(self, photo: Photo) -> None:
        """The next photo."""
        if self._offered % self._stride == 0:
            self.photos.append(photo)
            while len(self.photos) > 1 and self._too_much():
                self.photos = self.photos[::2]
                self._stride *= 2
        self._offered += 1

    def _too_much(self) -> bool:
        return len(self.photos) > self._count or sum(photo.held for photo in self.photos) > self._most_bytes
