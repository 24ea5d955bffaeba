"""Scores of aligned faces, and probes for a user's own attributes.

    from facegan.labels import label_faces
    labels = label_faces(images, framing)       # uint8 (n, H, H, 3) -> Labels
    labels["smile"]                             # float32 (n,); labels.attributes says what each score means

    table = read_attributes(Path("list_attr.csv"), photo_names)
    probe = AttributeProbe.fit(images, table, framing)
    probe.scores(other_images, framing)         # float32 (n, k); probe.columns says how well it reads each

The files, upstream first:

    crop        places in a face, and the crop that the networks see
    points      pose and mouth from 68 landmarks
    networks    the embedded face-api networks and their inner features
    colour      CIELAB of skin, hair and background
    overall     contrast and saturation of the whole picture
    ridge       ridge regression with cross-validation, AUC
    attributes  what every label is
    table       attribute tables, and the words by which their columns are known
    probe       AttributeProbe
    label       label_faces
    shares      who is among many faces, for the model card

docs/labels.md says how well each score reads the truth. Nothing here imports torch or OpenCV.
"""

from facegan.labels.attributes import ATTRIBUTES, Attribute
from facegan.labels.label import Labels, label_faces
from facegan.labels.probe import AttributeProbe, ProbeColumn
from facegan.labels.table import AttributeTable, read_attributes

__all__ = [
    "ATTRIBUTES",
    "Attribute",
    "AttributeProbe",
    "AttributeTable",
    "Labels",
    "ProbeColumn",
    "label_faces",
    "read_attributes",
]
