"""Photos to aligned faces: read, detect, align, measure, filter, report.

    from facegan.faces.prepare import FaceOptions, prepare_faces
    cache = prepare_faces([Path("photos")], Path("runs/photos/faces"), FaceOptions(size=64))
    batch = cache.images[cache.selected[:32]]       # uint8 (32, 64, 64, 3), RGB

The data flows through these files in this order:

    sources/    where photos come from (photos.py): folders, whose files find.py finds, or a data set as a stream
                (stream.py, which dataset.py opens at the column that columns.py chooses; sample.py keeps a few);
                read.py gives a file's bytes and decode.py makes them an upright 8-bit RGB array, with formats.py
                (what kind of file it is, and who reads it), raw.py, tiff.py, samples.py and repair.py; ours.py knows
                the folders that FaceGAN made
    detectors/  boxes and five keypoints (registry.py chooses the detector; scrfd.py by InsightFace, whose weights
                insightface_pack.py fetches, or yunet.py)
    align       the similarity transform onto the template, and the one resampling
    pose        yaw, pitch and roll from the five keypoints
    measure     what the filters need to know about an aligned face
    framing     how close the crop is, when nobody says
    work        all cores, one process each
    records     what is known about a photo and its faces, and its line in the journal
    cache       the memory-mapped faces and the journal that makes the work resumable
    person/     who is on the photos, and which one person is kept (examine.py and eyes.py measure each face for it)
    reasons     why a photo or a face is rejected: every reason with its words
    filters     which faces are used; the thresholds are in options.py (duplicates.py finds the copies)
    held_out    the tenth of the used faces that is never trained on
    unaligned   the same faces cropped without turning and scaling them to the template, for --compare-unaligned
    report/     report.json, report.html and its pictures

Nothing here imports InsightFace, OpenCV or onnxruntime before a photo has to be read.
"""
