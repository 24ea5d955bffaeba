"""Photos to aligned faces: read, detect, align, measure, filter, report.

    from facegan.faces.prepare import FaceOptions, prepare_faces
    cache = prepare_faces([Path("photos")], Path("runs/photos/faces"), FaceOptions(size=64))
    batch = cache.images[cache.selected[:32]]       # uint8 (32, 64, 64, 3), RGB

The data flows through these files in this order:

    sources/    photos from folders or from a data set, listed, read and decoded to upright 8-bit RGB arrays
    detectors/  boxes and five keypoints, by SCRFD or YuNet (registry.py chooses)
    align       the similarity transform onto the template, and resampling through it
    pose        yaw, pitch and roll from the five keypoints
    measure     one photo to its aligned faces, with the measurements that the filters use
    framing     chooses how close the crop is, if --framing is not given
    work        measures all photos, one process per core
    records     a photo with its faces and their measurements, and its line in the journal
    cache       the memory-mapped faces, and the journal from which interrupted work continues
    person/     for --person: groups the faces by person and keeps one (examine.py and eyes.py measure each face)
    reasons     all reasons to reject a photo or a face, with their texts
    filters     decides which faces are used; options.py has the thresholds, duplicates.py finds near-duplicates
    held_out    chooses the tenth of the used faces that is never trained on
    unaligned   the same faces cropped without alignment, for --compare-unaligned
    report/     report.json, report.html and its pictures

InsightFace, OpenCV and onnxruntime are imported late, when the first photo is read.
"""
