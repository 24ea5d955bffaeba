"""Scores of aligned faces, and probes for a user's own attributes.

    from facegan.labels.label import label_faces
    labels = label_faces(images, framing)       # uint8 (n, H, H, 3) -> Labels
    labels["smile"]                             # float32 (n,); labels.attributes says what each score means

    from facegan.labels.probe import AttributeProbe
    from facegan.labels.table import read_attributes
    table = read_attributes(Path("list_attr.csv"), photo_names)
    probe = AttributeProbe.fit(images, table, framing)
    probe.scores(other_images, framing)         # float32 (n, k); probe.columns says how well it reads each

The files, upstream first:

    attributes  the registry: everything about each attribute, its slider included
    names       what an attribute may be called
    crop        places in a face, and the crop that the networks see
    points      pose and mouth from 68 landmarks
    networks    the embedded face-api networks and their inner features
    colour      CIELAB of skin, hair and background
    overall     contrast and saturation of the whole picture
    ridge       ridge regression with cross-validation, AUC
    table, table_text  attribute tables, and the names of their columns as attributes
    probe       AttributeProbe
    evidence    everything that is measured of a face; the registry's readers choose from it
    label       label_faces
    shares      the shares of perceived gender, age and skin tone, for the model card

docs/measurements/labels.md says how well each score agrees with people. Nothing here imports torch or OpenCV. This file
imports nothing, so that the demo can read the registry without the label networks.
"""
