"""What finds faces in a photo: InsightFace's SCRFD, and YuNet as the fallback."""
