"""The Hub.

target    the repository, and whether the token may write to it: checked before the training
push      a run's model folder, checked file by file
machine_paths  refuses files that contain a path of this machine
commit    one commit after which a repository holds exactly the given files
space     the demo as a Space
"""
