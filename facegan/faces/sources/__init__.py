"""Where photos come from: folders, or a data set as a stream; found, read and decoded."""
