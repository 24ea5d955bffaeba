"""Photos from folders or from a data set: listed, read and decoded.

photos          the interfaces of a photo and of a source of photos
folder_photos   a source: files in folders, which find lists; excluded: the folders that it skips
dataset_photos  a source: a data set as a stream, whose rows are streamed_photo; dataset opens it, columns selects
                the column of images, even_sample keeps a few photos for the report
read            a file's bytes
decode          bytes to an upright 8-bit RGB array, with formats (file types), raw, tiff, bit_depth and repair
unreadable      the error of a file that gives no photo
"""
