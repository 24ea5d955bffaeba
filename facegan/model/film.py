"""The films of a model's training, fetched only when somebody opens one."""

from dataclasses import dataclass
from pathlib import Path

from facegan.base.errors import FaceGANError
from facegan.model import folder as layout
from facegan.model.checks.media import check_content
from facegan.model.fetch import find_model
from facegan.model.folder import read_part

FILMS = (layout.PROGRESS, layout.PROGRESS_GIF)


@dataclass(frozen=True)
class Film:
    """One film. `source`: the model folder, or "user/name@commit" on the Hub; `path`: one of FILMS."""

    source: str | Path
    path: str

    def read(self) -> bytes:
        """The MP4's or GIF's bytes. Raises FaceGANError when it cannot be fetched, or is not what its name says."""
        folder = find_model(self.source, (self.path,)).folder
        try:
            content = read_part(folder, self.path)
            check_content(folder / self.path, self.path, content)
        except FaceGANError as error:
            # Where it lies on this machine helps no visitor of the demo.
            raise FaceGANError(str(error).replace(str(folder), str(self.source))) from error
        return content
