"""Who is on the photos: the same person recognised, and one chosen."""
