"""Loads a model for a page that must open: from the Hub, else an earlier copy, else the embedded default."""

from facegan.base.errors import FaceGANError, NoModel
from facegan.model.load import FaceModel


def load_or_default(source: str) -> FaceModel:
    """The model `source`, "user/name" or a folder, else an earlier copy, else the default, whose `note` says why.

    An earlier copy is shown when the Hub cannot be reached, or what it has now is no model; not when the Hub refuses,
    for its owner may have taken the model down. Returns within 5 seconds of silence of the network.
    """
    try:
        return FaceModel.load(source)
    except FaceGANError as error:
        earlier = FaceModel.load_earlier(source) if isinstance(error, NoModel) else None
        model = earlier or FaceModel.load()
        shown = f"{source} as it was fetched earlier" if earlier else "the embedded default"
        model.note = f"{error} The page shows {shown} meanwhile."
        return model
