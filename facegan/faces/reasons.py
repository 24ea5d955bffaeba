"""Why a photo or a face is not used: every reason with its words, in one place."""

from dataclasses import dataclass

USED = "used"


@dataclass(frozen=True)
class Reason:
    """One reason."""

    words: str  # for the report and the model card, after a count: "3 blurred"
    advice: str  # for the report: what would help
    short: str = ""  # in as few words as fit below a small picture; the words where they are few

    @property
    def caption(self) -> str:
        """What stands below a small picture."""
        return self.short or self.words


# In the order in which they are asked. The thresholds stand in options.py, the questions in filters.py and, for the
# first nine, in sources/ and work.py.
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
    "own_product": Reason("made by FaceGAN", "Photos are used, not what a generator drew from them."),
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
        "Stage lamps, neon and sunsets give faces a colour that others do not have.",
        "coloured light",
    ),
    "blurred": Reason("blurred", "Focus on the eyes, and hold still."),
    "sunglasses": Reason("sunglasses", "Take them off: the generator cannot learn eyes that it does not see."),
    "eyes_closed": Reason("closed eyes", "Blinks and downcast eyes; one of the next photos usually does."),
    "covered": Reason(
        "the face is covered or hard to recognise",
        "Hands, masks, phones and heads before the face hide it; so does much blur.",
        "covered or unclear",
    ),
    "same_photo": Reason(
        "the person a second time in one photo",
        "A mirror or a picture in the picture; the larger, clearer face is used.",
        "twice in one photo",
    ),
    "near_duplicate": Reason("almost the same picture as another", "The sharper one is used.", "almost the same"),
}
