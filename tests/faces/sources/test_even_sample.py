from facegan.faces.sources.even_sample import EvenSample
from facegan.faces.sources.streamed_photo import StreamedPhoto


def offered(count: int, sample: EvenSample, size: int = 10) -> list[int]:
    for number in range(count):
        sample.offer(StreamedPhoto(str(number), b"x" * size))
    return [int(photo.name) for photo in sample.photos]


def test_all_of_a_few():
    assert offered(5, EvenSample(8, 1000)) == [0, 1, 2, 3, 4]


def test_of_many_every_kth_from_the_first_to_the_last():
    kept = offered(1000, EvenSample(8, 1000))
    assert kept == list(range(0, 1000, 128))
    assert 4 <= len(kept) <= 8


def test_never_more_bytes_than_allowed():
    kept = offered(1000, EvenSample(100, 1000), size=99)
    assert kept == list(range(0, 1000, 128))
    assert len(kept) * 99 <= 1000


def test_a_photo_larger_than_everything_is_kept_alone():
    assert offered(3, EvenSample(8, 100), size=500) == [0]
