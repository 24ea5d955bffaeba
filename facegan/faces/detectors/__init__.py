"""Face detectors.

registry    the detectors in order of preference, and which one --detector selects
detector    the interface, and what the detectors share: resizing, onnxruntime sessions
scrfd       InsightFace's SCRFD; insightface_pack downloads and verifies its weights
yunet       YuNet, the fallback, whose weights are part of this package
"""
