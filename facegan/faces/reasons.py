"""All reasons why a photo or a face is not used, with their texts."""

from dataclasses import dataclass

USED = "used"


@dataclass(frozen=True)
class Reason:
    """The texts of one reason."""

    words: str  # for the report and the model card, after a count: "3 blurred"
    advice: str  # for the report: what the user can do
    short: str = ""  # caption of a small picture; `words` if empty

    @property
    def caption(self) -> str:
        """The text below a small picture."""
        return self.short or self.words


# In the order in which they are checked: the first seven in sources/ and work.py, the others in filters.py. The
# thresholds are in options.py.
REASONS = {
    "not_a_picture": Reason("not a picture", "Nothing to do: these files stay where they are."),
    "unreadable": Reason(
        "a picture that cannot be read",
        "Open them in a picture viewer; copy damaged ones again.",
        "cannot be read",
    ),
    "not_downloaded": Reason(
        "a placeholder of a photo that is not downloaded",
        "Download them, and run the same command again.",
        "not downloaded",
    ),
    "no_permission": Reason(
        "a file that you may not read",
        "Change their permissions, and run the same command again.",
        "no permission",
    ),
    "not_read": Reason(
        "a photo that could not be read this time",
        "Check their disk and its connection, and run the same command again.",
        "not read this time",
    ),
    "no_library": Reason(
        "in a format whose library is missing",
        "Install the library that is named, and run the same command again.",
        "library missing",
    ),
    "own_product": Reason("made by FaceGAN", "Only photos are used, not pictures that FaceGAN made from them."),
    "duplicate": Reason("the same file as another", "One copy is used.", "same file twice"),
    "no_face": Reason("no face found", "Faces must be at least a tenth of the photo, and upright."),
    "too_small": Reason("the face is too small", "Use the photo in its original size, or move closer.", "too small"),
    "other_person": Reason("another person", "Their faces stay out of the model; --person N chooses another person."),
    "cut_off": Reason(
        "the face is cut off by the edge of the photo", "Photos with room around the head are used.", "cut off"
    ),
    "turned": Reason("the face is turned too far", "Faces that look towards the camera are used.", "turned too far"),
    "dark_or_flat": Reason("too dark, too bright or too flat", "More light on the face helps.", "dark or flat"),
    "colour_cast": Reason(
        "in coloured light",
        "Stage lamps, neon and sunsets give faces an unusual colour.",
        "coloured light",
    ),
    "blurred": Reason("blurred", "Focus on the eyes, and hold still."),
    "sunglasses": Reason("sunglasses", "Take them off: the generator cannot learn eyes that it does not see."),
    "eyes_closed": Reason("closed eyes", "Blinks and downcast eyes; use another photo of the same moment."),
    "covered": Reason(
        "the face is covered or hard to recognise",
        "Something is in front of the face, such as a hand, a mask, a phone or another head; or it is very blurred.",
        "covered or unclear",
    ),
    "same_photo": Reason(
        "the person a second time in one photo",
        "A mirror or a picture in the photo; the larger, sharper face is used.",
        "twice in one photo",
    ),
    "near_duplicate": Reason("almost the same picture as another", "The sharper one is used.", "almost the same"),
}
