"""What has no subject of its own: errors, locks, pictures, pages, seeds, stamps."""
