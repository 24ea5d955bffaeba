"""Photos to aligned faces: read, detect, align, measure, judge, report.

    from facegan.faces.prepare import FaceOptions, prepare_faces
    cache = prepare_faces([Path("photos")], Path("runs/photos/faces"), FaceOptions(size=64))
    batch = cache.images[cache.selected[:32]]       # uint8 (32, 64, 64, 3), RGB

The data flows through these files in this order:

    find        every file of the folders that is not hidden
    sources     where photos come from: folders, or a data set as a stream (stream.py, which dataset.py opens at the
                column that columns.py chooses, for this one of several machines: nodes.py; sample.py keeps a few)
    read        one file to an upright 8-bit RGB array
    detect      boxes and five keypoints (scrfd.py by InsightFace, yunet.py as the fallback)
    align       the similarity transform onto the template, and the one resampling
    pose        yaw, pitch and roll from the five keypoints
    measure     what the filters need to know about an aligned face
    framing     how close the crop is, when nobody says
    work        all cores, one process each
    cache       the memory-mapped faces and the journal that makes the work resumable
    filters     which faces are used, and why the others are not (duplicates.py for the copies)
    report      report.json, report.html and its pictures

Nothing here imports InsightFace, OpenCV or onnxruntime before a photo has to be read.
"""
