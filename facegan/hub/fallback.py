"""A page must open: the model on the Hub, else its earlier copy on this machine, else the embedded default."""

from facegan.errors import FaceGANError
from facegan.hub.model import FaceModel


def load_or_default(source: str) -> FaceModel:
    """The model `source`, "user/name" or a folder, else the default; `note` then says why in a sentence.

    Returns within 5 seconds of silence of the network.
    """
    try:
        return FaceModel.load(source)
    except FaceGANError as error:
        model = FaceModel.load()
        model.note = f"{error} The page shows the embedded default meanwhile."
        return model
